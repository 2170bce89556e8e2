"""What a journal holds into its place again, after its writer was killed or the power was lost."""

import os
from contextlib import suppress
from typing import NamedTuple

from ..errors import StorageError
from .file_meta import start_of_data_set
from .storage_folder import HEAD, StorageFolder, same_data_set

_SECTOR = 512  # bytes that a disk writes whole


class Restored(NamedTuple):
    """What became of an instance that a journal holds.

    Attributes
    ----------
    is_new
        Whether its file was made anew.
    aside
        Path of what was put aside, which may be an instance that was acknowledged; empty where nothing was.
    """

    is_new: bool
    aside: str = ""


def restore(folder: StorageFolder, sop_instance: str, data: bytes | bytearray) -> Restored:
    """Put a file that a journal holds into its place, where a loss of power took it back, whole or in part.

    Another data set that is there was first: then this one is put aside. Where what is there may be this one in part,
    or another one that looks like that, it is put aside and replaced. Raises OSError.
    """
    place = folder.place_of(sop_instance)
    path = folder.incoming_path(sop_instance)
    there = _bytes_at(place)
    try:
        if there == data:
            _write_again(path, place, data)
            return Restored(is_new=False)
        _write(path, data)
        if there is None:
            with suppress(FileExistsError):
                os.link(path, place)
                return Restored(is_new=True)
            there = _bytes_at(place) or b""  # somebody stores it at this very moment
        if not _has_head(there) or is_part(there, data):
            aside = folder.put_aside(place, sop_instance) if _has_head(there) else ""
            os.replace(path, place)  # noqa: PTH105
            return Restored(is_new=True, aside=aside)
        if not same_data_set(path, place):
            return Restored(is_new=False, aside=folder.put_aside(path, sop_instance))
        return Restored(is_new=False)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108


def is_part(there: bytes, data: bytes | bytearray) -> bool:
    """Tell whether bytes are what a loss of power may leave of others: blocks of them, zeros or an end for the rest."""
    if len(there) > len(data):
        return False
    for start in range(0, len(there), _SECTOR):
        some = there[start : start + _SECTOR]
        if any(some) and some != data[start : start + len(some)]:
            return False
    return True


def _write_again(path: str, place: str, data: bytes | bytearray) -> None:
    """Replace a file by its like: after a sync that failed, the system may show what never reached the disk."""
    with suppress(OSError):  # a full disk is no reason to do without what is there
        found = os.stat(place)  # noqa: PTH116
        _write(path, data)
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
        os.replace(path, place)  # noqa: PTH105


def _write(path: str, data: bytes | bytearray) -> None:
    with open(path, "xb") as file:  # noqa: PTH123
        file.write(data)


def _bytes_at(place: str) -> bytes | None:
    try:
        with open(place, "rb") as file:  # noqa: PTH123
            return file.read()
    except FileNotFoundError:
        return None


def _has_head(there: bytes) -> bool:
    try:
        start_of_data_set(there[:HEAD])
    except StorageError:
        return False
    return True
