"""What the program says about itself: a log without data of patients, and a separate audit log of who asked what."""

from .audit import audit
from .log import configure, log

__all__ = ["audit", "configure", "log"]
