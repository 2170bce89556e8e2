"""What the pages show of an answer, in the words of people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ..attributes import Attribute
from ..services import text

_SEXES = {"F": "female", "M": "male", "O": "other"}
_Found = dict[int, Attribute]


@dataclass(frozen=True, slots=True)
class Study:
    """A study as a page shows it."""

    uid: str
    name: str
    patient_id: str
    person: str
    brief: str
    date: str
    time: str
    modalities: tuple[str, ...]
    description: str
    accession: str
    series: str
    images: str

    @property
    def when(self) -> str:
        """Date and time."""
        return f"{self.date} {self.time}".strip() or "no date"

    @property
    def alt(self) -> str:
        """What the picture of it shows."""
        return f"{' and '.join(self.modalities) or 'No modality'}, {self.description or 'no description'}, {self.when}"


@dataclass(frozen=True, slots=True)
class Series:
    """A series as a page shows it."""

    uid: str
    number: str
    modality: str
    description: str
    details: str
    images: int

    @property
    def title(self) -> str:
        """What it is called."""
        return self.description or f"Series {self.number or 'without a number'}"

    @property
    def alt(self) -> str:
        """What the picture of it shows."""
        return f"Series {self.number}, {self.modality}, {self.title}"


@dataclass(frozen=True, slots=True)
class Image:
    """An instance as a page shows it."""

    uid: str
    number: str
    frames: int
    size: str
    kind: str

    @property
    def title(self) -> str:
        """What it is called."""
        return f"Image {self.number}" if self.number else "Image"


def study_of(found: _Found) -> Study:
    """Give a study out of an answer."""
    day = text(found, 0x00080020)
    return Study(
        uid=text(found, 0x0020000D),
        name=name_text(text(found, 0x00100010)) or "No name",
        patient_id=text(found, 0x00100020),
        person=_person(text(found, 0x00100030), text(found, 0x00100040), day),
        brief=_brief(text(found, 0x00100030), text(found, 0x00100040), day),
        date=date_text(day),
        time=time_text(text(found, 0x00080030)),
        modalities=values(found, 0x00080061),
        description=text(found, 0x00081030),
        accession=text(found, 0x00080050),
        series=counted(text(found, 0x00201206), "series", "series"),
        images=counted(text(found, 0x00201208), "image", "images"),
    )


def series_of(found: _Found) -> Series:
    """Give a series out of an answer."""
    images = text(found, 0x00201209)
    details = (text(found, 0x00180015).capitalize(), text(found, 0x00081010))
    return Series(
        uid=text(found, 0x0020000E),
        number=text(found, 0x00200011),
        modality=text(found, 0x00080060),
        description=text(found, 0x0008103E),
        details=" · ".join(one for one in details if one),
        images=int(images) if images.isdigit() else 0,
    )


def image_of(found: _Found) -> Image:
    """Give an instance out of an answer."""
    frames = text(found, 0x00280008)
    rows, columns = text(found, 0x00280010), text(found, 0x00280011)
    return Image(
        uid=text(found, 0x00080018),
        number=text(found, 0x00200013),
        frames=max(int(frames), 1) if frames.isdigit() else 1,
        size=f"{columns} x {rows}" if rows and columns else "",
        kind=text(found, 0x00080016),
    )


def values(found: _Found, tag: int) -> tuple[str, ...]:
    """Give all values of an attribute."""
    attribute = found.get(tag)
    return tuple(str(value) for value in attribute.values if value) if attribute is not None else ()


def name_text(name: str) -> str:
    """Write a person name as people do: family name first, other scripts in brackets (PS3.5 6.2.1)."""
    groups = [_group(group) for group in name.split("=")]
    first, others = groups[0], [group for group in groups[1:] if group]
    return f"{first} ({', '.join(others)})" if first and others else first or ", ".join(others)


def _group(group: str) -> str:
    family, *rest = (component.strip() for component in group.split("^"))
    given = " ".join(component for component in rest if component)
    return f"{family}, {given}" if family and given else family or given


def date_text(day: str) -> str:
    """Write a date as 2024-01-31."""
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}" if len(day) == 8 and day.isdigit() else day


def time_text(time: str) -> str:
    """Write a time as 10:15."""
    return f"{time[:2]}:{time[2:4]}" if len(time) >= 4 and time[:4].isdigit() else ""


def counted(number: str, one: str, many: str) -> str:
    """Write how many there are."""
    return f"{int(number):,} {one if number == '1' else many}" if number.isdigit() else ""


def _person(born: str, sex: str, at: str) -> str:
    parts = [_SEXES.get(sex, ""), _age(born, at), f"born {date_text(born)}" if born else ""]
    return ", ".join(part for part in parts if part)


def _brief(born: str, sex: str, at: str) -> str:
    """Write sex and age as short as they are on a film: F 61 y."""
    age = _age(born, at).replace(" years", " y").replace(" months", " mo").replace(" month", " mo")
    return joined((sex, age), " ")


def _age(born: str, at: str) -> str:
    """Write how old somebody was on a day: in years, or in months below two years."""
    try:
        birth, day = (date(int(one[:4]), int(one[4:6]), int(one[6:8])) for one in (born, at))
    except ValueError:
        return ""
    months = (day.year - birth.year) * 12 + day.month - birth.month - (day.day < birth.day)
    if months < 0:
        return ""
    return f"{months // 12} years" if months >= 24 else f"{months} month{'' if months == 1 else 's'}"


def joined(parts: Sequence[str], separator: str = " · ") -> str:
    """Join what is not empty."""
    return separator.join(part for part in parts if part)
