"""Files and catalogue into agreement again, after processes were killed or the power was lost."""

import os
from contextlib import suppress

from ..catalogue import Catalogue, InstanceRecord, Rows, rows_of
from ..errors import CatalogueError, StorageError
from ..observe import log
from .journal import records_in
from .paths import location_of, path_of
from .reading import read_record
from .restoring import Restored, restore
from .storage_folder import LeftBehind, StorageFolder
from .walk import File

_ROWS_PER_TRANSACTION = 512


def recover(folder: StorageFolder, catalogue: Catalogue) -> None:
    """Make anew what journals stand for, and settle what was arriving.

    What cannot be read or catalogued by itself is reported as a failure of the catalogue, and stays where it is.

    Raises
    ------
    OSError, StorageError, CatalogueError
        The folder or the catalogue cannot be used; the next start tries again.
    """
    for left in folder.left_behind():
        doubtful = _restored(folder, catalogue, left)
        for path, uid in left.arrivals.items():
            if are_one_file(path, folder.place_of(uid)) or _is_taken_back(catalogue, path, folder.place_of(uid)):
                doubtful.setdefault(uid, False)
        rows: list[Rows] = []
        for uid, is_new in doubtful.items():
            place = folder.place_of(uid)
            if is_new or (os.path.exists(place) and not is_catalogued(catalogue, place)):  # noqa: PTH110
                rows += _rows_at(catalogue, place)
        for start in range(0, len(rows), _ROWS_PER_TRANSACTION):
            _add(catalogue, rows[start : start + _ROWS_PER_TRANSACTION])
        folder.sync()
        catalogue.make_durable()
        for path in (*left.arrivals, *left.journals):
            os.unlink(path)  # noqa: PTH108


def _restored(folder: StorageFolder, catalogue: Catalogue, left: LeftBehind) -> dict[str, bool]:
    """Put what journals hold into its places; give the SOP Instance UIDs, and whether the file was made anew."""
    found: dict[str, bool] = {}
    for journal in left.journals:
        for record in records_in(journal):
            uid = record.sop_instance
            is_new, aside = restore(folder, uid, record.data) if record.data else Restored(is_new=False)
            found[uid] = found.get(uid, False) or is_new
            if is_new:
                log.info("stored file made anew after a restart", file=folder.place_of(uid))
            if aside:
                note_aside(catalogue, aside, uid)
    return found


def _is_taken_back(catalogue: Catalogue, path: str, place: str) -> bool:
    """Put a file into its place again that was taken back while the very same one was catalogued for another sender."""
    found = os.stat(path)  # noqa: PTH116
    if catalogue.files(location_of(place)).get(location_of(place)) != (found.st_size, found.st_mtime):
        return False
    with suppress(FileExistsError):
        os.link(path, place)
        return True
    return False


def _rows_at(catalogue: Catalogue, place: str) -> list[Rows]:
    try:
        return [rows_of(record_at(place))]
    except StorageError as exc:
        _refuse(catalogue, place, str(exc))
        return []


def _add(catalogue: Catalogue, rows: list[Rows]) -> None:
    try:
        catalogue.add(rows, durable=False)
    except CatalogueError as exc:
        if len(rows) == 1:
            _refuse(catalogue, path_of(rows[0].path), str(exc))
            return
        for row in rows:  # one that cannot be written is no reason to start no more
            _add(catalogue, [row])
    else:
        for row in rows:
            log.info("stored file catalogued after a restart", file=row.path)


def _refuse(catalogue: Catalogue, place: str, reason: str) -> None:
    """Report what cannot be catalogued; a catalogue that takes not even that is away, and the start fails."""
    catalogue.fail(location_of(place), reason)
    log.error("stored file cannot be catalogued", file=place, reason=reason)


def note_aside(catalogue: Catalogue, aside: str, sop_instance: str) -> None:
    """Report other bytes under a SOP Instance UID that was there; raises CatalogueError."""
    reason = f"Other bytes arrived under SOP Instance UID {sop_instance}; the first are kept, these were put aside"
    catalogue.fail(location_of(aside), reason)
    log.warning("other bytes under a known SOP Instance UID", put_aside=aside)


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
