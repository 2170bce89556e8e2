"""The catalogue: what an archive knows about its instances, and the pictures that stand for them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import ClauseElement

from ..errors import CatalogueError
from ..icons import Facts
from ..query import Level, Progress, as_date
from . import pictures, readings
from .database import Database
from .migrate import migrate
from .opening import open_database
from .records import Conflict, Duplicate, Failure, InstanceRecord, Location
from .rows import Rows, facts_from_text, rows_of
from .session import Session
from .writer import Writer

_T = TypeVar("_T")
_LEVELS = {Level.PATIENT: "patients", Level.STUDY: "studies", Level.SERIES: "series", Level.IMAGE: "instances"}


class Catalogue:
    """A database of instances, series, studies, patients and their pictures; one object per process.

    Threads may share it. A process that was spawned opens its own. It is an IconSource over what is stored, and an
    Overview.

    Parameters
    ----------
    url
        A path or ``sqlite:///PATH`` for a file, or ``postgresql://USER@HOST/NAME``. The tables are made, or brought
        up to date, when it is opened.

    Raises
    ------
    CatalogueError
        Here and from every method: the database cannot be opened, read or written.
    """

    def __init__(self, url: str) -> None:
        self.database: Database = open_database(url)
        try:
            migrate(self.database)
        except CatalogueError:
            self.database.close()
            raise

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # -- what goes in

    def add(self, records: Iterable[InstanceRecord | Rows], *, durable: bool = True) -> list[Duplicate]:
        """Take instances in, all of them or none; again changes nothing.

        Parameters
        ----------
        records
            New instances, or such as are there already and may have changed; or their rows, which another process
            made of them. A few hundred make one good transaction.
        durable
            False for what need not survive a loss of power before `make_durable` is called. It survives the end of
            this process, and of a database server, and others see it at once.

        Returns
        -------
        list
            Files that hold an instance which another file holds, too; or held, where it moved and the old place is
            not yet removed.
        """
        rows = [record if isinstance(record, Rows) else rows_of(record) for record in records]
        durable = durable or self.database.can_end_alone
        return self._change(lambda writer: writer.add(rows), durable=durable) if rows else []

    def make_durable(self) -> None:
        """Return when all that was added before survives a loss of power."""
        self.database.make_durable()

    def remove(self, paths: Iterable[str]) -> None:
        """Forget files that went away; instances that no other file holds go with their pictures."""
        gone = list(paths)
        if gone:
            self._change(lambda writer: writer.remove(gone))

    def fail(self, path: str, reason: str, *, size: int = 0, modified: float = 0.0) -> None:
        """Note that a file cannot be read, and why.

        Parameters
        ----------
        path
            The file.
        reason
            One sentence.
        size, modified
            As the file is now, so that the next scan can leave it alone.
        """
        self._change(lambda writer: writer.fail(path, reason, size, modified))

    def _change(self, work: Callable[[Writer], _T], *, durable: bool = True) -> _T:
        def transaction(session: Session) -> _T:
            writer = Writer(session)
            done = work(writer)
            writer.settle()
            return done

        return self.database.change(transaction, durable=durable)

    # -- what it holds

    def facts(self, series_uid: str) -> list[Facts]:
        """Give what the choice of a picture needs of each instance of a series."""
        return [facts_from_text(text) for (text,) in self.database.rows(readings.FACTS, uid=series_uid)]

    def series_of(self, study_uid: str) -> list[str]:
        """Give the Series Instance UIDs of a study."""
        return [uid for (uid,) in self.database.rows(readings.SERIES_OF, uid=study_uid)]

    def holds(self, study: str, series: str = "", instance: str = "") -> bool:
        """Tell whether there is a study of that UID, a series in it, or an instance in that."""
        level = Level.IMAGE if instance else Level.SERIES if series else Level.STUDY
        uids = {"study": study, "series": series, "instance": instance}
        named = {name: uid for name, uid in uids.items() if uid}
        return bool(self.database.rows(readings.HELD[level], **named))

    def location(self, sop_instance_uid: str) -> Location | None:
        """Tell where an instance lies; None when it is not here."""
        rows = self.database.rows(readings.LOCATION, uid=sop_instance_uid)
        return Location(*rows[0]) if rows else None

    def files(self, prefix: str = "") -> dict[str, tuple[int, float]]:
        """Give size and time of modification of known files whose path begins with `prefix`, also unreadable ones."""
        rows = self.database.rows(readings.FILES, low=prefix, high=prefix + "\U0010ffff")
        return {path: (size, modified) for path, size, modified in rows}

    def failures(self) -> list[Failure]:
        """Give the files that could not be read, and the pictures that could not be made, with the reason."""
        files = [Failure(path, reason) for path, reason in sorted(self.database.rows(readings.FAILED_FILES))]
        rows = sorted(self.database.rows(readings.FAILED_ICONS))
        icons = [Failure(f"{level} {uid}", reason) for level, uid, reason in rows]
        return files + icons

    def conflicts(self) -> list[Conflict]:
        """Give the studies whose patient data disagree, each with its own."""
        found = [
            Conflict(study, patient_id, name, birth_date, sex, bool(within))
            for study, patient_id, name, birth_date, sex, within in self.database.rows(readings.CONFLICTS)
        ]
        return sorted(found, key=lambda conflict: (conflict.patient_id, conflict.study))

    # -- pictures

    def stale_icons(self, limit: int, *, rule: str | None = None) -> list[tuple[Level, str]]:
        """Give studies and series whose picture is missing or out of date, those of series first.

        Parameters
        ----------
        limit
            How many at most.
        rule
            The rule that pictures are chosen by now; those chosen by another are out of date.
        """
        if rule is not None:
            self.database.write(lambda connection: pictures.made_otherwise(connection, rule))
        found: list[tuple[Level, str]] = []
        for level in (Level.SERIES, Level.STUDY):
            rows = self.database.rows(readings.WANTED[level], most=limit - len(found))
            found += [(level, uid) for uid in dict.fromkeys(uid for (uid,) in rows)]
        return found

    def revision(self, level: Level, uid: str) -> int:
        """Give a number that grows with every change to a study or series; whoever makes its picture asks first."""
        statement = readings.REVISION.get(level)
        return int(self.database.rows(statement, uid=uid)[0][0] or 0) if statement is not None else 0

    def put_icon(
        self,
        level: Level,
        uid: str,
        *,
        item: bytes | None,
        preview: bytes | None,
        rule: str,
        source: str,
        reason: str = "",
        origin: str = "",
        revision: int | None = None,
    ) -> None:
        """Keep a picture, or that there is none to give.

        A loss of power may undo it; the picture is then as missing as before.

        Parameters
        ----------
        level, uid
            What it stands for.
        item
            The item of (0088,0200) in Explicit VR Little Endian; None when there is no picture.
        preview
            The same picture as JPEG of at most 256 px.
        rule
            The rule that chose it.
        source
            SOP Instance UID and frame that it was made from.
        reason
            Why there is none.
        origin
            Which archive the entity is from; empty for this one.
        revision
            What `revision` gave before the picture was chosen: what changed since stays out of date. None for a
            picture that is right whatever changed.
        """
        values = {"item": item, "preview": preview, "rule": rule, "source": source, "reason": reason, "origin": origin}
        self.database.change(lambda session: pictures.put(session, level, uid, revision, values), durable=False)

    def forget_pictures_of_other_rules(self, rule: str) -> None:
        """Take away every picture of this archive that another rule chose, of images too.

        Parameters
        ----------
        rule
            The rule that pictures are chosen by now; the others may show what must not be shown any more.
        """
        self.database.change(lambda session: pictures.forget_other_rules(session, rule))

    def icon(self, level: Level, uid: str, *, origin: str = "") -> bytes | None:
        """Give the stored item of (0088,0200); None where there is none."""
        return self._picture(readings.ITEM, level, uid, origin)

    def preview(self, level: Level, uid: str, *, origin: str = "") -> bytes | None:
        """Give the stored JPEG; None where there is none."""
        return self._picture(readings.PREVIEW, level, uid, origin)

    def is_burned_in(self, level: Level, uid: str) -> bool:
        """Tell whether the image behind a stored picture has text burned in (0028,0301); yes where nobody knows."""
        while level is not Level.IMAGE:  # a study's picture is that of a series, or of an image
            rows = self.database.rows(readings.MADE_OF, level=level.value, uid=uid, origin="")
            uid = str(rows[0][0]).partition(" ")[0] if rows else uid
            level = Level.SERIES if level is Level.STUDY else Level.IMAGE
        rows = self.database.rows(readings.FACTS_OF_ONE, uid=uid)
        return not rows or facts_from_text(rows[0][0]).burned_in

    def _picture(self, statement: ClauseElement, level: Level, uid: str, origin: str) -> bytes | None:
        rows = self.database.rows(statement, level=level.value, uid=uid, origin=origin)
        return bytes(rows[0][0]) if rows and rows[0][0] is not None else None

    # -- overview

    def counts(self) -> Mapping[Level, int]:
        """Give the number of patients, studies, series and instances."""
        totals = self._totals()
        return {level: totals.get(name, 0) for level, name in _LEVELS.items()}

    def days(self) -> Mapping[date, int]:
        """Give the number of studies of each Study Date, the newest first; undated studies are left out."""
        return {date.fromisoformat(day): studies for day, studies in self.database.rows(readings.DAYS) if as_date(day)}

    def facet(self, keyword: str, most: int = 50) -> Mapping[str, int]:
        """Give the number of studies by value, the most frequent first.

        Parameters
        ----------
        keyword
            ``Modality``, ``StationName`` or ``StudyDescription``; nothing is kept about others.
        most
            How many values at most.
        """
        return dict(self.database.rows(readings.FACET_VALUES, keyword=keyword, most=most))

    def progress(self) -> Progress:
        """Tell how many pictures are made and waiting, and how many files and pictures failed, by reason."""
        waiting = sum(self.database.rows(statement)[0][0] for statement in readings.WAITING)
        failures: dict[str, int] = {}
        for statement in (readings.FILE_REASONS, readings.ICON_REASONS):
            for reason, count in self.database.rows(statement):
                failures[reason] = failures.get(reason, 0) + count
        kept, none = self._totals().get("icons", 0), self.database.rows(readings.NO_PICTURES)[0][0]
        return Progress(icons_made=kept - none, icons_waiting=waiting, failures=failures)

    def bytes_on_disk(self) -> int:
        """Tell how many bytes the database takes: the file with its log, or what the server says."""
        return self.database.size()

    def _totals(self) -> dict[str, int]:
        return {name: int(count) for name, count in self.database.rows(readings.TOTALS)}
