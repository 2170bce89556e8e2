"""The notebook of pictures: runs its cells again and keeps what they show."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

PAGE = Path(__file__).parent / "notebooks" / "pictures.ipynb"


def executed(source: Path = PAGE) -> nbformat.NotebookNode:
    """Run every cell of a notebook; a cell that fails raises."""
    notebook = nbformat.read(source, as_version=4)
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when it ran
    notebook.metadata.pop("language_info", None)  # with which Python
    return notebook


def write(target: Path = PAGE) -> None:
    """Run the notebook, and write it with what it shows."""
    nbformat.write(executed(), target)


if __name__ == "__main__":
    write(*map(Path, sys.argv[1:]))
