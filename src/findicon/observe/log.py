"""The log: structured events on standard error, in colour for people or JSON for machines; never data of patients.

The loggers are structlog's over the standard library's logger ``findicon``, so a program that uses findicon as a
library keeps its own logging settings: nothing is printed until `configure` or that program says so.
"""

import logging
import sys
from pathlib import Path
from typing import Any, cast

import structlog
from structlog.typing import EventDict, Processor

_ROOT = logging.getLogger("findicon")
_ROOT.addHandler(logging.NullHandler())
_AUDIT = logging.getLogger("findicon.audit")
_AUDIT.propagate = False  # values of identifiers stay out of the normal log
_AUDIT.addHandler(logging.NullHandler())
_AUDIT.setLevel(logging.INFO)

# Names that the standard library keeps for itself in a record, where a value of ours would be an exception.
_TAKEN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "level", "timestamp"}


def _step_aside(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Put an underscore behind the names of facts that are taken: a log must not fail whoever writes into it."""
    return {f"{name}_" if name in _TAKEN and name not in _MEANT else name: value for name, value in event.items()}


_MEANT = {"exc_info", "stack_info"}
_BEFORE: list[Processor] = [
    structlog.stdlib.filter_by_level,
    _step_aside,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.StackInfoRenderer(),
    structlog.stdlib.render_to_log_kwargs,
]


def logger_named(name: str) -> structlog.stdlib.BoundLogger:
    """Give a structured logger over the standard library's logger of that name."""
    return cast(
        "structlog.stdlib.BoundLogger",
        structlog.wrap_logger(
            logging.getLogger(name),
            processors=_BEFORE,
            wrapper_class=structlog.stdlib.BoundLogger,
            context_class=dict,
            cache_logger_on_first_use=True,
        ),
    )


log: structlog.stdlib.BoundLogger = logger_named("findicon")
"""The program's log: ``log.info("association accepted", peer=...)``; bind what several events share."""


def configure(level: str = "info", *, json: bool = False, audit_file: str | Path | None = None) -> None:
    """Send the log to standard error and the audit log to its file.

    Parameters
    ----------
    level
        The least level that is written: debug, info, warning, error or critical.
    json
        One JSON object a line instead of text for people.
    audit_file
        File the audit log is appended to, one JSON object a line; None writes it to standard error with the log.
    """
    _ROOT.setLevel(level.upper())
    _replace_handlers(_ROOT, _handler(logging.StreamHandler(sys.stderr), json=json))
    if audit_file:
        Path(audit_file).touch(mode=0o600)  # it names patients
    target: logging.Handler = (
        logging.FileHandler(audit_file, encoding="utf-8") if audit_file else logging.StreamHandler(sys.stderr)
    )
    _replace_handlers(_AUDIT, _handler(target, json=json or audit_file is not None))


def _handler(handler: logging.Handler, *, json: bool) -> logging.Handler:
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=getattr(getattr(handler, "stream", None), "isatty", bool)())
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([structlog.processors.format_exc_info] if json else []),
                renderer,
            ],
        )
    )
    return handler


def _replace_handlers(logger: logging.Logger, handler: logging.Handler) -> None:
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    logger.addHandler(handler)
