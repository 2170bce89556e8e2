"""What a status means, in words, from pynetdicom's tables (PS3.7 Annex C, PS3.4 B.2.3, C.4)."""

from pynetdicom.status import (
    GENERAL_STATUS,
    QR_FIND_SERVICE_CLASS_STATUS,
    QR_GET_SERVICE_CLASS_STATUS,
    QR_MOVE_SERVICE_CLASS_STATUS,
    STORAGE_SERVICE_CLASS_STATUS,
)

from . import commands

_TABLES = {
    commands.C_ECHO: GENERAL_STATUS,
    commands.C_FIND: QR_FIND_SERVICE_CLASS_STATUS,
    commands.C_GET: QR_GET_SERVICE_CLASS_STATUS,
    commands.C_MOVE: QR_MOVE_SERVICE_CLASS_STATUS,
    commands.C_STORE: STORAGE_SERVICE_CLASS_STATUS,
}


def status_text(operation: int, status: int) -> str:
    """Say what a status of the response to an operation means.

    Parameters
    ----------
    operation
        The command field of the request, C_FIND and the like.
    """
    category, words = _TABLES[operation].get(status, ("Unknown status", ""))
    return words or category
