"""Asking others: a client of DICOM peers that gives their answers as they come, and one of DICOMweb servers."""

from .answers import Answers, PeerMatch
from .client import Client
from .dicomweb import WebClient
from .matches import FoundMatch, Matches
from .upstream import Upstream
from .web_session import is_web_address

__all__ = ["Answers", "Client", "FoundMatch", "Matches", "PeerMatch", "Upstream", "WebClient", "is_web_address"]
