"""What was read from a file, as a record of the catalogue."""

from ..catalogue import ATTRIBUTES, InstanceRecord
from .paths import location_of
from .reading import Kept, read_file
from .walk import File

WANTED = frozenset(ATTRIBUTES)
"""Tags of the attributes that a worker is to read."""


def record_of(kept: Kept, *, location: str = "") -> InstanceRecord:
    """Make the catalogue's record.

    Parameters
    ----------
    kept
        What was read.
    location
        What the catalogue shall call the file, where that is not its path.
    """
    return InstanceRecord(
        attributes=kept.attributes,
        facts=kept.facts,
        location=location or location_of(kept.file.path),
        size=kept.file.size,
        modified=kept.file.modified,
        transfer_syntax=kept.transfer_syntax,
        header=kept.header,
    )


def read_record(file: File, *, location: str = "") -> InstanceRecord:
    """Read the header of a DICOM file for the catalogue; raises StorageError."""
    return record_of(read_file(file, WANTED), location=location)
