"""What the program says about itself: a log without data of patients, an audit log of who asked what, and figures."""

from .audit import audit
from .figures import Figures
from .log import configure, log

__all__ = ["Figures", "audit", "configure", "log"]
