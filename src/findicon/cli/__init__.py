"""The command line: flags and settings; builds the objects of the other rooms and joins them."""

from .main import main, run

__all__ = ["main", "run"]
