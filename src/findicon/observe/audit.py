"""The audit log: who asked what, when. It may hold data of patients, so it has a file of its own."""

import logging

from .log import logger_named

_LOGGER = logger_named("findicon.audit")
_STANDARD = logging.getLogger("findicon.audit")


def audit(event: str, **facts: object) -> None:
    """Write one event of the audit trail.

    Parameters
    ----------
    event
        What happened, as in "association accepted" or "find".
    **facts
        Who (calling AE title, host), what (level, keys), the outcome (status, counts); a callable is called when the
        event is written, and only then.
    """
    if any(not isinstance(handler, logging.NullHandler) for handler in _STANDARD.handlers):
        _LOGGER.info(event, **{name: fact() if callable(fact) else fact for name, fact in facts.items()})
