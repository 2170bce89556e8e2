"""One picture after the other: chosen by header facts, rendered by workers, kept in the catalogue."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Protocol

from ..catalogue import Catalogue
from ..icons import BurnedIn, Facts, series_candidates, study_candidates
from ..query import Level
from .paths import path_of
from .refusals import Refusals
from .rendering import Render, Rendered, render_icon
from .workers import Task, Workers, WorkFailed

# A blank picture, or none, moves on to the neighbours; a series of a thousand blank images is not read through.
_TRIES = 5
NO_IMAGE = "It has no image"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which picture stands for what, and how large it is.

    Parameters
    ----------
    size
        Longest side of an icon in pixels; 64 by DICOMDIR's habit (PS3.3 F.7).
    rule
        Where in a series the picture is taken: ``third``, ``first``, ``middle`` or ``last`` (PS3.11 A.3.3.2).
    rules
        The same by SOP Class UID, which wins over `rule`.
    burned_in
        What becomes of images with text burned in: ``blank`` has no picture made of them, another image of the series
        stands for it.
    """

    size: int = 64
    rule: str = "third"
    rules: Mapping[str, str] | None = None
    burned_in: BurnedIn = BurnedIn.UNSET

    def __str__(self) -> str:
        """Give what the catalogue notes beside a picture: one that another choice made is made again."""
        classes = [f"{uid}={rule}" for uid, rule in sorted((self.rules or {}).items())]
        return " ".join([self.rule, str(self.size), *classes, *(["blank"] if self.is_blank else [])])

    @property
    def is_blank(self) -> bool:
        """Whether no picture is made of images with text burned in."""
        return self.burned_in is BurnedIn.BLANK

    def shows(self, facts: Facts) -> bool:
        """Tell whether an instance may stand for itself or others."""
        return self.burned_in.allows(facts, thumbnail=False)


@dataclass(frozen=True, slots=True)
class Made:
    """A picture as it was stored; without item and preview there is none, and `reason` may say why."""

    item: bytes | None = None
    preview: bytes | None = None
    source: str = ""
    reason: str = ""


class Pending(Protocol):
    """A picture that is being made."""

    def finish(self) -> Made:
        """Wait for it and store it; raises CatalogueError, and WorkersGone when nobody can render it."""
        ...


class Pictures:
    """Makes pictures and stores them.

    Parameters
    ----------
    catalogue
        What knows the instances, and keeps the pictures.
    workers
        Who renders.
    choice
        Which picture, and how large.
    limit
        Seconds that rendering one image may take.
    render
        What makes a picture of a file; a worker imports it by name.
    """

    def __init__(self, catalogue: Catalogue, workers: Workers, choice: Choice, limit: float, render: Render) -> None:
        self._catalogue = catalogue
        self._workers = workers
        self._choice = choice
        self._limit = limit
        self._render = render
        self.refused = Refusals()

    def start(self, level: Level, uid: str, studies: "StudyFacts | None" = None) -> Pending:
        """Begin to make a picture.

        Parameters
        ----------
        level, uid
            What it stands for.
        studies
            Facts that were read already, for whoever makes many pictures.
        """
        if level is Level.IMAGE:
            is_hidden = self._choice.is_blank and self._catalogue.is_burned_in(level, uid)
            return _FromImages(self, level, uid, iter([] if is_hidden else [Facts(sop_instance=uid)]), None)
        revision = self._catalogue.revision(level, uid)  # before the facts are read: what comes later makes it stale
        studies = studies or StudyFacts(self._catalogue)
        if level is Level.SERIES:
            series, key_objects = studies.around(uid)
            choice = self._choice
            candidates = series_candidates(series, choice.rule, key_objects=key_objects, rules=choice.rules)
            return _FromImages(self, level, uid, filter(choice.shows, candidates), revision)
        return _FromSeries(self, uid, studies.of(uid) if level is Level.STUDY else [], revision)

    def begin(self, facts: Facts) -> "Task[Rendered] | None":
        """Have an instance rendered; None when its file is not known."""
        location = self._catalogue.location(facts.sop_instance)
        if location is None:
            return None
        path = path_of(location.path)
        return self._workers.start(self._limit, render_icon, self._render, path, self._choice.size, facts.frame)

    def stored(self, series_uid: str) -> Made:
        """Give the picture of a series, made now when none is stored; none when it was tried just before."""
        item = self._catalogue.icon(Level.SERIES, series_uid)
        if item is not None:
            return Made(item, self._catalogue.preview(Level.SERIES, series_uid), series_uid)
        if (Level.SERIES, series_uid) in self.refused:
            return Made(reason=NO_IMAGE)
        return self.start(Level.SERIES, series_uid).finish()

    def keep(self, level: Level, uid: str, made: Made, revision: int | None = None) -> Made:
        """Store a picture, or that there is none, for an entity as it was at a revision."""
        self.refused.note(level, uid, has_picture=made.item is not None)
        self._catalogue.put_icon(
            level,
            uid,
            item=made.item,
            preview=made.preview,
            rule=str(self._choice),
            source=made.source,
            reason=made.reason if level is Level.IMAGE else "",  # a bad image is one failure, not three
            revision=revision,
        )
        return made


class StudyFacts:
    """Facts of whole studies, read once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._studies: dict[str, dict[str, list[Facts]]] = {}

    def of(self, study_uid: str) -> list[list[Facts]]:
        """Give the facts of a study, series by series."""
        return list(self._read(study_uid).values())

    def around(self, series_uid: str) -> tuple[list[Facts], list[Facts]]:
        """Give the facts of a series, and those of its study's Key Objects."""
        for whole in self._studies.values():
            if series_uid in whole:
                break
        else:
            series = self._catalogue.facts(series_uid)
            if not series:
                return [], []
            whole = self._read(series[0].study, {series_uid: series})
        return whole[series_uid], [one for facts in whole.values() for one in facts if one.title]

    def _read(self, study_uid: str, known: Mapping[str, list[Facts]] = MappingProxyType({})) -> dict[str, list[Facts]]:
        if study_uid not in self._studies:
            uids = self._catalogue.series_of(study_uid)
            self._studies[study_uid] = {uid: known.get(uid) or self._catalogue.facts(uid) for uid in uids}
        return self._studies[study_uid]


class _FromImages:
    """The picture of an instance or a series: the first candidate that is there, decodes and is not blank."""

    def __init__(
        self, pictures: Pictures, level: Level, uid: str, candidates: Iterator[Facts], revision: int | None
    ) -> None:
        self._pictures = pictures
        self._revision = revision
        self._level = level
        self._uid = uid
        self._candidates = islice(candidates, _TRIES)
        self._facts = next(self._candidates, None)
        self._task = None if self._facts is None else pictures.begin(self._facts)

    def finish(self) -> Made:
        blank = None
        reasons = []
        while self._facts is not None:
            rendered = self._rendered()
            made = Made(rendered.item, rendered.preview, _source(self._facts, rendered), rendered.reason)
            if made.item is None:
                reasons.append(made.reason)
                if self._level is Level.SERIES:  # noted beside the instance, which is where it will be asked for
                    self._pictures.keep(Level.IMAGE, self._facts.sop_instance, made)
            elif rendered.is_blank:
                blank = blank or made
            else:
                return self._pictures.keep(self._level, self._uid, made, self._revision)
            self._facts = next(self._candidates, None)
            self._task = None if self._facts is None else self._pictures.begin(self._facts)
        # An image that is not shown is none that failed.
        reason = reasons[0] if reasons else "" if self._level is Level.IMAGE else NO_IMAGE
        return self._pictures.keep(self._level, self._uid, blank or Made(reason=reason), self._revision)

    def _rendered(self) -> Rendered:
        if self._task is None:
            return Rendered(reason="Its file is not known any more")
        try:
            return self._task.result()
        except WorkFailed as exc:
            return Rendered(reason=str(exc))


class _FromSeries:
    """The picture of a study: that of its best series, which is not decoded again."""

    def __init__(self, pictures: Pictures, uid: str, series: Sequence[Sequence[Facts]], revision: int) -> None:
        self._pictures = pictures
        self._revision = revision
        self._uid = uid
        key_objects = [one for facts in series for one in facts if one.title]
        self._candidates = list(islice(study_candidates(series, key_objects=key_objects), _TRIES))

    def finish(self) -> Made:
        reason = NO_IMAGE
        for series in self._candidates:
            made = self._pictures.stored(series)
            if made.item is not None:
                return self._pictures.keep(Level.STUDY, self._uid, made, self._revision)
            reason = made.reason
        return self._pictures.keep(Level.STUDY, self._uid, Made(reason=reason), self._revision)


def _source(facts: Facts, rendered: Rendered) -> str:
    return facts.sop_instance if rendered.frame is None else f"{facts.sop_instance} {rendered.frame}"
