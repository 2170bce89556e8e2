"""Small files and small functions."""

import ast
from pathlib import Path

import pytest

from architecture.house import name_of, source_files

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 50


@pytest.mark.parametrize("path", source_files(), ids=name_of)
def test_a_file_can_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_OF_A_FILE


# A migration is a list of tables that is never read again once it has run.
READ = [path for path in source_files() if "versions" not in path.parts]


@pytest.mark.parametrize("path", READ, ids=name_of)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            lines = (node.end_lineno or 0) - _first_line_of_code(node) + 1
            assert lines <= LINES_OF_A_FUNCTION, f"{name_of(path)}:{node.lineno} {node.name} has {lines} lines"


def _first_line_of_code(function: ast.FunctionDef) -> int:
    """The line after the docstring, or the function's own: a docstring may be as long as the Standard needs it."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return (first.end_lineno or 0) + 1 if is_docstring else function.lineno
