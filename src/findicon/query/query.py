"""A question: what a C-FIND request, a QIDO-RS search or a line of Python asks (PS3.4 C.4.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydicom.dataset import Dataset

from ..errors import QueryError
from .keys import Key
from .levels import ICON_IMAGE_SEQUENCE, QUERY_RETRIEVE_LEVEL, Level, Model

# What the default request asks back, because people look for it in a list of answers.
_RETURNED = {
    Level.PATIENT: (
        "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "NumberOfPatientRelatedStudies",
    ),
    Level.STUDY: (
        "StudyDate", "StudyTime", "AccessionNumber", "ModalitiesInStudy", "StudyDescription", "PatientName",
        "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID",
        "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
    ),
    Level.SERIES: (
        "Modality", "SeriesDescription", "BodyPartExamined", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber",
        "NumberOfSeriesRelatedInstances",
    ),
    Level.IMAGE: (
        "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "InstanceNumber",
        "NumberOfFrames", "Rows", "Columns",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """What both sides agreed on by extended negotiation (PS3.4 C.5.1.1); nothing unless negotiated."""

    relational: bool = False
    combined_datetime: bool = False
    fuzzy_names: bool = False
    timezone: bool = False
    enhanced_multiframe: bool = False
    empty_value: bool = False
    multiple_value: bool = False


@dataclass(frozen=True, init=False)
class Query:
    """A question to any Finder; immutable.

    Parameters
    ----------
    level
        PATIENT, STUDY, SERIES or IMAGE: a Level, or its name in any case.
    model
        The information model (PS3.4 C.6); Study Root unless the level needs Patient Root.
    icon
        Ask for (0088,0200) Icon Image Sequence, with no value (PS3.4 C.2.2.2.3).
    keys
        Keys beside those given as keywords; a keyword wins over them.
    defaults
        Ask back what a list of answers at this level usually shows.
    options
        What extended negotiation agreed on; an asker proposes these.
    order
        Keywords to sort by, ``-`` before one that descends; a Finder that cannot sort ignores it.
    offset, limit
        How many answers to leave out at the front and how many to give at most; None gives all.
    character_sets
        (0008,0005) of the request; answers use it where it can hold them.
    **keywords
        DICOM keywords and what they shall match, as in ``PatientName="DOE*"``; ``""`` asks for the value back.

    Raises
    ------
    QueryError
        A keyword that the dictionary does not know, or a level that does not exist in the model.
    """

    level: Level
    model: Model
    keys: Mapping[int, Key]
    options: Options
    order: tuple[str, ...]
    offset: int
    limit: int | None
    character_sets: tuple[str, ...]

    def __init__(
        self,
        level: Level | str,
        *,
        model: Model | None = None,
        icon: bool = False,
        keys: Iterable[Key] = (),
        defaults: bool = True,
        options: Options | None = None,
        order: Iterable[str] = (),
        offset: int = 0,
        limit: int | None = None,
        character_sets: Iterable[str] = (),
        **keywords: str,
    ) -> None:
        level = level_named(level)
        model = model or (Model.PATIENT_ROOT if level is Level.PATIENT else Model.STUDY_ROOT)
        if level not in model.levels:
            raise QueryError(f"{model.name} has no {level} level", offending_element=QUERY_RETRIEVE_LEVEL)
        wanted = [Key.named(name) for name in _RETURNED[level]] if defaults else []
        wanted += keys
        wanted += [Key.named(name, value) for name, value in keywords.items()]
        if icon and not any(key.tag == ICON_IMAGE_SEQUENCE for key in wanted):
            wanted.append(Key(ICON_IMAGE_SEQUENCE, "SQ"))
        by_tag = {key.tag: key for key in wanted}
        self.__dict__.update(
            level=level,
            model=model,
            keys=MappingProxyType(dict(sorted(by_tag.items()))),
            options=options or Options(),
            order=tuple(order),
            offset=offset,
            limit=limit,
            character_sets=tuple(character_sets),
        )

    @property
    def icon(self) -> bool:
        """Whether the question asks for (0088,0200) Icon Image Sequence."""
        return ICON_IMAGE_SEQUENCE in self.keys

    def to_dataset(self) -> Dataset:
        """Make the C-FIND identifier that asks this (PS3.4 C.4.1.1.3.1); the caller may change it at will."""
        dataset = Dataset()
        if self.character_sets:
            dataset.SpecificCharacterSet = list(self.character_sets)
        dataset.QueryRetrieveLevel = str(self.level)
        for level in (*self.model.levels_above(self.level), self.level):
            dataset.add(self.keys.get(level.unique_key, Key(level.unique_key, "UI")).to_element())
        for key in self.keys.values():
            dataset.add(key.to_element())
        return dataset


def level_named(name: str) -> Level:
    """Give the level of that name, in any case; raise QueryError for a name that is none."""
    try:
        return Level(name)
    except ValueError:
        raise QueryError(
            f"{name!r} is no level: it may be {', '.join(Level)}", offending_element=QUERY_RETRIEVE_LEVEL
        ) from None
