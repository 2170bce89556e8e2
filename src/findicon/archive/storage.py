"""Taking instances in: to disk as they arrive, into the catalogue, and only then acknowledged."""

import io
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import BinaryIO, cast

from ..catalogue import Catalogue, InstanceRecord, Rows, rows_of
from ..errors import CatalogueError, StorageError
from ..icons import Facts
from .commits import Arrival, Commits
from .file_meta import check_uid, file_meta
from .incoming_file import IncomingFile, Whole
from .journal import Record
from .journals import Journals
from .paths import location_of
from .reading import read_record
from .recovery import are_one_file, is_catalogued, note_aside, record_at, recover
from .storage_folder import StorageFolder, same_data_set
from .walk import File

# What associations say of themselves, too (a test holds the two together: importing them would load the network).
IMPLEMENTATION = ("2.25.318920742037131138283679188874597518598", "FINDICON")

# Statuses of a C-STORE (PS3.4 B.2.3)
_DOES_NOT_MATCH = 0xA900
_CANNOT_UNDERSTAND = 0xC000


def _nobody() -> None:
    """Be the listener of a storage that nobody listens to."""


class Storage:
    """A storage folder with its catalogue, as the port Ingest; safe between threads, and between processes.

    An instance that was acknowledged survives `kill -9` and power loss: before `receive`'s context manager is left a
    small one is synced in a journal, from which the next start makes file and row anew where they were lost, and a
    large one in its place; and its row is committed. What was not acknowledged leaves nothing, at the latest at the
    next start, which may find it whole and keep it. An instance that is there already is kept as it is; other bytes
    under its UID are put aside, reported as a failure of the catalogue, and not lost.

    Parameters
    ----------
    folder
        Where files are kept; made when it is not there.
    catalogue
        Where they are found again.
    stored
        Called after every instance that was stored, for whoever makes pictures.

    Raises
    ------
    StorageError, CatalogueError
        The folder or the catalogue cannot be used.
    """

    def __init__(
        self, folder: str | os.PathLike[str], catalogue: Catalogue, *, stored: Callable[[], None] = _nobody
    ) -> None:
        self._catalogue = catalogue
        self._stored = stored
        self._folder = StorageFolder(folder)
        try:
            recover(self._folder, catalogue)
            self._journals = Journals(str(self._folder.own), self._settle)
        except OSError as exc:
            self._folder.close()
            raise StorageError(f"The storage folder {folder} cannot be used: {exc.strerror}") from exc
        except BaseException:
            self._folder.close()
            raise
        self._commits = Commits(catalogue, self._journals)

    def __enter__(self) -> "Storage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Make durable what was kept, and give the folder back."""
        self._journals.close()
        self._folder.close()

    def receive(
        self, sop_class: str, sop_instance: str, transfer_syntax: str, sender: str
    ) -> AbstractContextManager[BinaryIO]:
        """Give a stream for the encoded data set; leaving it cleanly means durable, leaving it with an error undone.

        Parameters
        ----------
        sop_class, sop_instance
            Affected SOP Class and Instance UID of the request (PS3.7 9.1.1.1).
        transfer_syntax
            What the presentation context was accepted with.
        sender
            AE title it comes from, or ``AET@host:port``.

        Raises
        ------
        StorageError, CatalogueError
            On entering, writing or leaving: the instance was not kept, and the text says why.
        """
        head = file_meta(
            check_uid(sop_class, "SOP Class UID"),
            check_uid(sop_instance, "SOP Instance UID"),
            check_uid(transfer_syntax, "Transfer Syntax UID"),
            sender.partition("@")[0],
            IMPLEMENTATION,
        )
        return _Reception(self, head, sop_class, sop_instance)

    def incoming_path(self, sop_instance: str) -> str:
        """Give a path for a file that is about to arrive."""
        return self._folder.incoming_path(sop_instance)

    def keep(self, file: IncomingFile, sop_class: str, sop_instance: str) -> bool:
        """Keep a file that is whole, and tell whether its first name is gone.

        Small files are read, and made, by whoever writes for all who wait. Raises StorageError, CatalogueError or
        OSError.
        """
        place = self._folder.place_of(sop_instance)

        def prepare() -> tuple[Rows, Record]:
            whole = file.finish()
            record = _understood(file.path, whole, location_of(place))
            _check(record.facts, sop_class, sop_instance)
            return rows_of(record), Record(sop_instance, whole.data or b"")

        if file.is_small:
            arrival = Arrival(prepare, file.path, place)
        else:
            prepared = prepare()
            arrival = Arrival(lambda: prepared)
        while not self._is_new(arrival, file, place):
            if self._is_second(file.path, place, sop_instance):
                return False
        self._stored()
        return arrival.is_named_once

    def _is_new(self, arrival: Arrival, file: IncomingFile, place: str) -> bool:
        """Place and catalogue a file; False where its place is taken."""
        if not file.is_small and not self._folder.place(file.path, place):
            return False
        try:
            return self._commits.commit(arrival)
        except (CatalogueError, StorageError):
            self._take_back(file.path, place)
            raise

    def _is_second(self, incoming: str, place: str, sop_instance: str) -> bool:
        """Have what is in the place catalogued, and put a file aside that differs; False where the place is empty."""
        try:
            is_same = same_data_set(incoming, place)
            first = rows_of(record_at(place))
        except (OSError, StorageError):
            if _is_there(place):
                raise
            return False
        # Whoever stored it first may not have reached the catalogue yet, and never will if it is killed now.
        self._commits.commit(Arrival(lambda: (first, Record(sop_instance, b""))))
        if not _is_there(place):  # whoever stored it first was refused, and has just taken it back
            return False
        if not is_same:
            aside = self._folder.put_aside(incoming, sop_instance)
            note_aside(self._catalogue, aside, sop_instance)
        return True

    def _take_back(self, incoming: str, place: str) -> None:
        """Undo the placing of a file that the catalogue did not take; if it cannot even tell, the next start does.

        The place is emptied before the catalogue is asked: whoever has the same instance catalogued in the meantime
        looks at the place after that, so it sees that it is empty, or we see that it is catalogued.
        """
        if not are_one_file(incoming, place):
            return
        _remove(place)
        is_wanted = True
        try:
            is_wanted = is_catalogued(self._catalogue, place)
        finally:
            if is_wanted:
                self._folder.place(incoming, place)

    def _settle(self) -> None:
        self._folder.sync()
        self._catalogue.make_durable()


def _check(facts: Facts, sop_class: str, sop_instance: str) -> None:
    if (facts.sop_instance, facts.sop_class) != (sop_instance, sop_class):
        raise StorageError(
            f"The data set is {facts.sop_instance} of class {facts.sop_class or 'unknown'},"
            f" but was announced as {sop_instance} of class {sop_class}",
            status=_DOES_NOT_MATCH,
        )


def _understood(incoming: str, whole: Whole, location: str) -> InstanceRecord:
    source = None if whole.data is None else _Named(incoming, whole.data)
    try:
        return read_record(File(incoming, whole.size, whole.modified), location=location, source=source)
    except StorageError as exc:
        if isinstance(exc.__cause__, OSError):  # the disk is at fault: another attempt may succeed
            raise
        raise StorageError(f"The data set cannot be understood: {exc}", status=_CANNOT_UNDERSTAND) from exc


def _has_its_place(incoming: str) -> bool:
    """Tell whether a file has its final place, too; one that was not kept is then in doubt."""
    with suppress(FileNotFoundError):
        return os.stat(incoming).st_nlink > 1  # noqa: PTH116
    return False


def _is_there(place: str) -> bool:
    return os.path.exists(place)  # noqa: PTH110


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108


class _Named(io.BytesIO):
    """A file's bytes; errors name the file."""

    def __init__(self, name: str, data: bytearray) -> None:
        super().__init__(data)
        self.name = name


class _Reception(AbstractContextManager[BinaryIO]):
    """One instance that arrives."""

    def __init__(self, storage: Storage, head: bytes, sop_class: str, sop_instance: str) -> None:
        self._storage = storage
        self._head = head
        self._sop_class = sop_class
        self._sop_instance = sop_instance
        self._path = storage.incoming_path(sop_instance)

    def __enter__(self) -> BinaryIO:
        self._file = IncomingFile(self._path, self._head)
        return cast("BinaryIO", self._file)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_kept = is_gone = False
        try:
            if error is None:
                is_gone = self._storage.keep(self._file, self._sop_class, self._sop_instance)
                is_kept = True
        except OSError as exc:
            raise StorageError(f"{self._sop_instance} cannot be stored: {exc.strerror or exc}") from exc
        finally:
            self._file.close()
            # It stays where the file has its place but the catalogue could not tell whether it knows it: the next start
            # asks again.
            if not is_gone and (is_kept or not _has_its_place(self._path)):
                _remove(self._path)
