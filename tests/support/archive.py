"""A served archive for tests that ask one: real images of many kinds, and a series made to order."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from findicon.archive import FileSource, IconMaker, index
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.scp import Server

from .samples import real_file, write_series

# One or more of every kind: modality, photometric interpretation, transfer syntax, one and many frames, no pixels.
REAL = (
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "JPEG2000.dcm",
    "693_J2KI.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_rle_2frame.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
    "examples_palette.dcm",
    "examples_ybr_color.dcm",
    "examples_overlay.dcm",
    "JPEG-lossy.dcm",
    "JPEGLSNearLossless_08.dcm",
    "rtdose.dcm",
    "rtplan.dcm",
    "liver_1frame.dcm",
    "image_dfl.dcm",
    "waveform_ecg.dcm",
    "reportsi.dcm",
    "examples_rgb_color.dcm",
    "examples_jpeg2k.dcm",
)


def fill(folder: Path) -> Path:
    """Copy the real images into a folder, with a CT series of nine beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in REAL:
        shutil.copy(real_file(name), folder)
    write_series(folder / "series", 9)
    return folder


@contextmanager
def served(folder: Path, database: Path, **settings: object) -> Iterator[Server]:
    """Index a folder and serve it on a free port of 127.0.0.1; settings go to the Server."""
    with ExitStack() as stack:
        catalogue = stack.enter_context(Catalogue(f"sqlite:///{database}"))
        index([folder], catalogue, workers=2)
        maker = stack.enter_context(IconMaker(catalogue))
        finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", icons=maker)
        yield stack.enter_context(Server(finder, source=FileSource(catalogue), **settings))
