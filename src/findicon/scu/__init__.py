"""Asking others: a client of DICOM peers that gives their answers as they come, and one of DICOMweb servers."""

from .client import Client
from .dicomweb import WebClient
from .matches import Matches, PeerMatch
from .retrieving import Retrieved
from .upstream import Upstream

__all__ = ["Client", "Matches", "PeerMatch", "Retrieved", "Upstream", "WebClient"]
