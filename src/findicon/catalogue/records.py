"""What goes into the catalogue about one instance, and what it tells about where one lies."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..icons import Facts


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    r"""One instance as its file shows it.

    Parameters
    ----------
    attributes
        Text by tag for the tags in `ATTRIBUTES`, decoded, several values joined by backslashes; absent ones may be
        left out.
    facts
        What the choice of a picture needs.
    location
        Path or URI of the file, the same every time it is read.
    size
        The file's size in bytes.
    modified
        When the file was modified last, in seconds since 1970.
    transfer_syntax
        UID of the file's transfer syntax.
    header
        The data set in Explicit VR Little Endian without bulk data and long values; what cannot be asked by column is
        answered from it at IMAGE level.
    """

    attributes: Mapping[int, str]
    facts: Facts
    location: str
    size: int
    modified: float
    transfer_syntax: str
    header: bytes = b""


@dataclass(frozen=True, slots=True)
class Location:
    """Where an instance lies.

    Parameters
    ----------
    path
        Path or URI of its file.
    size, modified
        The file's size in bytes and its time of modification in seconds since 1970, as they were when it was read.
    transfer_syntax, sop_class
        UIDs.
    """

    path: str
    size: int
    modified: float
    transfer_syntax: str
    sop_class: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, or a picture that could not be made.

    Parameters
    ----------
    path
        The file; or the level and UID of the picture.
    reason
        One sentence.
    """

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A file whose SOP Instance UID another file has, too; the catalogue shows the other one.

    Parameters
    ----------
    path, shown
        The two files.
    sop_instance
        The UID.
    """

    path: str
    shown: str
    sop_instance: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A study whose patient data disagree: among its instances, or with the patient's other studies.

    Parameters
    ----------
    study
        Study Instance UID.
    patient_id, patient_name, patient_birth_date, patient_sex
        What the study says, which stays as it is.
    within
        Whether the study's own instances disagree; else it disagrees with the patient's latest study.
    """

    study: str
    patient_id: str
    patient_name: str
    patient_birth_date: str
    patient_sex: str
    within: bool
