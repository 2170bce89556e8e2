"""The notebook runs as it stands, and shows what it says it shows."""

import json
import os
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def kinds(notebook: dict) -> list[list[str]]:
    """Give what each cell shows, as kinds of content."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [[kind for one in cell["outputs"] for kind in one.get("data", {})] for cell in cells]


def test_the_notebook_runs_and_shows_what_it_shows(tmp_path: Path) -> None:
    target = tmp_path / "executed.ipynb"
    environment = os.environ | {"IPYTHONDIR": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}
    done = subprocess.run(
        [sys.executable, str(DOCS / "notebook.py"), str(target)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    fresh = json.loads(target.read_text(encoding="utf-8"))
    kept = json.loads((DOCS / "notebooks" / "pictures.ipynb").read_text(encoding="utf-8"))
    assert [cell["source"] for cell in fresh["cells"]] == [cell["source"] for cell in kept["cells"]]
    assert kinds(fresh) == kinds(kept), "`make docs` runs the notebook again"
    assert sum("text/html" in shown for shown in kinds(fresh)) == 4
    assert sum("image/png" in shown for shown in kinds(fresh)) == 2
    assert str(fresh).count("data:image/png;base64,") >= 15
    assert "/tmp" not in json.dumps(kept)
