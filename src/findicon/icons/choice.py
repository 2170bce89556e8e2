"""Which instance stands for a series, and which series for a study: pure functions over header facts.

The Standard leaves it open. What decides, from the strongest: Key Objects (PS3.16 CID 7010), what a person would call
a picture of the examination rather than a localizer or a screenshot, and a third of the way through (PS3.11 A.3.3.2).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from .facts import Facts

RULES = ("third", "first", "middle", "last")
"""Where in a series the picture is taken; "third" unless told otherwise."""

# Document titles of Key Objects (PS3.16 CID 7010). The best first: Best In Set, Of Interest.
_WANTED = ("113013", "113000")
# Rejected for Quality Reasons, for Patient Safety Reasons, Incorrect Modality Worklist Entry, Retention Expired
_REJECTED = {"113001", "113037", "113038", "113039"}

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
# These flavors of a slide show its label, which names the patient (PS3.3 C.8.12.4.1.1).
_SHOWS_LABEL = {"LABEL", "OVERVIEW"}
# Made from the images of the study: they have pixels, often in great number, but are not what was examined.
_DERIVED_MODALITIES = {"SEG", "RTDOSE"}
_DERIVED_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.30",  # Parametric Map
    "1.2.840.10008.5.1.4.1.1.66.4",  # Segmentation
    "1.2.840.10008.5.1.4.1.1.66.7",  # Label Map Segmentation
    "1.2.840.10008.5.1.4.1.1.481.2",  # RT Dose
}
_CAPTURE_MODALITIES = {"OT", "SC", "DOC"}
_CAPTURE_FLAVORS = {"SCREEN SAVE", "SCREENSAVE", "SCREENSHOT", "SCREEN CAPTURE"}


def series_candidates(
    facts: Sequence[Facts],
    rule: str = "third",
    *,
    key_objects: Sequence[Facts] = (),
    rules: Mapping[str, str] | None = None,
) -> Iterator[Facts]:
    """Give the instances that may stand for a series, the best first; the same ones in the same order every time.

    Whoever makes the picture takes the first that is there, decodes and is not blank.

    Parameters
    ----------
    facts
        The instances of the series, in any order.
    rule
        Where in the series to begin: ``third``, ``first``, ``middle`` or ``last``; neighbours follow outward.
    key_objects
        The study's Key Object Selection Documents, which lie in other series; whatever else is in it is passed over.
    rules
        The same by SOP Class UID, which wins over `rule`.

    Yields
    ------
    Facts
        With `frame` set where a Key Object points at a frame.
    """
    references = _References(key_objects)
    images = [one for one in facts if _is_image(one) and one.sop_instance not in references.rejected]
    if not images:
        return
    rule = (rules or {}).get(_commonest(one.sop_class for one in images), rule)
    wanted = [one for one in images if one.sop_instance in references.wanted]
    for grade in sorted({references.wanted[one.sop_instance][0] for one in wanted}):
        same = [one for one in wanted if references.wanted[one.sop_instance][0] == grade]
        for one in _outward(_ordered(same), rule):
            yield replace(one, frame=references.wanted[one.sop_instance][1] or None)
    others = [one for one in images if one.sop_instance not in references.wanted]
    slides = [one for one in others if one.sop_class == _WHOLE_SLIDE]
    yield from sorted(slides, key=_slide_rank)
    plain = [one for one in others if one.sop_class != _WHOLE_SLIDE]
    for is_localizer in (False, True):
        yield from _outward(_ordered([one for one in plain if _is_localizer(one) is is_localizer]), rule)


def study_candidates(series: Sequence[Sequence[Facts]], *, key_objects: Sequence[Facts] = ()) -> Iterator[str]:
    """Give the Series Instance UIDs that may stand for a study, the best first; the same order every time.

    Series without a picture are left out. The first has a key image; then come ordinary images of the modality with
    the most pictures, of other modalities, what was derived from them, screenshots, localizers; more pictures go
    before fewer (a frame counts as a picture), then the Series Number, then the UID decides.

    Parameters
    ----------
    series
        The instances of each series, in any order.
    key_objects
        The study's Key Object Selection Documents.
    """
    references = _References(key_objects)
    pictures: dict[str, list[Facts]] = defaultdict(list)
    for one in chain.from_iterable(series):
        if _is_image(one) and one.sop_instance not in references.rejected:
            pictures[one.series].append(one)
    kinds = {uid: min(_kind(one) for one in images) for uid, images in pictures.items()}
    modalities: Counter[str] = Counter()
    for uid, images in pictures.items():
        if kinds[uid] == _ORDINARY:
            modalities[_modality(images)] += _count(images)
    main = min(modalities, key=lambda modality: (-modalities[modality], modality), default="")

    def rank(uid: str) -> tuple[bool, int, bool, int, float, str]:
        images = pictures[uid]
        has_key_image = any(one.sop_instance in references.wanted for one in images)
        numbers = [one.series_number for one in images if one.series_number is not None]
        number = min(numbers, default=float("inf"))
        return (not has_key_image, kinds[uid], _modality(images) != main, -_count(images), number, uid)

    yield from sorted(pictures, key=rank)


class _References:
    """What the Key Objects of a study say about its instances."""

    def __init__(self, key_objects: Iterable[Facts]) -> None:
        self.rejected: set[str] = set()
        self.wanted: dict[str, tuple[int, int]] = {}
        """SOP Instance UID to the grade of its best title, 0 the best, and the first frame that one points at."""
        for one in sorted(key_objects, key=lambda one: one.sop_instance):
            if one.title in _REJECTED:
                # Frames that were rejected do not reject the instance.
                self.rejected.update(uid for uid, frame in one.references if not frame)
            elif one.title in _WANTED:
                grade = _WANTED.index(one.title)
                for uid, frame in one.references:
                    self.wanted[uid] = min(self.wanted.get(uid, (grade, frame)), (grade, frame))


_ORDINARY, _DERIVED, _CAPTURE, _LOCALIZER = range(4)


def _kind(one: Facts) -> int:
    if _is_localizer(one):
        return _LOCALIZER
    if one.sop_class.startswith(_SECONDARY_CAPTURE) and one.sop_class[len(_SECONDARY_CAPTURE) :][:1] in {"", "."}:
        return _CAPTURE
    if one.modality in _CAPTURE_MODALITIES or _CAPTURE_FLAVORS.intersection(one.image_type):
        return _CAPTURE
    is_derived = one.modality in _DERIVED_MODALITIES or one.sop_class in _DERIVED_CLASSES
    return _DERIVED if is_derived else _ORDINARY


def _is_image(one: Facts) -> bool:
    shows_label = one.flavor in _SHOWS_LABEL and (one.sop_class == _WHOLE_SLIDE or one.modality == "SM")
    return one.has_pixels and not shows_label


def _is_localizer(one: Facts) -> bool:
    # Value 3 by the Standard, but behind it in some vendors' images.
    return "LOCALIZER" in one.image_type


def _slide_rank(one: Facts) -> tuple[bool, bool, int, str]:
    size = one.matrix_rows * one.matrix_columns or one.rows * one.columns * one.frames
    return (one.flavor != "THUMBNAIL", _is_localizer(one), size, one.sop_instance)


def _count(images: Iterable[Facts]) -> int:
    return sum(one.frames for one in images)


def _modality(images: Iterable[Facts]) -> str:
    return min(one.modality for one in images)


def _commonest(values: Iterable[str]) -> str:
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value))


def _ordered(images: Sequence[Facts]) -> list[Facts]:
    """Sort by position where all lie in parallel planes, else by Instance Number, else by UID."""
    parallel = all(one.position is not None and _parallel(one.normal, images[0].normal) for one in images)

    def key(one: Facts) -> tuple[float, float, str]:
        number = float("inf") if one.instance_number is None else one.instance_number
        return (one.position or 0.0) if parallel else 0.0, number, one.sop_instance

    return sorted(images, key=key)


def _parallel(normal: Sequence[float], other: Sequence[float]) -> bool:
    # Positions along different normals say nothing about each other (a three-plane localizer).
    return sum(one * two for one, two in zip(normal, other, strict=False)) > 0.999


def _outward(images: Sequence[Facts], rule: str) -> Iterator[Facts]:
    """Begin where the rule says and go on to the neighbours, the next before the previous."""
    count = len(images)
    starts = {"first": 0, "third": count // 3, "middle": count // 2, "last": count - 1}
    if rule not in starts:
        raise ValueError(f"The choice {rule!r} is none of {', '.join(RULES)}")
    start = starts[rule]
    for distance in range(count):
        for index in dict.fromkeys((start + distance, start - distance)):
            if 0 <= index < count:
                yield images[index]
