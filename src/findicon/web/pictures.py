"""The picture that stands for an entity: its preview, or the pictogram of its kind, or none."""

from collections import OrderedDict
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from ..errors import FindiconError, StorageError
from ..icons import BurnedIn, Kind, kind_of, pictogram
from ..pixels import Picture, read_header
from ..query import Key, Level, Options, Query
from .encoding import DEFAULT_QUALITY, JPEG, WEBP, decoded, encoded, shrunk, size_of
from .ports import BurnedInAware
from .problems import Problem, not_found
from .services import Instance, Services, fields, instance_of, text, unique_keys

PREVIEW = 256
"""Longest side of a preview in pixels."""

_REMEMBERED = 50_000
_WEBP_QUALITY = 80  # less than half of the bytes that the JPEG has
_SAMPLED_SERIES = 8
# Kinds that have pixels: without a picture they could not be decoded.
_WITH_PIXELS = {Kind.IMAGE, Kind.DOSE, Kind.SEGMENTATION}


class Shown(StrEnum):
    """What a picture is."""

    PREVIEW = "preview"
    PICTOGRAM = "pictogram"


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture that stands for something: a JPEG of ours, or the kind whose pictogram it is."""

    shown: Shown
    jpeg: bytes = b""
    kind: Kind = Kind.OBJECT

    def fitting(self, width: int, height: int, media_type: str) -> bytes:
        """Encode it so that it fits into a box, never larger than it is; raises IconError."""
        if self.shown is Shown.PICTOGRAM:
            size = max(min(width, height, PREVIEW), 1)
            drawing = pictogram(self.kind)
            if media_type == JPEG:
                return drawing.jpeg(size)
            return encoded(_drawn(self.kind, size), media_type)
        rows, columns, _ = size_of(self.jpeg)
        if rows <= height and columns <= width and media_type == JPEG:
            return self.jpeg
        quality = _WEBP_QUALITY if media_type == WEBP else DEFAULT_QUALITY
        return encoded(shrunk(decoded(self.jpeg, max(rows, columns)), width, height), media_type, quality)


def _drawn(kind: Kind, size: int) -> Picture:
    return decoded(pictogram(kind).jpeg(size), size)


class Pictures:
    """Finds the picture of an entity.

    Parameters
    ----------
    services
        What the web is joined to.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._burned_in: OrderedDict[tuple[Level, str], bool] = OrderedDict()
        self._lock = Lock()

    def of(self, level: Level, found: Instance, *, thumbnail: bool) -> Shot:
        """Give the picture of a study, a series or an instance.

        Parameters
        ----------
        level
            STUDY, SERIES or IMAGE.
        found
            Its UIDs, as far as the level has them.
        thumbnail
            Whether it must not identify the patient (PS3.18 10.4.3.3.4); else it stands beside the patient's name.

        Raises
        ------
        Problem
            404: there is no such entity, or its pixels cannot be decoded.
        """
        uid = {Level.STUDY: found.study, Level.SERIES: found.series, Level.IMAGE: found.uid}[level]
        jpeg = self._services.icons.preview(level, uid)
        if jpeg is None:
            return self._without(level, found)
        if self._may_be_shown(level, found, uid, thumbnail=thumbnail):
            return Shot(Shown.PREVIEW, jpeg)
        return Shot(Shown.PICTOGRAM, kind=Kind.IMAGE)

    def of_frame(self, found: Instance, frame: int, *, thumbnail: bool) -> Shot:
        """Give the picture of one frame; raises Problem 404, IconError or StorageError."""
        if not self._may_be_shown(Level.IMAGE, found, found.uid, thumbnail=thumbnail):
            return Shot(Shown.PICTOGRAM, kind=Kind.IMAGE)
        with self._services.rendering:
            picture = self._services.renderer(found.uid, PREVIEW, frame, None)
        return Shot(Shown.PREVIEW, encoded(shrunk(picture, PREVIEW, PREVIEW), JPEG, 85))

    def _may_be_shown(self, level: Level, found: Instance, uid: str, *, thumbnail: bool) -> bool:
        setting = self._services.settings.burned_in
        if setting is BurnedIn.KEEP or (setting is BurnedIn.UNSET and not thumbnail):
            return True
        return not self._is_burned_in(level, found, uid)

    def _is_burned_in(self, level: Level, found: Instance, uid: str) -> bool:
        icons = self._services.icons
        if isinstance(icons, BurnedInAware):
            return icons.is_burned_in(level, uid)
        with self._lock:
            known = self._burned_in.get((level, uid))
        if known is None:
            known = any(self._says_burned_in(instance) for instance in self._speaking(level, found))
            with self._lock:
                self._burned_in[level, uid] = known
                if len(self._burned_in) > _REMEMBERED:
                    self._burned_in.popitem(last=False)
        return known

    def _speaking(self, level: Level, found: Instance) -> list[Instance]:
        """Give an instance of each series that the picture may come from: devices burn into all of a series or none."""
        if level is Level.IMAGE:
            return [found]
        one_of_each: dict[str, Instance] = {}
        for match in self._services.instances(found.study, found.series):
            instance = instance_of(fields(match))
            one_of_each.setdefault(instance.series, instance)
            if len(one_of_each) == _SAMPLED_SERIES:
                break
        return list(one_of_each.values())

    def _says_burned_in(self, instance: Instance) -> bool:
        try:
            with closing(self._services.source.open(instance.uid)) as stream:
                return read_header(stream).text(0x00280301).strip().upper() == "YES"
        except StorageError:
            return True  # what cannot be read cannot be cleared either

    def _without(self, level: Level, found: Instance) -> Shot:
        """Give the pictogram of what has no picture; raises Problem 404."""
        kind = self.kind(found)
        if kind is None:
            raise not_found(f"There is no {level.lower()} of that UID here")
        if kind in _WITH_PIXELS:
            raise not_found("Its pixels cannot be decoded")
        return Shot(Shown.PICTOGRAM, kind=kind)

    def kind(self, found: Instance) -> Kind | None:
        """Tell what kind of object an entity is: its first instance's; None when there is no such entity."""
        keys = unique_keys(found.study, found.series, found.uid)
        asked = [Key.named(name) for name in ("SOPClassUID", "Modality", "AvailableTransferSyntaxUID")]
        query = Query(
            Level.IMAGE, keys=[*asked, *keys], defaults=False, options=Options(relational=True),
            character_sets=("ISO_IR 192",),
        )  # fmt: skip
        match = self._services.first(query)
        if match is None:
            return None
        answer = fields(match)
        sop_class, modality, syntax = (text(answer, tag) for tag in (0x00080016, 0x00080060, 0x00083002))
        return kind_of(sop_class, modality=modality, transfer_syntax=syntax)

    def of_any(self, level: Level, found: Instance) -> Shot:
        """Give the picture for a page: a pictogram where there is none to show; raises Problem 404 for no entity."""
        try:
            return self.of(level, found, thumbnail=False)
        except (FindiconError, Problem):
            kind = self.kind(found)
            if kind is None:
                raise
            return self.pictogram(kind)

    def pictogram(self, kind: Kind) -> Shot:
        """Give the pictogram of a kind."""
        return Shot(Shown.PICTOGRAM, kind=kind)
