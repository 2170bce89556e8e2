"""Made-up studies as a hospital has them: what is common in life is common here, too.

Plain pictures of bones and chests are most of it; a CT has a few series and a dose report, an MR more. Patients come
again, families share names, some of which have letters beyond ASCII. Weekends are quiet, later years busier. Studies
stand in no order of their dates, as in an archive that was read from a folder: the hardest case for a database.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import accumulate

ONE_EACH = (1,)
"""Every patient has one study."""
IN_LIFE = (1, 1, 1, 1, 1, 2, 2, 3, 4, 9)
"""Ten patients have twenty-five studies."""

_FIRST_DAY, _LAST_DAY = date(2008, 1, 1), date(2024, 12, 31)
_DAYS = (_LAST_DAY - _FIRST_DAY).days + 1
_SR, _CT, _MR, _CR, _DX, _US, _MG, _NM, _PT, _XA, _RF, _SC = (
    f"1.2.840.10008.5.1.4.1.1.{number}"
    for number in ("88.67", "2", "4", "1", "1.1", "6.1", "1.2", "20", "128", "12.1", "12.2", "7")
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of study: how often in a thousand, its series, and what it may be called."""

    weight: int
    modality: str
    sop_class: str
    series: tuple[int, int]
    instances: tuple[int, int]
    body_parts: tuple[str, ...]
    also: tuple[str, str] | None = None
    names: tuple[str, ...] = ()


_KINDS = (
    _Kind(170, "CR", _CR, (1, 2), (1, 2), ("CHEST", "HAND", "KNEE", "FOOT", "SPINE", "PELVIS")),
    _Kind(200, "DX", _DX, (1, 2), (1, 3), ("CHEST", "SHOULDER", "ANKLE", "ABDOMEN", "HIP")),
    _Kind(160, "US", _US, (1, 1), (4, 60), ("ABDOMEN", "THYROID", "HEART", "NECK", "KIDNEY")),
    _Kind(100, "CT", _CT, (1, 3), (40, 600), ("CHEST", "ABDOMEN", "HEAD", "PELVIS", "SPINE"), ("SR", _SR)),
    _Kind(90, "CT", _CT, (2, 3), (40, 900), ("CHEST", "ABDOMEN", "HEAD", "NECK"), names=("POLYTRAUMA", "ANGIO")),
    _Kind(125, "MR", _MR, (2, 5), (20, 240), ("HEAD", "KNEE", "SPINE", "SHOULDER", "PROSTATE"), names=("TUMOUR",)),
    _Kind(60, "MG", _MG, (1, 3), (1, 2), ("BREAST",), names=("SCREENING",)),
    _Kind(30, "XA", _XA, (1, 3), (10, 90), ("HEART", "LEG"), ("SR", _SR), names=("PTCA", "DSA")),
    _Kind(20, "NM", _NM, (1, 3), (1, 4), ("BONE", "THYROID", "LUNG")),
    _Kind(15, "RF", _RF, (1, 3), (5, 40), ("ESOPHAGUS", "COLON")),
    _Kind(15, "OT", _SC, (1, 1), (1, 5), ("SKIN",)),
    _Kind(15, "PT", _PT, (2, 3), (200, 500), ("WHOLEBODY",), ("CT", _CT)),
)
_WEIGHTS = tuple(accumulate(kind.weight for kind in _KINDS))
_MAKERS = (
    ("SIEMENS", "SOMATOM Force"),
    ("GE MEDICAL SYSTEMS", "Revolution"),
    ("Philips", "Ingenia"),
    ("CANON", "Aquilion"),
)
_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"
_UMLAUTS = str.maketrans({"a": "ä", "o": "ö", "u": "ü", "e": "é"})
_JAPANESE_FAMILIES = (
    ("YAMADA", "山田", "やまだ"), ("SUZUKI", "鈴木", "すずき"), ("SATOU", "佐藤", "さとう"),
    ("TANAKA", "田中", "たなか"),
    ("KOBAYASHI", "小林", "こばやし"), ("MORI", "森", "もり"), ("ITOU", "伊藤", "いとう"), ("HAYASHI", "林", "はやし"),
)  # fmt: skip
_JAPANESE_GIVEN = (
    ("TAROU", "太郎", "たろう"), ("HANAKO", "花子", "はなこ"), ("KEN", "健", "けん"), ("AKIRA", "明", "あきら"),
    ("YUMI", "由美", "ゆみ"), ("JUN", "純", "じゅん"), ("MIKI", "美紀", "みき"), ("HIROSHI", "博", "ひろし"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Series:
    """One series: what its instances say of it, by keyword, their SOP class and how many there are."""

    attributes: dict[str, str]
    sop_class: str
    instances: int


@dataclass(frozen=True, slots=True)
class Study:
    """One study.

    Attributes
    ----------
    number
        Which one.
    attributes
        What its instances say of patient and study, by keyword.
    series
        Its series.
    """

    number: int
    attributes: dict[str, str]
    series: list[Series]

    @property
    def instances(self) -> int:
        """How many instances it has."""
        return sum(series.instances for series in self.series)


def study_uid(number: int) -> str:
    """Give the UID of a study."""
    return f"1.2.826.0.1.3680043.9.7433.1.{number}"


def patient_id(number: int) -> str:
    """Give the Patient ID of a patient."""
    return f"PID{number:08d}"


def studies(first: int, last: int, studies_each: Sequence[int] = ONE_EACH) -> Iterator[Study]:
    """Give the studies numbered from `first` up to `last`; the same number is the same study every time."""
    ends = tuple(accumulate(studies_each))
    for number in range(first, last):
        turn, place = divmod(number, ends[-1])
        patient = turn * len(ends) + next(at for at, end in enumerate(ends) if place < end)
        yield _study(number, patient)


def _study(number: int, patient: int) -> Study:
    chance = random.Random(number)
    kind = chance.choices(_KINDS, cum_weights=_WEIGHTS)[0]
    day, time = _moment(chance)
    body_part = chance.choice(kind.body_parts)
    uid = study_uid(number)
    attributes = {
        **_patient(patient),
        "StudyInstanceUID": uid,
        "StudyDate": day,
        "StudyTime": time,
        "AccessionNumber": f"A{number:09d}",
        "StudyID": str(number % 100_000),
        "StudyDescription": " ".join((kind.modality, body_part, *_some(chance, kind.names))),
        "ReferringPhysicianName": _physicians()[int(400 * chance.random() * chance.random())],
    }
    parts = [(kind.modality, kind.sop_class)] * chance.randint(*kind.series) + ([kind.also] if kind.also else [])
    maker, model = chance.choice(_MAKERS)
    series = [
        Series(
            {
                "SeriesInstanceUID": f"{uid}.{place}",
                "Modality": modality,
                "SeriesNumber": str(place),
                "SeriesDescription": f"{body_part.title()} {'Dose Report' if modality == 'SR' else place}",
                "SeriesDate": day,
                "SeriesTime": time,
                "BodyPartExamined": body_part,
                "ProtocolName": f"{body_part.title()} routine",
                "Manufacturer": maker,
                "ManufacturerModelName": model,
                "InstitutionName": "General Hospital",
                "StationName": f"{modality}{1 + patient % 3}",
            },
            sop_class,
            1 if modality == "SR" else chance.randint(*kind.instances),
        )
        for place, (modality, sop_class) in enumerate(parts, 1)
    ]
    return Study(number, attributes, series)


def _moment(chance: random.Random) -> tuple[str, str]:
    # The larger of two chances: each year has more studies than the one before.
    day = _FIRST_DAY + timedelta(days=int(_DAYS * max(chance.random(), chance.random())))
    if day.weekday() > 4 and chance.random() < 0.7:
        day -= timedelta(days=day.weekday() - 4 if day > _FIRST_DAY + timedelta(days=2) else 0)
    hour = chance.choice((7, 8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 12, 13, 14, 14, 15, 16, 18, 21, 2))
    return day.strftime("%Y%m%d"), f"{hour:02d}{chance.randrange(60):02d}{chance.randrange(60):02d}"


def _some(chance: random.Random, names: tuple[str, ...]) -> tuple[str, ...]:
    return (chance.choice(names),) if names and chance.random() < 0.5 else ()


def _patient(number: int) -> dict[str, str]:
    chance = random.Random(number + 1_000_000_000)
    return {
        "PatientID": patient_id(number),
        "PatientName": _name(chance),
        "PatientBirthDate": (date(1925, 1, 1) + timedelta(days=chance.randrange(33_000))).strftime("%Y%m%d"),
        "PatientSex": chance.choice("FM"),
        "IssuerOfPatientID": "HOSPITAL",
    }


def _name(chance: random.Random) -> str:
    if chance.random() < 0.01:
        groups = zip(chance.choice(_JAPANESE_FAMILIES), chance.choice(_JAPANESE_GIVEN), strict=True)
        return "=".join(f"{family}^{given}" for family, given in groups)
    families, given = _words()
    # The product of two chances makes the first names of the lists the common ones.
    last = families[int(len(families) * chance.random() * chance.random())]
    first = given[int(len(given) * chance.random() * chance.random())]
    return f"{last}^{first}".upper()


@cache
def _words() -> tuple[list[str], list[str]]:
    chance = random.Random(7)
    families = [_word(chance, 2, 4) for _ in range(20_000)]
    families = [word.translate(_UMLAUTS) if number % 20 == 9 else word for number, word in enumerate(families)]
    return families, [_word(chance, 2, 3) for _ in range(3_000)]


@cache
def _physicians() -> list[str]:
    chance = random.Random(9)
    return [f"{_word(chance, 2, 4)}^{_word(chance, 1, 2)}^^Dr.".upper() for _ in range(400)]


def _word(chance: random.Random, least: int, most: int) -> str:
    return "".join(
        chance.choice(_CONSONANTS) + chance.choice(_VOWELS) + chance.choice(["", "", chance.choice(_CONSONANTS)])
        for _ in range(chance.randint(least, most))
    )
