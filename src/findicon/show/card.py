"""One answer in a few lines, for the place beside its picture: in the terminal, in a notebook, on a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from ..query import Level
from .columns import COLUMNS, text_of
from .values import counted, date_text, joined, kind_text, list_text, name_text, sex_text, time_text, value_of


@dataclass(frozen=True, slots=True)
class Card:
    """One answer in a few lines.

    Parameters
    ----------
    title
        What people look for first: whose study, which series, which image.
    facts
        A few short lines; none is empty.
    uid
        The level's unique key, to ask on with.
    extra
        Elements somebody asked for by name that the lines above do not show: keyword and value.
    """

    title: str
    facts: tuple[str, ...]
    uid: str
    extra: tuple[tuple[str, str], ...]


def card_of(dataset: Dataset, level: Level, wanted: Sequence[str] = ()) -> Card:
    """Put an answer into a few lines; `wanted` are keywords that somebody asked for by name."""
    title, facts, uid = _CARDS[level](dataset)
    shown = {keyword for column in COLUMNS[level] for keyword in column.keywords}
    extra = tuple((keyword, text_of(keyword)(value_of(dataset, keyword))) for keyword in wanted if keyword not in shown)
    return Card(title, tuple(fact for fact in facts if fact), uid, extra)


_Lines = tuple[str, tuple[str, ...], str]


def _person(dataset: Dataset) -> str:
    born = date_text(value_of(dataset, "PatientBirthDate"))
    return joined((value_of(dataset, "PatientID"), born and f"born {born}", sex_text(value_of(dataset, "PatientSex"))))


def _patient(dataset: Dataset) -> _Lines:
    studies = counted(value_of(dataset, "NumberOfPatientRelatedStudies"), "study", "studies")
    name = name_text(value_of(dataset, "PatientName")) or "(no name)"
    return name, (_person(dataset), studies), ""


def _study(dataset: Dataset) -> _Lines:
    def value(keyword: str) -> str:
        return value_of(dataset, keyword)

    when = joined((date_text(value("StudyDate")), time_text(value("StudyTime"))), " ")
    series = counted(value("NumberOfStudyRelatedSeries"), "series", "series")
    images = counted(value("NumberOfStudyRelatedInstances"), "image", "images")
    accession, study_id = value("AccessionNumber"), value("StudyID")
    facts = (
        _person(dataset),
        joined((when, list_text(value("ModalitiesInStudy")))),
        value("StudyDescription"),
        joined((series, images)),
        joined((accession and f"accession {accession}", study_id and f"study ID {study_id}")),
    )
    return name_text(value("PatientName")) or "(no name)", facts, value("StudyInstanceUID")


def _series(dataset: Dataset) -> _Lines:
    def value(keyword: str) -> str:
        return value_of(dataset, keyword)

    number = value("SeriesNumber")
    facts = (
        value("SeriesDescription"),
        value("BodyPartExamined").lower(),
        counted(value("NumberOfSeriesRelatedInstances"), "image", "images"),
    )
    return joined((value("Modality"), number and f"series {number}")) or "Series", facts, value("SeriesInstanceUID")


def _image(dataset: Dataset) -> _Lines:
    def value(keyword: str) -> str:
        return value_of(dataset, keyword)

    rows, columns, frames = value("Rows"), value("Columns"), value("NumberOfFrames")
    size = f"{columns} x {rows}" if rows and columns else ""
    facts = (
        kind_text(value("SOPClassUID")),
        joined((size, counted(frames, "frame", "frames") if frames not in ("", "0", "1") else "")),
    )
    return joined(("Image", value("InstanceNumber")), " "), facts, value("SOPInstanceUID")


_CARDS = {Level.PATIENT: _patient, Level.STUDY: _study, Level.SERIES: _series, Level.IMAGE: _image}
