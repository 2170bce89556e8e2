"""Images made to order: an array in, a DICOM file in memory out, in any transfer syntax that an encoder is here for."""

import struct
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

IMPLICIT, EXPLICIT, DEFLATED, BIG = (
    str(uid)
    for uid in (ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian)
)
NATIVE = (IMPLICIT, EXPLICIT, DEFLATED, BIG)
RLE = "1.2.840.10008.1.2.5"
JPEG, JPEG_12, JPEG_LOSSLESS, JPEG_SV1, JPEG_LS, NEAR_LOSSLESS = (
    f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81)
)
J2K_LOSSLESS, J2K, HTJ2K, HTJ2K_RPCL, HTJ2K_LOSSY, JPEG_XL_LOSSLESS, JPEG_XL = (
    f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 201, 202, 203, 110, 112)
)
LOSSLESS = (RLE, JPEG_LOSSLESS, JPEG_SV1, JPEG_LS, J2K_LOSSLESS, HTJ2K, HTJ2K_RPCL, JPEG_XL_LOSSLESS)


def described(array: np.ndarray, **attributes: Any) -> Dataset:
    """Give the attributes of an image whose frame, or stack of frames, is `array`; None takes one away.

    (rows, columns), (frames, rows, columns), (rows, columns, 3) and (frames, rows, columns, 3) are known.
    """
    colour = array.shape[-1] == 3 and array.ndim > 2
    frames = array.shape[0] if array.ndim == (4 if colour else 3) else 1
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"
    dataset.Modality = "OT"
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        dataset.PlanarConfiguration = 0
    if frames > 1:
        dataset.NumberOfFrames = frames
    dataset.Rows, dataset.Columns = array.shape[-3:-1] if colour else array.shape[-2:]
    dataset.BitsAllocated = dataset.BitsStored = array.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(array.dtype.kind == "i")
    for keyword, value in attributes.items():
        if value is None:
            dataset.pop(keyword, None)
        else:
            setattr(dataset, keyword, value)
    return dataset


def file_of(
    array: np.ndarray, syntax: str = EXPLICIT, *, table: str = "basic", pixels: bytes | None = None, **attributes: Any
) -> BytesIO:
    """Make a file of an image.

    Parameters
    ----------
    array, **attributes
        As for `described`.
    syntax
        The transfer syntax.
    table
        For encapsulated frames: "basic", "extended" or "none".
    pixels
        The value of Pixel Data, where it is not to be made of `array`.
    """
    dataset = described(array, **attributes)
    if pixels is not None:
        dataset.PixelData = pixels
    elif syntax in NATIVE:
        dataset.PixelData = array.astype(array.dtype.newbyteorder(">" if syntax == BIG else "<")).tobytes()
    else:
        frames = array if "NumberOfFrames" in dataset else [array]
        _encapsulate(dataset, [encoded(frame, syntax, dataset.BitsStored) for frame in frames], table)
    return saved(dataset, syntax)


def with_frames(
    dataset: Dataset, frames: Sequence[bytes], syntax: str, table: str = "basic", *, fragments: int = 1
) -> BytesIO:
    """Make a file of frames that are encoded already, each in so many fragments."""
    _encapsulate(dataset, frames, table, fragments)
    return saved(dataset, syntax)


def _encapsulate(dataset: Dataset, frames: Sequence[bytes], table: str, fragments: int = 1) -> None:
    if table == "extended":
        dataset.PixelData, dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = encapsulate_extended(
            list(frames)
        )
    else:
        dataset.PixelData = encapsulate(list(frames), fragments_per_frame=fragments, has_bot=table == "basic")
    dataset["PixelData"].VR = "OB"


def saved(dataset: Dataset, syntax: str = EXPLICIT) -> BytesIO:
    """Write a data set as a file in memory."""
    if "PixelData" in dataset and dataset["PixelData"].VR == "OB or OW":
        dataset["PixelData"].VR = "OB" if dataset.get("BitsAllocated", 8) <= 8 else "OW"
    dataset.file_meta = FileMetaDataset()
    written_as = HTJ2K if syntax in {JPEG_XL_LOSSLESS, JPEG_XL} else syntax  # pydicom does not know JPEG XL
    dataset.file_meta.TransferSyntaxUID = UID(written_as)
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return relabelled(stream, written_as, syntax)


def relabelled(stream: BytesIO, was: str, syntax: str) -> BytesIO:
    """Give the same bytes under another transfer syntax."""
    element = b"\x02\0\x10\0UI"
    old, new = (uid.encode() + b"\0" * (len(uid) % 2) for uid in (was, syntax))
    whole = stream.getvalue()
    assert element + struct.pack("<H", len(old)) + old in whole
    return BytesIO(
        whole.replace(element + struct.pack("<H", len(old)) + old, element + struct.pack("<H", len(new)) + new)
    )


def encoded(frame: np.ndarray, syntax: str, bits: int) -> bytes:
    """Encode one frame as a transfer syntax wants it."""
    if syntax == RLE:
        return run_length(frame)
    if syntax == JPEG:
        return imagecodecs.jpeg8_encode(frame, 95, subsampling="444" if frame.ndim == 3 else None)
    if syntax == JPEG_12:
        return imagecodecs.jpeg8_encode(frame, 98, bitspersample=bits)
    if syntax in {JPEG_LOSSLESS, JPEG_SV1}:
        colours = {"colorspace": "RGB", "outcolorspace": "RGB"} if frame.ndim == 3 else {}
        return imagecodecs.jpeg8_encode(frame, lossless=True, predictor=1, bitspersample=bits, **colours)
    if syntax in {JPEG_LS, NEAR_LOSSLESS}:
        return imagecodecs.jpegls_encode(frame, 0 if syntax == JPEG_LS else 2)
    if syntax in {J2K_LOSSLESS, J2K}:
        lossless = syntax == J2K_LOSSLESS
        return imagecodecs.jpeg2k_encode(
            frame, 0 if lossless else 60, reversible=lossless, codecformat="j2k", bitspersample=bits, resolutions=6
        )
    if syntax in {HTJ2K, HTJ2K_RPCL, HTJ2K_LOSSY}:
        return imagecodecs.htj2k_encode(frame, reversible=syntax != HTJ2K_LOSSY, resolutions=5)
    return imagecodecs.jpegxl_encode(frame, lossless=syntax == JPEG_XL_LOSSLESS, distance=0.5)


def run_length(frame: np.ndarray) -> bytes:
    """Encode in RLE Lossless: each sample's bytes apart, the most significant first, each row by itself (PS3.5 G)."""
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


def scene(rows: int, columns: int, bits: int = 12, seed: int = 0) -> np.ndarray:
    """Give something that looks like an image: smooth shapes, an edge, a little noise; uint8 or uint16."""
    y, x = np.mgrid[0:rows, 0:columns]
    y, x = y / rows, x / columns
    shape = 0.5 + 0.3 * np.sin(5 * x) * np.cos(4 * y) + 0.15 * ((x - 0.6) ** 2 + (y - 0.4) ** 2 < 0.05)
    noise = np.random.default_rng(seed).normal(0, 0.01, shape.shape)
    values = np.clip(shape + noise, 0, 1) * ((1 << bits) - 1)
    return np.round(values).astype(np.uint8 if bits <= 8 else np.uint16)


def colour_scene(rows: int, columns: int) -> np.ndarray:
    """Give a scene in red, green and blue; uint8, (rows, columns, 3)."""
    return np.stack([scene(rows, columns, 8), scene(rows, columns, 8)[::-1], scene(rows, columns, 8)[:, ::-1]], axis=2)


def average(array: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Average over areas at full precision, slowly and plainly: what every picture is held against."""
    values = array.astype(np.float64)
    values = np.tensordot(_shares(values.shape[0], rows), values, axes=(1, 0))
    return np.moveaxis(np.tensordot(_shares(values.shape[1], columns), values, axes=(1, 1)), 0, 1)


def _shares(source: int, target: int) -> np.ndarray:
    edges = np.linspace(0, source, target + 1)
    covered = np.minimum(edges[1:, None], np.arange(1, source + 1)) - np.maximum(edges[:-1, None], np.arange(source))
    return np.maximum(covered, 0) * (target / source)
