"""A whole file system onto its disk: what was written to many files costs one wait, not one for each."""

import ctypes
import os


def sync_file_system(descriptor: int) -> None:
    """Make everything durable on the file system of an open file or folder, whoever wrote it.

    The system tells a descriptor of what it could not write since that was opened, once: it is kept open.

    Raises
    ------
    OSError
        Something could not be written.
    """
    if _SYNCFS is None:  # it is Linux's
        os.sync()
    elif _SYNCFS(descriptor):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def sync_folder(folder: str) -> None:
    """Make the names in a folder durable; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_SYNCFS = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None) if os.name == "posix" else None
