"""Files and catalogue into agreement again, after processes were killed or the power was lost."""

import os
from contextlib import suppress

from ..catalogue import Catalogue, InstanceRecord, Rows, rows_of
from ..observe import log
from .journal import records_in
from .paths import location_of
from .reading import read_record
from .storage_folder import LeftBehind, StorageFolder
from .walk import File

_ROWS_PER_TRANSACTION = 512


def recover(folder: StorageFolder, catalogue: Catalogue) -> None:
    """Make anew what journals stand for, and settle what was arriving.

    Raises
    ------
    OSError, StorageError, CatalogueError
        The folder or the catalogue cannot be used; the next start tries again.
    """
    for left in folder.left_behind():
        doubtful = _restored(folder, left)
        for path, uid in left.arrivals.items():
            if are_one_file(path, folder.place_of(uid)):
                doubtful.setdefault(uid, False)
        rows: list[Rows] = []
        for uid, is_new in doubtful.items():
            place = folder.place_of(uid)
            if is_new or (os.path.exists(place) and not is_catalogued(catalogue, place)):  # noqa: PTH110
                rows.append(rows_of(record_at(place)))
                log.info("stored file catalogued after a restart", file=place)
        for start in range(0, len(rows), _ROWS_PER_TRANSACTION):
            catalogue.add(rows[start : start + _ROWS_PER_TRANSACTION], durable=False)
        folder.sync()
        catalogue.make_durable()
        for path in (*left.arrivals, *left.journals):
            os.unlink(path)  # noqa: PTH108


def _restored(folder: StorageFolder, left: LeftBehind) -> dict[str, bool]:
    """Put what journals hold into its places; give the SOP Instance UIDs, and whether the file was made anew."""
    found: dict[str, bool] = {}
    for journal in left.journals:
        for record in records_in(journal):
            is_new = bool(record.data) and folder.restore(record.sop_instance, record.data)
            found[record.sop_instance] = found.get(record.sop_instance, False) or is_new
            if is_new:
                log.info("stored file made anew after a restart", file=folder.place_of(record.sop_instance))
    return found


def record_at(place: str) -> InstanceRecord:
    """Read the record of an instance in its place; raises OSError or StorageError."""
    found = os.stat(place)  # noqa: PTH116
    return read_record(File(place, found.st_size, found.st_mtime))


def is_catalogued(catalogue: Catalogue, place: str) -> bool:
    """Tell whether the catalogue knows the instance in a place."""
    return location_of(place) in catalogue.files(location_of(place))


def are_one_file(one: str, other: str) -> bool:
    """Tell whether two names are those of one file."""
    with suppress(FileNotFoundError):
        return os.path.samefile(one, other)  # noqa: PTH121
    return False
