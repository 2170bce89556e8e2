"""The columns of a list of answers without pictures, level by level: one line an answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset

from ..query import Level, tag_of, vr_of
from .values import date_text, joined, kind_text, list_text, name_text, sex_text, time_text, value_of


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Parameters
    ----------
    heading
        What stands above it.
    keywords
        The elements it shows.
    text
        Makes its text from their values, in the same order.
    rank
        Where the terminal is too narrow, the columns with the highest rank go first.
    is_number
        Numbers stand at the right edge.
    is_free_text
        Free text is cut where there is no room; everything else stays whole.
    """

    heading: str
    keywords: tuple[str, ...]
    text: Callable[..., str]
    rank: int = 0
    is_number: bool = False
    is_free_text: bool = False

    def of(self, dataset: Dataset) -> str:
        """Give the column's text for one answer."""
        return self.text(*(value_of(dataset, keyword) for keyword in self.keywords))


def _as_it_is(value: str) -> str:
    return value


def _when(date: str, time: str) -> str:
    return joined((date_text(date), time_text(time)), " ")


def _size(rows: str, columns: str) -> str:
    return f"{columns} x {rows}" if rows and columns else ""


_PATIENT = (
    Column("Patient", ("PatientName",), name_text, is_free_text=True),
    Column("Patient ID", ("PatientID",), _as_it_is, 1),
    Column("Born", ("PatientBirthDate",), date_text, 3),
    Column("Sex", ("PatientSex",), sex_text, 5),
)
_STUDY_UID = Column("Study Instance UID", ("StudyInstanceUID",), _as_it_is, 8)
_SERIES_UID = Column("Series Instance UID", ("SeriesInstanceUID",), _as_it_is, 7)

COLUMNS = {
    Level.PATIENT: (
        *_PATIENT,
        Column("Studies", ("NumberOfPatientRelatedStudies",), _as_it_is, 2, is_number=True),
    ),
    Level.STUDY: (
        Column("Study", ("StudyDate", "StudyTime"), _when),
        *_PATIENT,
        Column("Modalities", ("ModalitiesInStudy",), list_text, 1),
        Column("Description", ("StudyDescription",), _as_it_is, 2, is_free_text=True),
        Column("Series", ("NumberOfStudyRelatedSeries",), _as_it_is, 4, is_number=True),
        Column("Images", ("NumberOfStudyRelatedInstances",), _as_it_is, 3, is_number=True),
        Column("Accession", ("AccessionNumber",), _as_it_is, 6),
        Column("Study ID", ("StudyID",), _as_it_is, 7),
        _STUDY_UID,
    ),
    Level.SERIES: (
        Column("Series", ("SeriesNumber",), _as_it_is, is_number=True),
        Column("Modality", ("Modality",), _as_it_is),
        Column("Description", ("SeriesDescription",), _as_it_is, 1, is_free_text=True),
        Column("Body part", ("BodyPartExamined",), _as_it_is, 3),
        Column("Images", ("NumberOfSeriesRelatedInstances",), _as_it_is, 2, is_number=True),
        _SERIES_UID,
        _STUDY_UID,
    ),
    Level.IMAGE: (
        Column("Image", ("InstanceNumber",), _as_it_is, is_number=True),
        Column("Kind", ("SOPClassUID",), kind_text),
        Column("Pixels", ("Rows", "Columns"), _size, 1),
        Column("Frames", ("NumberOfFrames",), _as_it_is, 2, is_number=True),
        Column("SOP Instance UID", ("SOPInstanceUID",), _as_it_is, 6),
        _SERIES_UID,
        _STUDY_UID,
    ),
}


def columns_for(level: Level, wanted: Sequence[str]) -> tuple[Column, ...]:
    """Give the columns of a level.

    Parameters
    ----------
    level
        PATIENT to IMAGE.
    wanted
        Keywords, or paths into sequences, that somebody asked for by name: those that the level's own columns lack get
        columns of their own, and none of theirs is ever left out.
    """
    own = COLUMNS[level]
    shown = {keyword for column in own for keyword in column.keywords}
    kept = tuple(replace(column, rank=0) if set(column.keywords) & set(wanted) else column for column in own)
    return (*kept, *(Column(keyword, (keyword,), text_of(keyword)) for keyword in wanted if keyword not in shown))


def text_of(keyword: str) -> Callable[[str], str]:
    """Give what makes a text of an element's value, by its VR; of a path, its last keyword tells."""
    vr = vr_of(tag_of(keyword.rpartition(".")[2]))
    return {"DA": date_text, "PN": name_text, "TM": time_text}.get(vr, list_text)
