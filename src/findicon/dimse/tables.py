"""pynetdicom's tables: what a status means (PS3.7 Annex C, PS3.4 B.2.3, C.4), and which SOP classes are stored.

They are imported when somebody looks something up: that costs 60 ms, and a query that succeeds needs neither.
"""

from functools import cache

from . import commands


def status_text(operation: int, status: int) -> str:
    """Say what a status of the response to an operation means.

    Parameters
    ----------
    operation
        The command field of the request, C_FIND and the like.
    """
    category, words = _tables()[operation].get(status, ("unknown status", ""))
    return words or category


@cache
def storage_classes() -> frozenset[str]:
    """Give the storage SOP classes of the Standard (PS3.4 B.5)."""
    from pynetdicom.sop_class import _STORAGE_CLASSES  # noqa: PLC0415

    return frozenset(str(uid) for uid in _STORAGE_CLASSES.values())


@cache
def _tables() -> dict[int, dict[int, tuple[str, str]]]:
    from pynetdicom import status  # noqa: PLC0415

    return {
        commands.C_ECHO: status.GENERAL_STATUS,
        commands.C_FIND: status.QR_FIND_SERVICE_CLASS_STATUS,
        commands.C_GET: status.QR_GET_SERVICE_CLASS_STATUS,
        commands.C_MOVE: status.QR_MOVE_SERVICE_CLASS_STATUS,
        commands.C_STORE: status.STORAGE_SERVICE_CLASS_STATUS,
    }
