"""Upstream's answers: read as far as a picture needs it, and given on with the picture in its place."""

from typing import NamedTuple

from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from ..errors import PeerError
from ..icons import icon_element
from ..query import ICON_IMAGE_SEQUENCE, Level, Match, decode, deflate, encode
from .elements import Element, NoDataSetError, Scanner

SOP_CLASS, STUDY, SERIES, INSTANCE = 0x00080016, 0x0020000D, 0x0020000E, 0x00080018
COUNTS = {Level.STUDY: 0x00201208, Level.SERIES: 0x00201209}
"""Number of Study, and of Series, Related Instances."""

_LONGEST_UID = 64
_MOST_READINGS = 2000
_LONGEST_READING = 2000  # bytes
_NO_UID = frozenset("*?\\ ")  # wildcards, and what stands between values
_READ = frozenset({SOP_CLASS, STUDY, SERIES, INSTANCE, *COUNTS.values()})


def is_one_uid(text: str) -> bool:
    """Tell whether a text can be asked for as a UID: some archives have letters in theirs, none has wildcards."""
    return 0 < len(text) <= _LONGEST_UID and text.isascii() and text.isprintable() and _NO_UID.isdisjoint(text)


class Entity(NamedTuple):
    """What a picture can stand for.

    Attributes
    ----------
    uid
        Its own; empty when the answer has none.
    study, series
        The UIDs above it, as far as they are known.
    """

    level: Level
    uid: str
    study: str = ""
    series: str = ""


class Subject(NamedTuple):
    """An entity, and what its answer says that its picture depends on.

    Attributes
    ----------
    instances
        How many it has; None where upstream does not say.
    sop_class
        Of an instance.
    """

    entity: Entity
    instances: int | None = None
    sop_class: str = ""


class Answer(Match):
    """One answer of upstream, and the picture that it is given on with.

    Parameters
    ----------
    subject
        What it is about.
    before, after
        Its elements, as they came, with lower and with higher tags than the picture's.
    icon
        The whole element (0088,0200) as it came; empty when none did.

    Attributes
    ----------
    item
        The item of (0088,0200); None for an empty sequence.
    has_icon
        Whether it is given on with the sequence at all.
    """

    def __init__(
        self, subject: Subject, before: bytes, after: bytes, icon: bytes, transfer_syntax: UID, supported: bool
    ) -> None:
        self.subject = subject
        self.icon_of_upstream = icon
        self.transfer_syntax = transfer_syntax
        self.all_keys_supported = supported
        self.item: bytes | None = None
        self.has_icon = False
        self._before = before
        self._after = after

    def encoded(self, transfer_syntax: UID) -> bytes:
        """Give the bytes as they came with the picture's element in its place, or encode them anew."""
        own = self.transfer_syntax
        if not self.has_icon:
            data = self._before + self._after
        else:
            data = b"".join((self._before, icon_element(self.item, own), self._after))
        if transfer_syntax == own:
            return data
        if transfer_syntax == DeflatedExplicitVRLittleEndian and own == ExplicitVRLittleEndian:
            return deflate(data)
        return encode(decode(data, own), transfer_syntax)


class _Reading(NamedTuple):
    """What the bytes of an answer say: its parts, as Answer has them."""

    subject: Subject
    before: bytes
    after: bytes
    icon: bytes


class Readings:
    """Answers that were read lately: people ask for the same list again and again, and it is still the same."""

    def __init__(self) -> None:
        self._known: dict[bytes, _Reading] = {}
        self.get = self._known.get

    def put(self, key: bytes, reading: _Reading) -> None:
        """Remember one; all others are forgotten when there are many."""
        if len(self._known) >= _MOST_READINGS:
            self._known.clear()
        if len(key) <= _LONGEST_READING:
            self._known[key] = reading


class Reader:
    """Reads the answers to one query.

    Parameters
    ----------
    level
        Of the query.
    known
        UIDs above the level that the query fixes.
    own
        Tags of keys that the asker did not have: their elements are taken out.
    upstream
        Whose answers they are, for messages.
    readings
        Of upstream.
    """

    def __init__(
        self, level: Level, known: dict[int, str], own: frozenset[int], upstream: str, readings: Readings
    ) -> None:
        self._level = level
        self._upstream = upstream
        self._known = {tag: uid for tag, uid in known.items() if is_one_uid(uid)}
        self._wanted = frozenset({*own, ICON_IMAGE_SEQUENCE, *_READ})
        self._unwanted = frozenset({*own, ICON_IMAGE_SEQUENCE})
        self._count = COUNTS.get(level, 0)
        self._scanners: dict[UID, Scanner] = {}
        self._readings = readings
        # What a reading depends on beside the bytes.
        self._same = f"{level} {sorted(known.items())} {sorted(own)} ".encode()

    def read(self, match: Match) -> Answer:
        """Read one answer; raise PeerError for bytes that are no data set."""
        syntax: UID = getattr(match, "transfer_syntax", ExplicitVRLittleEndian)
        if syntax == DeflatedExplicitVRLittleEndian:
            syntax = ExplicitVRLittleEndian
        data = match.encoded(syntax)
        key = b"".join((self._same, syntax.encode(), data))
        reading = self._readings.get(key)
        if reading is None:
            reading = self._read(data, syntax)
            self._readings.put(key, reading)
        return Answer(*reading, syntax, match.all_keys_supported)

    def _read(self, data: bytes, syntax: UID) -> _Reading:
        scanner = self._scanners.get(syntax)
        if scanner is None:
            scanner = self._scanners[syntax] = Scanner(syntax, self._wanted, ICON_IMAGE_SEQUENCE)
        try:
            found, place = scanner.scan(data)
        except NoDataSetError as error:
            raise PeerError(self._upstream, f"sent an answer that is no data set: {error}") from error
        before, after, icon = data[:place], data[place:], b""
        if not self._unwanted.isdisjoint(found):
            cuts = [found[tag] for tag in sorted(self._unwanted.intersection(found))]
            before, after = _without(data, 0, place, cuts), _without(data, place, len(data), cuts)
            if ICON_IMAGE_SEQUENCE in found:
                start, _, end = found[ICON_IMAGE_SEQUENCE]
                icon = data[start:end]
        return _Reading(self._subject(data, found), before, after, icon)

    def _subject(self, data: bytes, found: dict[int, Element]) -> Subject:
        level = self._level
        instances = None
        if self._count in found:
            count = _text(data, found, self._count)
            instances = int(count) if count.isascii() and count.isdigit() else None
        study = self._uid(data, found, STUDY)
        if level is Level.STUDY:
            return Subject(Entity(level, study, study), instances)
        series = self._uid(data, found, SERIES)
        if level is Level.SERIES:
            return Subject(Entity(level, series, study, series), instances)
        return Subject(
            Entity(level, self._uid(data, found, INSTANCE), study, series), None, _text(data, found, SOP_CLASS)
        )

    def _uid(self, data: bytes, found: dict[int, Element], tag: int) -> str:
        """Give a UID; that of the question where the answer has none, nothing where it has something else."""
        if tag not in found:
            return self._known.get(tag, "")
        uid = _text(data, found, tag)
        return uid if is_one_uid(uid) else ""


def _text(data: bytes, found: dict[int, Element], tag: int) -> str:
    if tag not in found:
        return ""
    _, start, end = found[tag]
    return data[start:end].strip(b"\0 ").decode("ascii", "replace")


def _without(data: bytes, start: int, end: int, cuts: list[Element]) -> bytes:
    parts = []
    for first, _, last in cuts:
        if start <= first < end:
            parts.append(data[start:first])
            start = last
    parts.append(data[start:end])
    return b"".join(parts)
