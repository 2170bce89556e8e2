"""The side that is called: an SCP over a Finder, with doors, limits and a thread for each association."""

from .server import Server

__all__ = ["Server"]
