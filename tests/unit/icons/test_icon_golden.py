"""Real images: every icon beside a full-resolution render that shares no code with the one that made it.

The reference decodes with pydicom, transforms every pixel in double precision (PS3.4 N.2) and then takes the exact area
average. A contact sheet for people goes to build/icons.png.
"""

from functools import cache
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels import apply_color_lut, apply_modality_lut, pixel_array
from pydicom.uid import ImplicitVRLittleEndian, JPEGExtended12Bit, JPEGLosslessSV1

from findicon.icons import Icon, make_icon

BUILD = Path(__file__).parents[3] / "build"
SIZE = 128

# name: (what it is, mean error in gray levels at most)
GOLDEN = {
    "CT_small.dcm": ("CT, no window", 0.6),
    "693_UNCR.dcm": ("CT, window", 0.6),
    "693_J2KR.dcm": ("CT, JPEG 2000", 1.6),
    "eCT_Supplemental.dcm": ("enhanced CT, supplemental palette", 1.5),
    "explicit_VR-UN.dcm": ("CT, VR UN, JPEG 2000", 1.0),
    "MR_small_RLE.dcm": ("MR, RLE", 0.6),
    "MR2_UNCR.dcm": ("MR", 0.6),
    "MR2_J2KI.dcm": ("MR, JPEG 2000 lossy", 1.2),
    "emri_small.dcm": ("enhanced MR, 10 frames", 0.6),
    "MR-SIEMENS-DICOM-WithOverlays.dcm": ("MR, overlays", 0.6),
    "RG1_UNCR.dcm": ("radiograph, MONOCHROME1", 0.6),
    "RG3_UNCR.dcm": ("radiograph", 0.6),
    "mlut_18.dcm": ("Modality LUT", 0.6),
    "vlut_04.dcm": ("VOI LUT", 0.6),
    "JPEG2000.dcm": ("nuclear medicine, JPEG 2000 lossy", 1.2),
    "JPGExtended.dcm": ("nuclear medicine, JPEG 12 bit", 0.6),
    "JPEG-LL.dcm": ("nuclear medicine, JPEG lossless", 0.6),
    "rtdose.dcm": ("dose, 15 frames", 0.6),
    "US1_UNCR.dcm": ("ultrasound, RGB", 1.0),
    "examples_ybr_color.dcm": ("ultrasound, YBR, 30 frames", 1.5),
    "examples_palette.dcm": ("ultrasound, palette", 1.0),
    "OT-PAL-8-face.dcm": ("photograph, palette", 4.0),
    "examples_jpeg2k.dcm": ("ultrasound, JPEG 2000", 2.5),
    "SC_rgb_rle_16bit.dcm": ("secondary capture, 16 bit RGB", 0.6),
    "SC_ybr_full_422_uncompressed.dcm": ("secondary capture, YBR 4:2:2", 0.6),
    "color3d_jpeg_baseline.dcm": ("ultrasound, JPEG, 120 frames", 1.5),
    "image_dfl.dcm": ("secondary capture, deflated", 0.6),
}


# One image in several transfer syntaxes: the files, the size, and the mean difference of their icons at most. Lossless
# ones are the same to the bit, but where JPEG 2000 decodes at a smaller scale, which is no area average.
FAMILIES = {
    "MR in every lossless syntax": (
        "MR_small.dcm MR_small_implicit.dcm MR_small_bigendian.dcm MR_small_expb.dcm MR_small_RLE.dcm "
        "MR_small_jp2klossless.dcm MR_small_jpeg_ls_lossless.dcm MR_small_padded.dcm", 64, 0),
    "enhanced MR in every lossless syntax": (
        "emri_small.dcm emri_small_RLE.dcm emri_small_big_endian.dcm emri_small_jpeg_2k_lossless.dcm "
        "emri_small_jpeg_ls_lossless.dcm", 64, 0),
    "ultrasound, palette": (
        "OBXXXX1A.dcm OBXXXX1A_rle.dcm OBXXXX1A_2frame.dcm OBXXXX1A_rle_2frame.dcm", 128, 0),
    "secondary capture of 8, 16 and 32 bits": (
        "SC_rgb.dcm SC_rgb_rle.dcm SC_rgb_expb.dcm SC_rgb_2frame.dcm SC_rgb_16bit.dcm SC_rgb_rle_16bit.dcm "
        "SC_rgb_32bit.dcm SC_rgb_rle_32bit.dcm SC_rgb_gdcm2k_uncompressed.dcm", 128, 0),
    "segmentation": ("liver_1frame.dcm liver_expb_1frame.dcm", 128, 0),
    "dose": ("rtdose.dcm rtdose_expb.dcm rtdose_rle.dcm", 128, 0),
    "planes and pixels": ("color-pl.dcm color-px.dcm", 128, 0),
    "CT, full size": ("693_UNCR.dcm 693_J2KR.dcm", 512, 0),
    "CT, JPEG 2000 at a smaller scale": ("693_UNCR.dcm 693_J2KR.dcm", 128, 1.6),
    "CT, lossy": ("693_UNCI.dcm 693_J2KI.dcm", 128, 2.0),
    "radiograph, JPEG 2000 at a smaller scale": ("RG1_UNCR.dcm RG1_J2KR.dcm", 128, 0.5),
    "ultrasound, JPEG 2000 at a smaller scale": ("US1_UNCR.dcm US1_J2KR.dcm", 128, 2.0),
}  # fmt: skip


def path_of(name: str) -> Path:
    path = get_testdata_file(name, read=False, download=False)
    assert path is not None, f"{name} is not in the wheels"
    return Path(path)


@cache
def icon_of(name: str, size: int = SIZE) -> Icon:
    return make_icon(path_of(name), size)


@cache
def reference(path: Path, rows: int, columns: int) -> np.ndarray:
    """Render at full resolution, then average; float64 in 0 to 255."""
    dataset = pydicom.dcmread(path, force=True)
    frames = int(dataset.get("NumberOfFrames") or 1)
    index = int(dataset.get("RepresentativeFrameNumber") or frames // 3 + 1) - 1
    pixels = decoded(dataset, index)
    if dataset.SamplesPerPixel == 3:
        shift = 8 * (pixels.dtype.itemsize - 1)
        return average(pixels.astype(np.float64) / (1 << shift), rows, columns)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        colours = apply_color_lut(pixels, dataset).astype(np.float64)
        wide = dataset.RedPaletteColorLookupTableDescriptor[2] == 16
        return average(colours / 257 if wide else colours, rows, columns)
    if dataset.get("PixelPresentation") in {"COLOR", "MIXED"}:
        return supplemented(dataset, pixels, index, rows, columns)
    gray = gray_reference(dataset, pixels, index, rows, columns)
    inverted = dataset.PhotometricInterpretation == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE"
    return 255 - gray if inverted else gray


def supplemented(dataset: Dataset, pixels: np.ndarray, index: int, rows: int, columns: int) -> np.ndarray:
    """Values from the first that the palette maps on are colours, those below are gray (PS3.3 C.7.6.3.1.5)."""
    gray = gray_reference(dataset, pixels, index, *pixels.shape)
    entries, first, bits = dataset.RedPaletteColorLookupTableDescriptor
    colours = ("Red", "Green", "Blue")
    tables = [np.frombuffer(dataset[f"{one}PaletteColorLookupTableData"].value, "<u2") for one in colours]
    chosen = np.clip(pixels.astype(int) - first, 0, entries - 1)
    mapped = np.stack([table[chosen] / (2**bits - 1) * 255 for table in tables], axis=2)
    return average(np.where((pixels >= first)[..., None], mapped, gray[..., None]), rows, columns)


def decoded(dataset: Dataset, index: int) -> np.ndarray:
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax in {JPEGExtended12Bit, JPEGLosslessSV1}:  # pydicom decodes them only with libraries that are not here
        return imagecodecs.jpeg_decode(next(generate_frames(dataset.PixelData, number_of_frames=1)))
    if syntax is None:
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return pixel_array(dataset, index=index)


def gray_reference(dataset: Dataset, pixels: np.ndarray, index: int, rows: int, columns: int) -> np.ndarray:
    values = modality(dataset, pixels, index)
    if "VOILUTSequence" in dataset and "WindowWidth" not in dataset:
        item = dataset.VOILUTSequence[0]
        entries, first, bits = item.LUTDescriptor
        table = np.array(item.LUTData, np.float64)
        chosen = np.clip(values - first, 0, (entries or 65536) - 1).astype(int)
        return average(table[chosen] / (2**bits - 1) * 255, rows, columns)
    window = group(dataset, index, "FrameVOILUTSequence")
    if "WindowWidth" in window:
        center, width = (float(np.atleast_1d(window[key].value)[0]) for key in ("WindowCenter", "WindowWidth"))
        ramp = ((values - (center - 0.5)) / (width - 1) + 0.5) * 255
        return average(np.clip(ramp, 0, 255), rows, columns)
    if "ModalityLUTSequence" in dataset:
        return average(values / (2 ** dataset.ModalityLUTSequence[0].LUTDescriptor[2] - 1) * 255, rows, columns)
    # Without a window the picture spans what is in it, but for half a percent of the pixels at both ends.
    small = average(values, rows, columns)
    low, high = np.percentile(small, (0.5, 99.5))
    return np.clip((small - low) / (high - low), 0, 1) * 255


def modality(dataset: Dataset, pixels: np.ndarray, index: int) -> np.ndarray:
    if "ModalityLUTSequence" in dataset:
        return apply_modality_lut(pixels, dataset).astype(np.float64)
    holder = group(dataset, index, "PixelValueTransformationSequence")
    return pixels * float(holder.get("RescaleSlope", 1)) + float(holder.get("RescaleIntercept", 0))


def group(dataset: Dataset, index: int, keyword: str) -> Any:
    """Give the functional group that holds for a frame, else the data set itself."""
    for holder in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        if holder in dataset:
            items = dataset[holder].value
            item = items[index if holder.startswith("Per") else 0]
            if keyword in item:
                return item[keyword].value[0]
    return dataset


def average(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Average over areas exactly: a source pixel counts by the share of it that a target pixel covers."""
    down, across = weights(image.shape[0], rows), weights(image.shape[1], columns)
    if image.ndim == 3:
        return np.einsum("ij,jkc,lk->ilc", down, image, across, optimize=True)
    return down @ image @ across.T


def weights(source: int, target: int) -> np.ndarray:
    scale = source / target
    edges = np.arange(target + 1) * scale
    pixels = np.arange(source)
    covered = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.clip(covered, 0, None) / scale


@pytest.mark.parametrize("name", GOLDEN)
def test_the_icon_is_the_image(name: str) -> None:
    kind, tolerance = GOLDEN[name]
    icon = icon_of(name)
    shown = icon.to_array().astype(np.float64)
    expected = reference(path_of(name), icon.rows, icon.columns)
    if shown.ndim < expected.ndim:
        shown = np.repeat(shown[..., None], 3, axis=2)
    assert shown.shape == expected.shape
    error = np.abs(shown - expected).mean()
    print(f"{name} {kind}: {error:.2f}")
    assert error <= tolerance, kind


@pytest.mark.parametrize(("names", "size", "tolerance"), FAMILIES.values(), ids=FAMILIES)
def test_the_transfer_syntax_makes_no_difference(names: str, size: int, tolerance: float) -> None:
    first, *others = (icon_of(name, size).to_array().astype(int) for name in names.split())
    for name, other in zip(names.split()[1:], others, strict=True):
        assert np.abs(other - first).mean() <= tolerance, name


def test_there_is_a_contact_sheet_to_look_at() -> None:
    columns, cell, label = 6, 144, 26
    lines = -(-len(GOLDEN) // columns)
    sheet = Image.new("RGB", (columns * 2 * cell, lines * (cell + label)), (40, 40, 40))
    draw = ImageDraw.Draw(sheet)
    for number, (name, (kind, _)) in enumerate(GOLDEN.items()):
        icon = icon_of(name)
        x, y = number % columns * 2 * cell, number // columns * (cell + label)
        sheet.paste(icon.to_image().convert("RGB"), (x + 4, y + label))
        expected = np.clip(reference(path_of(name), icon.rows, icon.columns) + 0.5, 0, 255).astype(np.uint8)
        sheet.paste(Image.fromarray(expected).convert("RGB"), (x + cell, y + label))
        draw.text((x + 4, y), name, fill=(255, 255, 255))
        draw.text((x + 4, y + 11), f"{kind} (right: reference)", fill=(180, 180, 180))
    BUILD.mkdir(exist_ok=True)
    sheet.save(BUILD / "icons.png")
    with Image.open(BUILD / "icons.png") as written:
        assert written.size == sheet.size
