"""A room is entered by its front door: ``from ..catalogue import x``, never ``from ..catalogue.schema import x``."""

import ast
import importlib
from pathlib import Path

import pytest

from architecture.house import ROOMS, SOURCE, imports, name_of, source_files


@pytest.mark.parametrize("path", source_files(), ids=name_of)
def test_other_rooms_are_entered_by_their_front_door(path: Path) -> None:
    own = path.relative_to(SOURCE).parts[0]
    for line, module in imports(path):
        parts = module.split(".")
        if parts[0] == "findicon" and len(parts) > 2 and parts[1] != own:
            pytest.fail(f"{name_of(path)}:{line} goes into {parts[1]} by {module}")


@pytest.mark.parametrize("room", ROOMS)
def test_a_front_door_lists_what_it_gives(room: str) -> None:
    module = importlib.import_module(f"findicon.{room}")
    assert module.__doc__, f"{room} does not say what it is for"
    assert sorted(module.__all__, key=_by_kind) == list(module.__all__), "__all__ is sorted as ruff sorts it"
    for name in module.__all__:
        assert getattr(module, name) is not None


@pytest.mark.parametrize("path", source_files(), ids=name_of)
def test_private_names_stay_in_their_module(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            private = [alias.name for alias in node.names if alias.name.startswith("_") and alias.name != "__version__"]
            assert not private, f"{name_of(path)}:{node.lineno} imports {private}"


def _by_kind(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions: ruff's order of ``__all__`` (RUF022)."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name
