"""The demo's archive: copies of the images inside pydicom's wheel under made-up names, and a phantom's CT."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.data.data_manager import DATA_ROOT
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from .phantom import axial_slices, localizer

SLICES = 60
_SPACING, _SIZE, _FIELD = 5.0, 256, 390.0
_PIXEL = _FIELD / _SIZE


@dataclass(frozen=True, slots=True)
class _Patient:
    name: str
    patient_id: str
    born: str
    sex: str


_JANE = _Patient("Doe^Jane", "P1001", "19620314", "F")
_JOHN = _Patient("Doe^John", "P1002", "19571102", "M")
_RICHARD = _Patient("Roe^Richard", "P1003", "19810720", "M")
_ANNA = _Patient("Miller^Anna", "P1004", "19940228", "F")
_ADA = _Patient("Okafor^Ada", "P1005", "19490909", "F")
_PHYSICS = _Patient("Test^Pattern", "QA-1", "", "O")


@dataclass(frozen=True, slots=True)
class _Study:
    date: str
    time: str
    patient: _Patient
    description: str
    series: str
    files: tuple[str, ...]


_STUDIES = (
    _Study("20240312", "0915", _JOHN, "CT thoracic spine", "Axial 5 mm", ("CT_small",)),
    _Study("20240305", "1120", _RICHARD, "CT head", "Axial, J2K lossless", ("J2K_pixelrep_mismatch",)),
    _Study("20240301", "0830", _JANE, "MR liver", "T1 with contrast", ("examples_overlay",)),
    _Study("20240228", "1410", _ANNA, "MR shoulder", "Coronal, JPEG-LS", ("MR_small_jpeg_ls_lossless",)),
    _Study("20240226", "0945", _RICHARD, "Whole body bone scan", "Anterior", ("JPEG-lossy", "JPEG2000")),
    _Study("20240220", "1605", _ANNA, "US neck", "Lymph node, Doppler", ("examples_rgb_color", "examples_jpeg2k")),
    _Study("20240215", "1330", _ADA, "Echocardiography", "Parasternal long axis", ("examples_ybr_color",)),
    _Study("20240210", "1015", _JANE, "US abdomen", "Palette colour", ("examples_palette",)),
    _Study("20240131", "0900", _JOHN, "Segmentation", "Liver", ("liver_1frame",)),
    _Study("20240130", "1500", _JOHN, "Radiotherapy", "Dose grid, RLE", ("rtdose_rle",)),
    _Study("20240130", "1510", _JOHN, "Radiotherapy plan", "Plan", ("rtplan",)),
    _Study("20240125", "1145", _ADA, "ECG", "12 leads", ("waveform_ecg",)),
    _Study("20240124", "1730", _RICHARD, "Report", "Basic text", ("reportsi",)),
    _Study("20240101", "0700", _PHYSICS, "Colour bars", "Secondary captures", ("SC_rgb_rle_2frame", "SC_rgb_gdcm_KY")),
    _Study("20240101", "0710", _PHYSICS, "Colour transform", "JPEG 2000", ("GDCMJ2K_TextGBR",)),
    _Study("20240101", "0720", _PHYSICS, "Deflated", "Squares", ("image_dfl",)),
)  # fmt: skip


def build_archive(folder: Path) -> int:
    """Write the demo's archive into a folder; give the number of files.

    Nothing is downloaded: every file is inside pydicom's wheel or drawn here, and none shows a patient by name.
    """
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some of the wheel's files carry odd UIDs and dates on purpose
        for number, dataset in enumerate([*_copies(), *_phantom_study()], 1):
            path = folder / f"{dataset.PatientID}" / f"{number:04}.dcm"
            path.parent.mkdir(parents=True, exist_ok=True)
            dataset.save_as(path, enforce_file_format=True)
            count = number
    return count


def _copies() -> Iterator[Dataset]:
    for number, study in enumerate(_STUDIES, 1):
        identity = _identity(study.patient, study.date, study.time, study.description, number)
        for name in study.files:
            dataset = dcmread(Path(DATA_ROOT) / "test_files" / f"{name}.dcm")
            dataset.update(identity)
            dataset.SeriesDescription = study.series
            dataset.setdefault("Modality", "OT")
            yield dataset


def _identity(patient: _Patient, date: str, time: str, description: str, number: int) -> Dataset:
    identity = Dataset()
    identity.PatientName = patient.name
    identity.PatientID = patient.patient_id
    identity.PatientBirthDate = patient.born
    identity.PatientSex = patient.sex
    identity.StudyDate = date
    identity.StudyTime = f"{time}00"
    identity.StudyDescription = description
    identity.AccessionNumber = f"A{240000 + number}"
    identity.StudyID = str(number)
    return identity


def _phantom_study() -> Iterator[Dataset]:
    common = _identity(_JANE, "20240318", "1010", "CT chest with contrast (phantom)", 0)
    common.StudyInstanceUID = _uid("study")
    common.FrameOfReferenceUID = _uid("frame of reference")
    top = SLICES * _SPACING
    rows = int(top / _PIXEL)
    scout = _ct(common, 1, "Localizer", 1, localizer(rows, _SIZE, _PIXEL), centre=2048, width=4096)
    scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    scout.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    scout.ImagePositionPatient = [-_FIELD / 2, 0, top]
    yield scout
    positions = [_SPACING * (number + 0.5) for number in range(SLICES)]
    for number, image in enumerate(axial_slices(_SIZE, _FIELD, positions), 1):
        dataset = _ct(common, 2, "Axial 5 mm", number, image + 1024, centre=40, width=400, intercept=-1024)
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.ImagePositionPatient = [-_FIELD / 2, -_FIELD / 2, positions[number - 1]]
        dataset.SliceThickness = _SPACING
        yield dataset


def _ct(
    common: Dataset, series: int, description: str, number: int, pixels: NDArray[Any], *, centre: int, width: int,
    intercept: int = 0,
) -> Dataset:  # fmt: skip
    dataset = Dataset()
    dataset.update(common)
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = _uid(f"series {series} image {number}")
    dataset.SeriesInstanceUID = _uid(f"series {series}")
    dataset.Modality = "CT"
    dataset.Manufacturer = "findicon"
    dataset.BodyPartExamined = "CHEST"
    dataset.SeriesNumber = series
    dataset.SeriesDescription = description
    dataset.InstanceNumber = number
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.PixelSpacing = [_PIXEL, _PIXEL]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.WindowCenter, dataset.WindowWidth = centre, width
    dataset.RescaleIntercept, dataset.RescaleSlope = intercept, 1
    dataset.PixelData = pixels.astype(np.uint16).tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def _uid(name: str) -> str:
    """Give the phantom's UID of that name, the same at every run (PS3.5 B.2)."""
    return str(generate_uid(entropy_srcs=["findicon demo", name]))
