"""The choice of a picture, as tables: what a series or study holds, and what stands for it."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from findicon.icons import BurnedIn, Facts, series_candidates, study_candidates

AXIAL = ("ORIGINAL", "PRIMARY", "AXIAL")
LOCALIZER = ("ORIGINAL", "PRIMARY", "LOCALIZER")
CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
OPHTHALMIC = "1.2.840.10008.5.1.4.1.1.77.1.5.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
REPORT = "1.2.840.10008.5.1.4.1.1.88.11"
KEY_OBJECT = "1.2.840.10008.5.1.4.1.1.88.59"

BEST_IN_SET, OF_INTEREST, MANIFEST = "113013", "113000", "113030"
QUALITY, SAFETY, WORKLIST, EXPIRED = "113001", "113037", "113038", "113039"


def image(number: int, **facts: object) -> Facts:
    """An axial CT image, named by its number, five millimetres above the one before."""
    values = {
        "sop_instance": f"i{number}", "sop_class": CT, "series": "s1", "modality": "CT", "series_number": 1,
        "instance_number": number, "image_type": AXIAL, "normal": (0.0, 0.0, 1.0), "position": 5.0 * number,
        "rows": 512, "columns": 512, "has_pixels": True,
    }  # fmt: skip
    return Facts(**(values | facts))


def images(*numbers: int, **facts: object) -> list[Facts]:
    return [image(number, **facts) for number in numbers]


def key_object(title: str, *references: str | tuple[str, int]) -> Facts:
    pairs = tuple((one, 0) if isinstance(one, str) else one for one in references)
    return Facts(f"ko{title}", KEY_OBJECT, series="ko", modality="KO", title=title, references=pairs, instance_number=1)


def names(facts: Sequence[Facts], **options: object) -> str:
    return " ".join(one.sop_instance for one in series_candidates(facts, **options))


SERIES = {
    "none": ([], ""),
    "one": (images(1), "i1"),
    "a third of the way, then outward": (images(1, 2, 3, 4, 5, 6, 7, 8, 9), "i4 i5 i3 i6 i2 i7 i1 i8 i9"),
    "two": (images(1, 2), "i1 i2"),
    "by position, not by number": (
        [image(1, position=30.0), image(2, position=10.0), image(3, position=20.0)], "i3 i1 i2"),
    "by number where a position is missing": (
        [image(1, position=30.0), image(2, position=None), image(3, position=20.0)], "i2 i3 i1"),
    "by number where planes differ": (
        [image(1, position=30.0), image(2, position=20.0, normal=(1.0, 0.0, 0.0)), image(3, position=9.0)],
        "i2 i3 i1"),
    "by number where positions are the same": (images(3, 1, 2, position=7.0), "i2 i3 i1"),
    "by UID where numbers are missing": (images(3, 1, 2, position=None, instance_number=None), "i2 i3 i1"),
    "nearly parallel planes are parallel": (
        [image(1, position=30.0), image(2, position=10.0, normal=(0.0, 0.0001, 1.0)), image(3, position=20.0)],
        "i3 i1 i2"),
    "localizers last": ([image(1, image_type=LOCALIZER), *images(2, 3, 4)], "i3 i4 i2 i1"),
    "localizers alone": (images(1, 2, 3, image_type=LOCALIZER), "i2 i3 i1"),
    "localizer in a vendor's place": (
        [image(1, image_type=("DERIVED", "SECONDARY", "M", "LOCALIZER")), image(2)], "i2 i1"),
    "no pixels, no candidate": ([image(1, has_pixels=False), image(2)], "i2"),
    "only reports": (images(1, 2, sop_class=REPORT, has_pixels=False), ""),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "chosen"), SERIES.values(), ids=SERIES)
def test_a_series_shows(facts: list[Facts], chosen: str) -> None:
    assert names(facts) == chosen


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [
        ("first", "i1 i2 i3 i4 i5 i6"),
        ("third", "i3 i4 i2 i5 i1 i6"),
        ("middle", "i4 i5 i3 i6 i2 i1"),
        ("last", "i6 i5 i4 i3 i2 i1"),
    ],
)
def test_the_rule_says_where_to_begin(rule: str, chosen: str) -> None:
    assert names(images(1, 2, 3, 4, 5, 6), rule=rule) == chosen
    assert names(images(1, 2, 3, 4, 5, 6), rule="first", rules={CT: rule, MR: "middle"}) == chosen


def test_the_rule_of_the_commonest_sop_class_holds() -> None:
    eyes = images(1, 2, 3, sop_class=OPHTHALMIC, position=None)
    capture = image(4, sop_class=SECONDARY_CAPTURE, position=None)
    assert names([*eyes, capture], rules={OPHTHALMIC: "first", SECONDARY_CAPTURE: "last"}) == "i1 i2 i3 i4"


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="'half' is none of third, first, middle, last"):
        names(images(1), rule="half")


KEY_OBJECTS = {
    "rejected for quality": ([key_object(QUALITY, "i2")], "i3 i4 i1"),
    "rejected for safety": ([key_object(SAFETY, "i2")], "i3 i4 i1"),
    "rejected for a wrong worklist entry": ([key_object(WORKLIST, "i2")], "i3 i4 i1"),
    "rejected because its time is over": ([key_object(EXPIRED, "i2")], "i3 i4 i1"),
    "all rejected": ([key_object(QUALITY, "i1", "i2", "i3", "i4")], ""),
    "a frame rejected is not the instance": ([key_object(QUALITY, ("i2", 7))], "i2 i3 i1 i4"),
    "of interest": ([key_object(OF_INTEREST, "i4")], "i4 i2 i3 i1"),
    "best in set": ([key_object(BEST_IN_SET, "i4")], "i4 i2 i3 i1"),
    "best in set before of interest": ([key_object(OF_INTEREST, "i1"), key_object(BEST_IN_SET, "i4")], "i4 i1 i2 i3"),
    "a third of the way through several": ([key_object(OF_INTEREST, "i4", "i3", "i1")], "i3 i4 i1 i2"),
    "both wanted and rejected": ([key_object(OF_INTEREST, "i4"), key_object(QUALITY, "i4")], "i2 i3 i1"),
    "a manifest says nothing": ([key_object(MANIFEST, "i4")], "i2 i3 i1 i4"),
    "of another series": ([key_object(OF_INTEREST, "elsewhere")], "i2 i3 i1 i4"),
    "what is no Key Object is passed over": (images(8, 9), "i2 i3 i1 i4"),
}


@pytest.mark.parametrize(("key_objects", "chosen"), KEY_OBJECTS.values(), ids=KEY_OBJECTS)
def test_key_objects_decide(key_objects: list[Facts], chosen: str) -> None:
    assert names(images(1, 2, 3, 4), key_objects=key_objects) == chosen


def test_a_localizer_of_interest_wins() -> None:
    facts = [image(1, image_type=LOCALIZER), *images(2, 3)]
    assert names(facts, key_objects=[key_object(OF_INTEREST, "i1")]) == "i1 i2 i3"


def test_a_key_object_can_point_at_a_frame() -> None:
    clip = image(1, frames=60)
    wanted = key_object(OF_INTEREST, ("i1", 17), ("i1", 12))
    assert list(series_candidates([clip, image(2)], key_objects=[wanted])) == [replace(clip, frame=12), image(2)]
    whole = key_object(BEST_IN_SET, "i1")
    assert next(series_candidates([clip], key_objects=[wanted, whole])) == clip


def slide(number: int, flavor: str, side: int, **facts: object) -> Facts:
    values = {
        "sop_class": WHOLE_SLIDE, "modality": "SM", "image_type": ("DERIVED", "PRIMARY", flavor, "RESAMPLED"),
        "matrix_rows": side, "matrix_columns": side, "normal": (), "position": None,
    }  # fmt: skip
    return image(number, **(values | facts))


SLIDES = {
    "the thumbnail, then the lowest resolution": (
        [slide(1, "VOLUME", 90000), slide(2, "VOLUME", 900), slide(3, "THUMBNAIL", 1000)], "i3 i2 i1"),
    "the lowest resolution": ([slide(1, "VOLUME", 90000), slide(2, "VOLUME", 900)], "i2 i1"),
    "never the label": ([slide(1, "LABEL", 400), slide(2, "VOLUME", 90000)], "i2"),
    "never the overview, which shows the label": ([slide(1, "OVERVIEW", 400)], ""),
    "the retired localizer behind the volume": ([slide(1, "LOCALIZER", 400), slide(2, "VOLUME", 90000)], "i2 i1"),
    "by rows, columns and frames without a matrix": (
        [slide(1, "VOLUME", 0, frames=9), slide(2, "VOLUME", 0, frames=4)], "i2 i1"),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "chosen"), SLIDES.values(), ids=SLIDES)
def test_a_whole_slide_shows(facts: list[Facts], chosen: str) -> None:
    assert names(facts) == chosen


def test_not_even_a_key_object_makes_a_label_visible() -> None:
    facts = [slide(1, "LABEL", 400), slide(2, "VOLUME", 90000)]
    assert names(facts, key_objects=[key_object(OF_INTEREST, "i1")]) == "i2"


def series(uid: str, count: int = 1, number: int | None = 1, **facts: object) -> list[Facts]:
    """A series of that many images."""
    return [image(n, sop_instance=f"{uid}.{n}", series=uid, series_number=number, **facts) for n in range(1, count + 1)]


def capture(uid: str, count: int = 1, **facts: object) -> list[Facts]:
    return series(uid, count, **({"sop_class": SECONDARY_CAPTURE, "modality": "OT", "image_type": ()} | facts))


def reports(uid: str) -> list[Facts]:
    return series(uid, sop_class=REPORT, modality="SR", has_pixels=False)


SEGMENTATION = {"sop_class": "1.2.840.10008.5.1.4.1.1.66.4", "modality": "SEG", "frames": 500}
SCOUT = {"image_type": LOCALIZER}

STUDIES = {
    "none": ([], "", []),
    "no pictures": ([reports("a")], "", []),
    "series without pictures are left out": ([reports("a"), series("b")], "b", []),
    "more pictures first": ([series("a", 2), series("b", 9), series("c", 5)], "b c a", []),
    "a frame is a picture": ([series("a", 9), series("b", frames=10)], "b a", []),
    "the modality with the most pictures": (
        [series("a", 4, modality="MR"), series("b", 3), series("c", 2)], "b c a", []),
    "modalities as often as each other": ([series("a", 2, modality="PT"), series("b", 2)], "b a", []),
    "localizers last": ([series("a", 3, **SCOUT), series("b", 1)], "b a", []),
    "screenshots before localizers": ([series("a", 3, **SCOUT), capture("b", 9), series("c")], "c b a", []),
    "screenshots by Image Type": (
        [series("a", 9, image_type=("DERIVED", "SECONDARY", "SCREEN SAVE")), series("b", 2)], "b a", []),
    "screenshots do not make the main modality": (
        [capture("a", 99, modality="MR"), series("b", 2), series("c", 1, modality="MR")], "b c a", []),
    "segmentations behind what they segment": ([series("a", **SEGMENTATION), series("b", 2)], "b a", []),
    "a localizer among images": ([[*series("a", 1, **SCOUT), *series("a", 3)], series("b", 3)], "a b", []),
    "ties by Series Number": ([series("a", 2, 7), series("b", 2, 3), series("c", 2, None)], "b a c", []),
    "ties by UID": ([series("b", 2, 3), series("a", 2, 3)], "a b", []),
    "a key image first": ([series("a", 9), capture("b")], "b a", [key_object(OF_INTEREST, "b.1")]),
    "rejected images do not count": (
        [series("a", 3), series("b", 2)], "b a", [key_object(QUALITY, "a.1", "a.2")]),
    "rejected series are left out": ([series("a", 1), series("b")], "b", [key_object(QUALITY, "a.1")]),
    "whole slides without label": (
        [[slide(1, "LABEL", 9, series="a")], [slide(2, "VOLUME", 9, series="b")]], "b", []),
}  # fmt: skip


@pytest.mark.parametrize(("held", "chosen", "key_objects"), STUDIES.values(), ids=STUDIES)
def test_a_study_shows(held: list[list[Facts]], chosen: str, key_objects: list[Facts]) -> None:
    assert " ".join(study_candidates(held, key_objects=key_objects)) == chosen


def test_the_order_of_what_comes_in_changes_nothing() -> None:
    facts = [facts for facts, _ in SERIES.values()] + [facts for facts, _ in SLIDES.values()]
    for seed in range(20):
        shuffled = random.Random(seed)
        for one in facts:
            again = shuffled.sample(one, len(one))
            assert names(again) == names(one)
        for held, chosen, key_objects in STUDIES.values():
            mixed = [shuffled.sample(one, len(one)) for one in shuffled.sample(held, len(held))]
            assert " ".join(study_candidates(mixed, key_objects=key_objects)) == chosen


@pytest.mark.parametrize(
    ("setting", "icon", "thumbnail"),
    [("", True, False), ("keep", True, True), ("blank", False, False)],
)
def test_burned_in_annotation(setting: str, icon: bool, thumbnail: bool) -> None:
    policy = BurnedIn(setting)
    assert policy.allows(image(1, burned_in=True), thumbnail=False) is icon
    assert policy.allows(image(1, burned_in=True), thumbnail=True) is thumbnail
    assert policy.allows(image(1), thumbnail=False)
    assert policy.allows(image(1), thumbnail=True)
