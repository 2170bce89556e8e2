"""DICOM files to test with: real ones out of pydicom's wheel, and small ones made to order."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.data import DATA_ROOT
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


@cache
def real_files() -> tuple[Path, ...]:
    """Every DICOM file that lies inside pydicom's wheel; nothing is downloaded."""
    return tuple(path for path in sorted(Path(DATA_ROOT).rglob("*.dcm")) if path.is_file())


def real_file(name: str) -> Path:
    """One of them, by its name."""
    return next(path for path in real_files() if path.name == name)


def instance(**attributes: Any) -> Dataset:
    """Make a small CT image in memory, 16 by 16, a gradient; attributes replace or add to its own."""
    pixels = (np.arange(256, dtype=np.int16) * 8).reshape(16, 16)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    values = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": generate_uid(),
        "StudyDate": "20240131",
        "StudyTime": "101500",
        "AccessionNumber": "A1",
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "StudyDescription": "Chest",
        "SeriesDescription": "Axial",
        "PatientName": "DOE^JANE",
        "PatientID": "P1",
        "PatientBirthDate": "19700101",
        "PatientSex": "F",
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "StudyID": "S1",
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": 16,
        "Columns": 16,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "WindowCenter": 1020,
        "WindowWidth": 2040,
        "PixelData": pixels.tobytes(),
    } | attributes
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset["PixelData"].VR = "OW"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def write(dataset: Dataset, folder: Path) -> Path:
    """Write an instance as a DICOM file named by its SOP Instance UID."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{dataset.SOPInstanceUID}.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_series(folder: Path, images: int, **attributes: Any) -> list[Path]:
    """Write a CT series of that many images, 5 mm apart, each a little brighter than the one before."""
    common = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()} | attributes
    return [write(one, folder) for one in _series(images, common)]


def _series(images: int, common: dict[str, Any]) -> Iterator[Dataset]:
    for number in range(1, images + 1):
        pixels = (np.arange(256, dtype=np.int16) * 7 + number * 4).reshape(16, 16)
        yield instance(
            InstanceNumber=number,
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[0, 0, 5 * number],
            **({"PixelData": pixels.tobytes()} | common),
        )


def read(path: Path) -> Dataset:
    """Read a file whole."""
    return pydicom.dcmread(path)
