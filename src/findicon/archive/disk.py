"""A whole file system onto its disk: what was written to many files costs one wait, not one for each."""

import ctypes
import os


def sync_file_system(folder: str) -> None:
    """Make everything durable on the file system that a folder lies on, whoever wrote it.

    Raises
    ------
    OSError
        Something could not be written.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if _SYNCFS is None:  # it is Linux's
            os.sync()
        elif _SYNCFS(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), folder)
    finally:
        os.close(descriptor)


def sync_folder(folder: str) -> None:
    """Make the names in a folder durable; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_SYNCFS = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None) if os.name == "posix" else None
