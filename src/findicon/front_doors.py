"""Front doors whose names are imported when they are first used (PEP 562): who needs one does not load the others."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def opened_when_used(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Give the ``__getattr__`` of a package.

    Parameters
    ----------
    package
        Its ``__name__``.
    homes
        Module in the package that each public name lives in.
    """

    def find(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(import_module(f".{homes[name]}", package), name)
        # Kept, also where the import has put a module of the same name in its place.
        setattr(sys.modules[package], name, found)
        return found

    return find
