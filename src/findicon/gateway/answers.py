"""Upstream's answers: read as far as a picture needs it, and given on with the picture in its place."""

from dataclasses import dataclass
from typing import NamedTuple

from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from ..errors import PeerError
from ..icons import icon_element
from ..query import ICON_IMAGE_SEQUENCE, EncodedMatch, Level, Match, decode, deflate, encode
from .elements import Element, NoDataSetError, scan

SOP_CLASS, STUDY, SERIES, INSTANCE = 0x00080016, 0x0020000D, 0x0020000E, 0x00080018
COUNTS = {Level.STUDY: 0x00201208, Level.SERIES: 0x00201209}
"""Number of Study, and of Series, Related Instances."""

_UIDS = {Level.STUDY: STUDY, Level.SERIES: SERIES, Level.IMAGE: INSTANCE}
_READ = frozenset({SOP_CLASS, STUDY, SERIES, INSTANCE, *COUNTS.values()})


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


@dataclass(slots=True)
class Answer:
    """One answer of upstream.

    Attributes
    ----------
    subject
        What it is about.
    icon
        The whole element (0088,0200) as it came; empty when none did.
    before, after
        The other elements, as they came, with lower and with higher tags.
    """

    subject: Subject
    icon: bytes
    before: bytes
    after: bytes
    transfer_syntax: UID
    all_keys_supported: bool


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
    """

    def __init__(self, level: Level, known: dict[int, str], own: frozenset[int], upstream: str) -> None:
        self._level = level
        self._upstream = upstream
        self._known = known
        self._wanted = frozenset({*own, ICON_IMAGE_SEQUENCE, *_READ})
        self._unwanted = tuple(sorted({*own, ICON_IMAGE_SEQUENCE}))
        self._unique, self._count = _UIDS.get(level, 0), COUNTS.get(level, 0)

    def read(self, match: Match) -> Answer:
        """Read one answer; raise PeerError for bytes that are no data set."""
        syntax = match.transfer_syntax if isinstance(match, EncodedMatch) else ExplicitVRLittleEndian
        if syntax == DeflatedExplicitVRLittleEndian:
            syntax = ExplicitVRLittleEndian
        data = match.encoded(syntax)
        try:
            found, place = scan(data, syntax, self._wanted, ICON_IMAGE_SEQUENCE)
        except NoDataSetError as error:
            raise PeerError(self._upstream, f"sent an answer that is no data set: {error}") from error
        cuts = [found[tag] for tag in self._unwanted if tag in found]
        icon = found.get(ICON_IMAGE_SEQUENCE)
        return Answer(
            self._subject(data, found),
            data[icon[0] : icon[2]] if icon else b"",
            _without(data, 0, place, cuts) if cuts else data[:place],
            _without(data, place, len(data), cuts) if cuts else data[place:],
            syntax,
            match.all_keys_supported,
        )

    def _subject(self, data: bytes, found: dict[int, Element]) -> Subject:
        def text(tag: int) -> str:
            if tag not in found:
                return self._known.get(tag, "")
            _, start, end = found[tag]
            return data[start:end].strip(b"\0 ").decode("ascii", "replace")

        level = self._level
        count = text(self._count)
        instances = int(count) if count.isascii() and count.isdigit() else None
        if level is Level.STUDY:
            study = text(STUDY)
            return Subject(Entity(level, study, study), instances)
        entity = Entity(level, text(self._unique), text(STUDY), text(SERIES))
        return Subject(entity, instances, text(SOP_CLASS) if level is Level.IMAGE else "")


class PicturedMatch(Match):
    """An answer of upstream with a picture of ours, or without any.

    Parameters
    ----------
    item
        The item of (0088,0200); None for an empty sequence.
    has_icon
        Whether it has the sequence at all.
    """

    def __init__(
        self, answer: Answer, item: bytes | None = None, *, has_icon: bool, all_keys_supported: bool = True
    ) -> None:
        self._answer = answer
        self._item = item
        self._has_icon = has_icon
        self.all_keys_supported = all_keys_supported and answer.all_keys_supported

    def encoded(self, transfer_syntax: UID) -> bytes:
        """Give the bytes as they came with the picture's element in its place, or encode them anew."""
        answer = self._answer
        if transfer_syntax == answer.transfer_syntax:
            return self._joined(transfer_syntax)
        joined = self._joined(answer.transfer_syntax)
        if transfer_syntax == DeflatedExplicitVRLittleEndian and answer.transfer_syntax == ExplicitVRLittleEndian:
            return deflate(joined)
        return encode(decode(joined, answer.transfer_syntax), transfer_syntax)

    def _joined(self, transfer_syntax: UID) -> bytes:
        answer = self._answer
        if not self._has_icon:
            return answer.before + answer.after
        return b"".join((answer.before, icon_element(self._item, transfer_syntax), answer.after))


def _without(data: bytes, start: int, end: int, cuts: list[Element]) -> bytes:
    parts = []
    for first, _, last in cuts:
        if start <= first < end:
            parts.append(data[start:first])
            start = last
    parts.append(data[start:end])
    return b"".join(parts)
