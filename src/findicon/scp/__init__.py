"""The side that is called: an SCP over a Finder, with doors, limits and a thread for each association."""

from .branches import Branch, BranchServer
from .server import Server

__all__ = ["Branch", "BranchServer", "Server"]
