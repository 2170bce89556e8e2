"""The package's own names: imported when they are used, and the same for type checkers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import findicon


@pytest.mark.parametrize("name", findicon.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(findicon, name) is not None
    assert name in dir(findicon)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        findicon.nothing  # noqa: B018 - asking for it is the test


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(findicon.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen | {"__version__"} == set(findicon.__all__)


def test_importing_the_package_imports_only_what_opens_the_rooms() -> None:
    program = "import sys, findicon; print(sorted(name for name in sys.modules if name.startswith('findicon')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['findicon', 'findicon.front_doors']"
