"""`make lint` fails when an import crosses a wall: shown on a copy of the tree, one wall after the other."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from architecture.house import ROOT, SOURCE

CROSSINGS = [
    ("errors.py", "from .query import Query", "A room imports lower floors only"),
    ("pixels/__init__.py", "import findicon.icons", "A room imports lower floors only"),
    ("icons/__init__.py", "import findicon.query", "A room imports lower floors only"),
    ("query/__init__.py", "import findicon.catalogue", "A room imports lower floors only"),
    ("scp/__init__.py", "import findicon.scu", "A room imports lower floors only"),
    ("catalogue/__init__.py", "import findicon.scp", "A room imports lower floors only"),
    ("archive/__init__.py", "import findicon.cli", "A room imports lower floors only"),
    ("query/levels.py", "from . import query", "Inside a room imports run in one direction"),
    ("query/matching.py", "import socket", "Errors, pixels, icons and query know no socket, thread, clock or SQL"),
    ("icons/__init__.py", "import threading", "Errors, pixels, icons and query know no socket, thread, clock or SQL"),
    ("pixels/__init__.py", "import time", "Errors, pixels, icons and query know no socket, thread, clock or SQL"),
    ("query/__init__.py", "import sqlalchemy", "Errors, pixels, icons and query know no socket, thread, clock or SQL"),
    ("icons/__init__.py", "import imagecodecs", "Codecs live in pixels"),
    ("cli/__init__.py", "import PIL.Image", "Pillow lives in pixels, icons and show"),
    ("scp/__init__.py", "import socket", "Sockets and pynetdicom live in dimse"),
    ("scu/__init__.py", "import pynetdicom", "Sockets and pynetdicom live in dimse"),
    ("archive/__init__.py", "import sqlalchemy", "SQL lives in catalogue"),
    ("scp/__init__.py", "import pebble", "Worker processes live in archive"),
    ("cli/__init__.py", "import fastapi", "FastAPI, uvicorn and Jinja2 live in web"),
    ("gateway/__init__.py", "import dicomweb_client", "dicomweb-client lives in scu"),
    ("catalogue/__init__.py", "import jellyfish", "jellyfish lives in query"),
    ("scu/__init__.py", "import pandas", "pandas lives in show"),
    ("scu/__init__.py", "import findicon.web", "A room imports lower floors only"),
    ("archive/__init__.py", "import findicon.gateway", "A room imports lower floors only"),
    ("archive/__init__.py", "import structlog", "structlog and prometheus-client live in observe"),
    ("web/app.py", "import prometheus_client", "structlog and prometheus-client live in observe"),
    ("cli/__init__.py", "import textual_image", "textual-image lives in show"),
    ("archive/__init__.py", "import rich", "rich lives in show and cli"),
    ("show/__init__.py", "import typer", "typer and pydantic-settings live in cli"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and its walls."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(SOURCE, folder / "findicon", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the linter as `make lint` does, with the copy first on the path instead of the installed package."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, '.'); {code}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_the_house_as_it_stands_keeps_its_walls(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line", "contract"), CROSSINGS, ids=[f"{file}: {line}" for file, line, _ in CROSSINGS]
)
def test_an_import_through_a_wall_is_found(copy: Path, file: str, line: str, contract: str) -> None:
    path = copy / "findicon" / file
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        done = lint(copy)
    finally:
        path.write_text(before, encoding="utf-8")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{contract} BROKEN" in done.stdout


def test_a_room_that_no_floor_names_is_found(copy: Path) -> None:
    attic = copy / "findicon" / "attic.py"
    attic.write_text('"""A room that nobody planned."""\n', encoding="utf-8")
    try:
        done = lint(copy)
    finally:
        attic.unlink()
    assert done.returncode == 1
    assert "attic" in done.stdout
