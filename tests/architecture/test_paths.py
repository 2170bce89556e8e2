"""Of the pure rooms only one module opens files: ``pixels/files.py``."""

import ast
from pathlib import Path

import pytest

from architecture.house import SOURCE, name_of

PURE = [
    SOURCE / "errors.py",
    *(path for room in ("pixels", "icons", "query") for path in (SOURCE / room).rglob("*.py")),
]
OPENING = {"open", "fdopen", "pread", "read_bytes", "read_text", "write_bytes", "write_text", "memmap", "dcmread"}
# dcmread and Image.open are given buffers elsewhere; what counts is a path
ON_BUFFERS = {"Image"}


@pytest.mark.parametrize("path", [path for path in PURE if name_of(path) != "pixels/files.py"], ids=name_of)
def test_no_other_pure_module_opens_files(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name):
            assert function.id not in OPENING, f"{name_of(path)}:{node.lineno}"
        elif isinstance(function, ast.Attribute) and function.attr in OPENING:
            owner = function.value.id if isinstance(function.value, ast.Name) else ""
            assert owner in ON_BUFFERS, f"{name_of(path)}:{node.lineno} {owner}.{function.attr}"
