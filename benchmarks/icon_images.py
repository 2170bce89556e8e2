"""Images to measure with: real ones, enlarged to what modalities store, in one file per transfer syntax.

The originals are pydicom-data's. What surrounds the pixels is what a modality writes: identification, geometry, window.
"""

import struct
from functools import cache
from pathlib import Path

import data_store
import imagecodecs
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

_DATA = Path(data_store.__file__).parent / "data"
NATIVE = str(ExplicitVRLittleEndian)
RLE = "1.2.840.10008.1.2.5"
JPEG, JPEG_12, JPEG_LOSSLESS, JPEG_LS, J2K, HTJ2K = (
    f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 70, 80, 90, 201)
)
_SOP_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "MG": "1.2.840.10008.5.1.4.1.1.1.2",
    "US": "1.2.840.10008.5.1.4.1.1.3.1",
    "XA": "1.2.840.10008.5.1.4.1.1.12.1",
    "SM": "1.2.840.10008.5.1.4.1.1.77.1.6",
}


@cache
def frame_of(modality: str) -> np.ndarray:
    """Give one frame: CT, DX, MG and XA as (rows, columns), US and SM as (rows, columns, 3)."""
    if modality == "CT":
        hounsfield = pydicom.dcmread(_DATA / "693_UNCR.dcm").pixel_array
        return (hounsfield.astype(np.int32) + 1024).clip(0, 4095).astype(np.uint16)
    if modality == "DX":
        return _enlarged("RG1_UNCR.dcm", 2500, 2048, 3500 / 26479, 12)
    if modality == "MG":
        return _enlarged("RG3_UNCR.dcm", 4096, 3328, 3500 / 1023, 6)
    if modality == "XA":
        return _enlarged("RG1_UNCR.dcm", 512, 512, 255 / 26479, 2).astype(np.uint8)
    small = Image.fromarray(pydicom.examples.ybr_color.pixel_array[10])
    size = (1024, 768) if modality == "US" else (240, 240)
    return np.asarray(small.resize(size, Image.Resampling.BICUBIC))


def _enlarged(name: str, rows: int, columns: int, scale: float, noise: float) -> np.ndarray:
    stored = pydicom.dcmread(_DATA / name).pixel_array.astype(np.float32)
    large = np.asarray(Image.fromarray(stored).resize((columns, rows), Image.Resampling.BICUBIC)) * scale
    large = large + np.random.default_rng(0).normal(0, noise, large.shape)
    return large.clip(0, 4095).astype(np.uint16)


def encoded(frame: np.ndarray, syntax: str) -> bytes:
    """Encode a frame as a transfer syntax wants it."""
    bits = 8 if frame.dtype == np.uint8 else 12
    if syntax == RLE:
        return _run_length(frame)
    if syntax == JPEG:
        return imagecodecs.jpeg8_encode(frame, 90, subsampling="422" if frame.ndim == 3 else None)
    if syntax == JPEG_12:
        return imagecodecs.jpeg8_encode(frame, 95, bitspersample=bits)
    if syntax == JPEG_LOSSLESS:
        return imagecodecs.jpeg8_encode(frame, lossless=True, predictor=1, bitspersample=bits)
    if syntax == JPEG_LS:
        return imagecodecs.jpegls_encode(frame)
    if syntax == HTJ2K:
        return imagecodecs.htj2k_encode(frame, reversible=True, resolutions=5)
    return imagecodecs.jpeg2k_encode(
        frame, 0, reversible=True, codecformat="j2k", bitspersample=bits, resolutions=6, mct=frame.ndim == 3
    )


def _run_length(frame: np.ndarray) -> bytes:
    """Encode in RLE Lossless: the most significant byte of each sample first, each row by itself (PS3.5 G)."""
    samples = frame if frame.ndim == 3 else frame[:, :, None]
    planes = [
        np.ascontiguousarray(samples[:, :, sample]).view(np.uint8)[:, byte :: frame.itemsize]
        for sample in range(samples.shape[2])
        for byte in reversed(range(frame.itemsize))
    ]
    segments = [b"".join(imagecodecs.packbits_encode(row.tobytes()) for row in plane) for plane in planes]
    segments = [segment + b"\0" * (len(segment) % 2) for segment in segments]
    offsets = [64 + sum(map(len, segments[:number])) for number in range(len(segments))]
    return struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(segments))) + b"".join(segments)


def write(path: Path, modality: str, syntax: str, frames: int = 1, *, with_table: bool = True) -> Path:
    """Write an image file; every frame is the same, so that making many costs as much as making one."""
    frame = frame_of(modality)
    dataset = _description(modality, frame, syntax, frames)
    if syntax == NATIVE:
        dataset.PixelData = frame.tobytes() * frames
    else:
        dataset.PixelData = encapsulate([encoded(frame, syntax)] * frames, has_bot=with_table)
        dataset["PixelData"].VR = "OB"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _description(modality: str, frame: np.ndarray, syntax: str, frames: int) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME" if modality == "SM" else "AXIAL"]
    dataset.SOPClassUID = _SOP_CLASSES[modality]
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[modality, syntax, str(frames)])
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = "20240102"
    dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = "101112"
    dataset.Modality = modality
    dataset.Manufacturer = "findicon"
    dataset.StudyDescription = dataset.SeriesDescription = "Measurement"
    dataset.PatientName, dataset.PatientID = "Phantom^Large", "P1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    dataset.SeriesNumber, dataset.InstanceNumber = 1, 1
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [0.5, 0.5]
    dataset.Rows, dataset.Columns = frame.shape[:2]
    dataset.SamplesPerPixel = 3 if frame.ndim == 3 else 1
    dataset.BitsAllocated = frame.itemsize * 8
    dataset.BitsStored = 8 if frame.dtype == np.uint8 else 12
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 0
    if frames > 1:
        dataset.NumberOfFrames = frames
    if frame.ndim == 3:
        dataset.PlanarConfiguration = 0
        dataset.PhotometricInterpretation = {NATIVE: "RGB", JPEG: "YBR_FULL_422"}.get(syntax, "YBR_RCT")
        return dataset
    dataset.PhotometricInterpretation = "MONOCHROME2"
    center, width, intercept = {"CT": (40, 400, -1024), "XA": (128, 256, 0)}.get(modality, (1750, 3500, 0))
    dataset.WindowCenter, dataset.WindowWidth = center, width
    dataset.RescaleIntercept, dataset.RescaleSlope = intercept, 1
    return dataset
