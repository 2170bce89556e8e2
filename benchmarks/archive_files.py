"""A folder of many DICOM files: the images inside pydicom's wheel, multiplied under new UIDs."""

from collections.abc import Sequence
from io import BytesIO
from itertools import cycle
from pathlib import Path

import pydicom
from pydicom.data import get_testdata_file

IMAGES_PER_SERIES = 50
SERIES_PER_STUDY = 2

# What an ordinary archive is made of: mostly native CT and MR, some compressed, some colour, some without pixels.
TEMPLATES = (
    "CT_small.dcm", "MR_small.dcm", "CT_small.dcm", "MR_small_RLE.dcm", "693_J2KI.dcm", "JPEG2000.dcm",
    "SC_rgb_jpeg_dcmtk.dcm", "examples_palette.dcm", "reportsi.dcm",
)  # fmt: skip
NATIVE = ("CT_small.dcm", "MR_small.dcm")
# Digits that make a UID of one length for every file, so that a copy is a replacement in bytes.
_PATIENT = b"PATIENTXXXXX"
_NUMBER = b"314159265358"
_ROOT = "1.2.826.0.1.3680043.10.1494.9"


def make_files(folder: Path, files: int, names: Sequence[str] = TEMPLATES) -> list[Path]:
    """Write that many files, 50 a series and two series a study; return their paths."""
    templates = cycle([_template(name) for name in names])
    paths = []
    data = b""
    for number in range(files):
        series, place = divmod(number, IMAGES_PER_SERIES)
        study = series // SERIES_PER_STUDY
        parent = folder / f"study{study:05d}" / f"series{series:05d}"
        if place == 0:
            data = next(templates)
            parent.mkdir(parents=True, exist_ok=True)
        copy = data
        for kind, value in (("1", study), ("2", series), ("3", number)):
            copy = copy.replace(_uid(kind, 0), _uid(kind, value + 1))
        copy = copy.replace(_PATIENT, f"PATIENT{study:05d}".encode())
        copy = copy.replace(_NUMBER, f"{place + 1:012d}".encode())
        path = parent / f"{place:04d}.dcm"
        path.write_bytes(copy)
        paths.append(path)
    return paths


def _uid(kind: str, number: int) -> bytes:
    return f"{_ROOT}.{kind}.1{number:07d}".encode("ascii")


def _template(name: str) -> bytes:
    dataset = pydicom.dcmread(get_testdata_file(name, download=False))
    dataset.StudyInstanceUID = _uid("1", 0).decode()
    dataset.SeriesInstanceUID = _uid("2", 0).decode()
    dataset.SOPInstanceUID = _uid("3", 0).decode()
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.PatientID = _PATIENT.decode()
    dataset.PatientName = _PATIENT.decode()
    dataset.InstanceNumber = _NUMBER.decode()
    buffer = BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()
