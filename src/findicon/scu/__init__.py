"""Asking others: a client of DICOM peers that gives their answers as they come."""

from .client import Client
from .matches import Matches, PeerMatch
from .retrieving import Retrieved

__all__ = ["Client", "Matches", "PeerMatch", "Retrieved"]
