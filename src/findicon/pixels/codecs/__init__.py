"""Decoders: one small interface, and for each transfer syntax those that know it, best first."""

from .interface import Decoded, DecodeFailure
from .table import decode

__all__ = ["DecodeFailure", "Decoded", "decode"]
