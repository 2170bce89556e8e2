"""The same real image in several transfer syntaxes: the same picture."""

from pathlib import Path

import data_store
import numpy as np
import pytest
from pydicom.data import DATA_ROOT

from findicon.icons import make_icon
from findicon.pixels import render

WHEEL, STORE = Path(DATA_ROOT) / "test_files", Path(data_store.__file__).parent / "data"

# the native file, the same image in others, and the mean difference that is allowed, in gray levels of 255
FAMILIES = [
    ("MR_small.dcm", "MR_small_RLE.dcm", 0),
    ("MR_small.dcm", "MR_small_bigendian.dcm", 0),
    ("MR_small.dcm", "MR_small_expb.dcm", 0),
    ("MR_small.dcm", "MR_small_implicit.dcm", 0),
    ("MR_small.dcm", "MR_small_jpeg_ls_lossless.dcm", 0),
    ("MR_small.dcm", "MR_small_jp2klossless.dcm", 0),  # 64 x 64: too small to be reduced
    ("MR_small.dcm", "MR_small_padded.dcm", 0),
    ("emri_small.dcm", "emri_small_RLE.dcm", 0),
    ("emri_small.dcm", "emri_small_big_endian.dcm", 0),
    ("emri_small.dcm", "emri_small_jpeg_ls_lossless.dcm", 0),
    ("emri_small.dcm", "emri_small_jpeg_2k_lossless.dcm", 0),
    ("rtdose.dcm", "rtdose_expb.dcm", 0),
    ("rtdose.dcm", "rtdose_rle.dcm", 0),
    ("rtdose_1frame.dcm", "rtdose_expb_1frame.dcm", 0),
    ("rtdose_1frame.dcm", "rtdose_rle_1frame.dcm", 0),
    ("OBXXXX1A.dcm", "OBXXXX1A_expb.dcm", 0),
    ("OBXXXX1A.dcm", "OBXXXX1A_rle.dcm", 0),
    ("OBXXXX1A_2frame.dcm", "OBXXXX1A_rle_2frame.dcm", 0),
    ("OBXXXX1A_2frame.dcm", "OBXXXX1A_expb_2frame.dcm", 0),
    ("gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm", 0),
    ("liver.dcm", "liver_expb.dcm", 0),
    ("liver_1frame.dcm", "liver_expb_1frame.dcm", 0),
    ("SC_rgb.dcm", "SC_rgb_expb.dcm", 0),
    ("SC_rgb.dcm", "SC_rgb_rle.dcm", 0),
    ("SC_rgb.dcm", "SC_rgb_jpeg_gdcm.dcm", 0),
    ("SC_rgb_2frame.dcm", "SC_rgb_rle_2frame.dcm", 0),
    ("SC_rgb.dcm", "SC_rgb_16bit.dcm", 0.5),
    ("SC_rgb_16bit.dcm", "SC_rgb_rle_16bit.dcm", 0),
    ("SC_rgb_16bit.dcm", "SC_rgb_expb_16bit.dcm", 0),
    ("SC_rgb_16bit_2frame.dcm", "SC_rgb_rle_16bit_2frame.dcm", 0),
    ("SC_rgb.dcm", "SC_rgb_32bit.dcm", 0.5),
    ("SC_rgb_32bit.dcm", "SC_rgb_rle_32bit.dcm", 0),
    ("SC_rgb_32bit_2frame.dcm", "SC_rgb_rle_32bit_2frame.dcm", 0),
    ("SC_rgb.dcm", "SC_ybr_full_uncompressed.dcm", 1),
    ("SC_rgb.dcm", "SC_ybr_full_422_uncompressed.dcm", 1),
    ("SC_rgb.dcm", "SC_rgb_gdcm_KY.dcm", 2),
    ("SC_rgb.dcm", "SC_rgb_jpeg_dcmtk.dcm", 3),
    ("SC_rgb.dcm", "SC_rgb_dcmtk_+eb+cr.dcm", 3),
    ("SC_rgb.dcm", "SC_rgb_dcmtk_+eb+cy+n1.dcm", 3),
    ("SC_rgb.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", 3),
    ("SC_rgb.dcm", "SC_rgb_jls_lossy_line.dcm", 3),
    ("SC_rgb.dcm", "SC_rgb_jls_lossy_sample.dcm", 3),
    ("SC_rgb_small_odd.dcm", "SC_rgb_small_odd_big_endian.dcm", 0),
    ("JPEG2000_UNC.dcm", "JPEG2000.dcm", 3),
    ("US1_UNCR.dcm", "US1_J2KR.dcm", 2),
    ("US1_UNCI.dcm", "US1_J2KI.dcm", 2),
    ("693_UNCR.dcm", "693_J2KR.dcm", 1.5),  # a window of 100 on a wavelet's averages
    ("MR2_UNCR.dcm", "MR2_J2KR.dcm", 1),
    ("MR2_UNCI.dcm", "MR2_J2KI.dcm", 1),
    ("RG1_UNCR.dcm", "RG1_J2KR.dcm", 0.5),
    ("RG1_UNCI.dcm", "RG1_J2KI.dcm", 0.7),
    ("RG3_UNCR.dcm", "RG3_J2KR.dcm", 0.7),
    ("RG3_UNCI.dcm", "RG3_J2KI.dcm", 0.8),
]


def file_named(name: str) -> Path:
    path = WHEEL / name
    return path if path.exists() else STORE / name


# One frame in JPEG 2000 without loss: the same bits when all of it is decoded.
DECODED_WHOLE = [("US1_UNCR.dcm", "US1_J2KR.dcm"), ("693_UNCR.dcm", "693_J2KR.dcm")]
DECODED_WHOLE += [("MR2_UNCR.dcm", "MR2_J2KR.dcm"), ("RG3_UNCR.dcm", "RG3_J2KR.dcm")]


@pytest.mark.parametrize(("native", "other"), DECODED_WHOLE)
def test_the_same_image_gives_the_same_bits_where_they_are_asked_for(native: str, other: str) -> None:
    first, second = (make_icon(file_named(name), 128, exact=True) for name in (native, other))
    assert first == second
    assert first == make_icon(file_named(native), 128)  # of native pixels they are there anyway


@pytest.mark.parametrize(("native", "other", "allowed"), FAMILIES, ids=str)
def test_the_same_image_gives_the_same_picture(native: str, other: str, allowed: float) -> None:
    for size in (64, 128):
        first, second = render(file_named(native), size), render(file_named(other), size)
        assert first.array.shape == second.array.shape
        assert first.frame == second.frame
        difference = np.abs(first.array.astype(float) - second.array).mean()
        assert difference <= allowed, difference
