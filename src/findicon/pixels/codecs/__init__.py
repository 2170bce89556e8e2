"""Decoders: one small interface, and for each transfer syntax those that know it, best first."""

from .interface import Decoded, Task
from .table import decode

__all__ = ["Decoded", "Task", "decode"]
