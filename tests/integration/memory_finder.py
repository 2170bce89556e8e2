"""A Finder over answers that are at hand, for tests of the exchange: what it gives is known before it is asked."""

from collections.abc import Callable, Iterable, Iterator

from pydicom.dataset import Dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.query import Cancel, Match, Query, encode, never

SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian)


class MemoryMatch(Match):
    """An answer that was encoded before anybody asked."""

    def __init__(self, dataset: Dataset, *, all_keys_supported: bool = True) -> None:
        self._encoded: dict[UID, bytes] = {syntax: encode(dataset, syntax) for syntax in SYNTAXES}
        self.all_keys_supported = all_keys_supported

    def encoded(self, transfer_syntax: UID) -> bytes:
        return self._encoded[transfer_syntax]


class MemoryFinder:
    """Answers from a list; remembers what it was asked."""

    def __init__(self, matches: Iterable[Match] = (), by_patient: dict[str, Match] | None = None) -> None:
        self.matches = list(matches)
        self.by_patient = by_patient or {}
        self.asked: list[Query] = []

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        self.asked.append(query)
        patient = query.keys.get(0x00100020)
        if self.by_patient and patient is not None and patient.values:
            found = self.by_patient.get(patient.values[0])
            return iter([found] if found else [])
        return iter(self.matches)


class ActingFinder:
    """Answers with what a function makes of each question."""

    def __init__(self, act: Callable[[Query, Cancel], Iterator[Match]]) -> None:
        self._act = act

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        return self._act(query, cancel)


def study(number: int, icon: bool = True) -> Dataset:
    """Make a STUDY level answer, with a 64 by 64 picture when told so."""
    answer = Dataset()
    answer.SpecificCharacterSet = "ISO_IR 192"
    answer.StudyDate = "20240131"
    answer.AccessionNumber = f"A{number}"
    answer.QueryRetrieveLevel = "STUDY"
    answer.RetrieveAETitle = "FINDICON"
    answer.ModalitiesInStudy = "CT"
    answer.StudyDescription = f"Study {number}"
    answer.PatientName = f"DOE^J{number}"
    answer.PatientID = f"P{number}"
    answer.StudyInstanceUID = f"1.2.3.{number}"
    if icon:
        answer.IconImageSequence = [picture(number)]
    return answer


def picture(number: int = 0) -> Dataset:
    item = Dataset()
    item.SamplesPerPixel = 1
    item.PhotometricInterpretation = "MONOCHROME2"
    item.Rows = item.Columns = 64
    item.BitsAllocated = item.BitsStored = 8
    item.HighBit = 7
    item.PixelRepresentation = 0
    item.add_new(0x7FE00010, "OB", bytes((number + index) % 256 for index in range(4096)))
    return item
