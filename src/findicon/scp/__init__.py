"""The side that is called: an SCP over a Finder, with doors, limits and a thread for each association."""

from .branches import Branch, BranchServer
from .collecting import collect_seldom
from .doors import is_loopback
from .places import Places
from .server import Server
from .workers import Build, Workers

__all__ = ["Branch", "BranchServer", "Build", "Places", "Server", "Workers", "collect_seldom", "is_loopback"]
