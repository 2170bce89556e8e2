"""Studies of one CT image each, as large as such images are, and quick to write."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

SIDE = 512
_ROOT = "1.2.826.0.1.3680043.10.1494.7"


def study_uid(number: int) -> str:
    return f"{_ROOT}.{number}"


def series_uid(number: int) -> str:
    return f"{_ROOT}.{number}.1"


def instance_uid(number: int) -> str:
    return f"{_ROOT}.{number}.1.1"


def write(folder: Path, count: int, side: int = SIDE) -> list[Path]:
    """Write `count` files, an image of `side` by `side` in each."""
    folder.mkdir(parents=True)
    noise = np.random.default_rng(7).normal(0, 12, (side, side))
    return [_write(folder / f"{number:05d}.dcm", number, noise) for number in range(count)]


def _write(path: Path, number: int, noise: np.ndarray) -> Path:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = instance_uid(number)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study_uid(number), series_uid(number)
    dataset.StudyDate = f"2024{1 + number % 12:02d}{1 + number % 28:02d}"
    dataset.StudyTime, dataset.AccessionNumber = f"{number % 24:02d}1500", f"A{number}"
    dataset.Modality, dataset.StudyDescription, dataset.SeriesDescription = "CT", "CT CHEST", "AXIAL"
    dataset.PatientName, dataset.PatientID = f"DOE^JANE{number}", f"PID{number:08d}"
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "F"
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = "1", 1, 1
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows = dataset.Columns = len(noise)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    dataset.RescaleIntercept, dataset.RescaleSlope = 0, 1
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    dataset.add_new(0x7FE00010, "OW", _body(number, noise).astype("<i2").tobytes())
    dataset.save_as(path, enforce_file_format=True)
    return path


def _body(number: int, noise: np.ndarray) -> np.ndarray:
    """Draw a body with two lungs and a spine in air, a little different in each study."""
    down, across = np.meshgrid(*(np.linspace(-1, 1, len(noise)),) * 2, indexing="ij")
    shift = 0.1 * np.sin(number)
    hounsfield = np.where((across / 0.9) ** 2 + (down / 0.65) ** 2 < 1, 40.0, -1000.0)
    for side in (-0.4, 0.4):
        hounsfield[((across - side) / 0.3) ** 2 + ((down - shift) / 0.42) ** 2 < 1] = -800
    hounsfield[(across / 0.12) ** 2 + ((down - 0.42) / 0.12) ** 2 < 1] = 700
    return hounsfield + noise
