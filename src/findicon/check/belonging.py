"""Whether icons are of their images: each is compared with one made from the instance itself (PS3.3 C.7.6.1.1.6).

The instances are retrieved by C-GET, where the peer offers it. An icon of another window, frame or shape is as good as
ours; one is wrong when it does not look like its own image and does look like another one of those retrieved.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from ..errors import IconError, PeerError
from ..icons import Icon, make_icon
from ..observe import log
from ..query import Key, Level, Query, decode
from ..scu import Client
from . import rules
from .answers import Answer
from .asking import Asked, Place
from .findings import Finding, Verdict, found
from .likeness import likeness

_UNLIKE, _LIKE, _APART = 0.5, 0.9, 0.3  # below, above, and how much the other one has to be nearer
_MOST_BYTES = 64 << 20  # of an instance that is retrieved, as far as its attributes tell
_MOST_FRAMES = 32


@dataclass(frozen=True, slots=True)
class Seen:
    """An icon that came with an answer at IMAGE level, and where its image lies."""

    place: Place
    uid: str
    icon: Icon


def seen_icons(asked: Asked, most: int) -> list[Seen]:
    """Choose icons to compare: spread over the series, each with a picture that can be read."""
    by_place: dict[Place, list[Answer]] = {}
    for place, answer in zip(asked.places, asked.answers, strict=True):
        if answer.size:
            by_place.setdefault(place, []).append(answer)
    in_turn = [(place, own[turn]) for turn in range(most) for place, own in by_place.items() if turn < len(own)]
    icons = [(place, answer, answer.icon()) for place, answer in in_turn[:most]]
    return [Seen(place, answer.uid(Level.IMAGE), icon) for place, answer, icon in icons if icon is not None]


def judge_belonging(client: Client, seen: Sequence[Seen]) -> Finding:
    """Compare icons with their images, and with the others' images."""
    pictures: dict[str, list[Icon]] = {}
    try:
        for one in seen:
            pictures[one.uid] = _pictures(client, one)
    except PeerError as problem:
        return _finding(Verdict.UNKNOWN, f"the images cannot be retrieved to compare: {problem}")
    unlike = []
    judged = 0
    for one in seen:
        own = _own_likeness(one.icon, pictures[one.uid])
        if own is None:
            continue
        judged += 1
        others = {uid: _nearest(one.icon, made) for uid, made in pictures.items() if uid != one.uid}
        uid, other = max(others.items(), key=lambda each: each[1], default=("", 0.0))
        log.debug("icon compared", instance=one.uid, own=round(own, 3), nearest_other=round(other, 3))
        if own < _UNLIKE and other > max(_LIKE, own + _APART):
            detail = f"the icon of {one.uid} is of {uid}: likeness {other:.2f}, to its own image {own:.2f}"
            return _finding(Verdict.FAIL, detail, judged)
        if own < _UNLIKE:
            unlike.append(f"{one.uid} ({own:.2f})")
    if unlike:
        return _finding(Verdict.UNKNOWN, f"little likeness to the image, to be looked at: {', '.join(unlike)}", judged)
    if not judged:
        return _finding(Verdict.UNKNOWN, "no image could be compared")
    return _finding(Verdict.PASS, "", judged)


def _finding(verdict: Verdict, detail: str, judged: int = 0) -> Finding:
    return found(rules.BELONGS, Level.IMAGE, verdict, detail, judged)


def _own_likeness(icon: Icon, pictures: Sequence[Icon]) -> float | None:
    """Compare with the icon's own image, where an inverted icon counts as alike; None where the image is too plain."""
    telling = [picture.to_array() for picture in pictures]
    telling = [array for array in telling if likeness(array, array) is not None]
    return max((abs(likeness(icon.to_array(), array) or 0.0) for array in telling), default=None)


def _nearest(icon: Icon, pictures: Sequence[Icon]) -> float:
    return max((likeness(icon.to_array(), picture.to_array()) or 0.0 for picture in pictures), default=0.0)


def _pictures(client: Client, seen: Seen) -> list[Icon]:
    """Make icons of the instance, one of each frame; none when it is too large, does not come, or has no pixels."""
    unique = Key(Level.IMAGE.unique_key, "UI", (seen.uid,))
    keys = (*seen.place.above, unique)
    facts = [match.dataset for match in client.find(Query(Level.IMAGE, model=seen.place.model, keys=keys))]
    header = facts[0] if facts else Dataset()
    pixels = _number(header, "Rows", 0) * _number(header, "Columns", 0) * _number(header, "NumberOfFrames", 1)
    if 2 * pixels > _MOST_BYTES:
        return []
    memory = _Memory()
    sop_class = str(header.get("SOPClassUID") or "")
    query = Query(Level.IMAGE, model=seen.place.model, keys=keys, defaults=False)
    client.get(query, memory, sop_classes=[sop_class] if sop_class else [])
    instance = memory.instances.get(seen.uid)
    if instance is None:
        return []
    size = max(seen.icon.rows, seen.icon.columns)
    frames = _number(instance, "NumberOfFrames", 1)
    chosen = [None, *range(1, frames + 1, -(-frames // _MOST_FRAMES))] if frames > 1 else [None]
    return [icon for frame in chosen if (icon := _made(instance, size, frame)) is not None]


def _number(dataset: Dataset, keyword: str, default: int) -> int:
    try:
        return int(dataset.get(keyword) or default)
    except Exception:  # noqa: BLE001  pydicom raises whatever malformed values lead it to
        return default


def _made(instance: Dataset, size: int, frame: int | None) -> Icon | None:
    try:
        return make_icon(instance, min(size, 1024), frame)
    except IconError:
        return None


class _Memory:
    """An Ingest that keeps instances in memory."""

    def __init__(self) -> None:
        self.instances: dict[str, Dataset] = {}

    @contextmanager
    def receive(
        self,
        sop_class: str,  # noqa: ARG002  the port has it
        sop_instance: str,
        transfer_syntax: str,
        sender: str,  # noqa: ARG002
    ) -> Iterator[BinaryIO]:
        """Take one instance."""
        stream = BytesIO()
        yield stream
        dataset = decode(stream.getvalue(), UID(transfer_syntax))
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax)
        self.instances[sop_instance] = dataset
