"""A web server over a small shelf of instances, on a free port, and a client that talks to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from findicon.query import Finder
from findicon.web import WebServer, WebSettings, create_app
from support.samples import instance, real_file
from unit.web.shelf import Shelf

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Two studies of CT images, one of them with a second series that has no pixels."""
    shelf = Shelf(tmp_path / "shelf")
    for number in range(1, 4):
        shelf.add(
            instance(
                StudyInstanceUID=STUDY,
                SeriesInstanceUID=SERIES,
                SOPInstanceUID=f"{SERIES}.{number}",
                InstanceNumber=number,
                StationName="CT1",
            )
        )
    report = instance(
        StudyInstanceUID=STUDY,
        SeriesInstanceUID="1.2.826.0.1.1.2",
        SOPInstanceUID="1.2.826.0.1.1.2.1",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11",
        Modality="SR",
        SeriesNumber=2,
        SeriesDescription="Report",
    )
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "WindowCenter", "WindowWidth"):
        del report[keyword]
    shelf.add(report)
    shelf.add(
        instance(
            StudyInstanceUID="1.2.826.0.1.2",
            SeriesInstanceUID="1.2.826.0.1.2.1",
            SOPInstanceUID="1.2.826.0.1.2.1.1",
            PatientName="MÜLLER^JÖRG",
            PatientID="P2",
            SpecificCharacterSet="ISO_IR 100",
            StudyDate="20230615",
            AccessionNumber="A2",
            StudyDescription="Head",
            Modality="MR",
            StationName="MR1",
        )
    )
    return shelf


@pytest.fixture
def real_shelf(tmp_path: Path) -> Shelf:
    """Real images of many kinds."""
    names = (
        "CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm", "examples_ybr_color.dcm",
        "liver_1frame.dcm", "image_dfl.dcm", "waveform_ecg.dcm", "examples_palette.dcm",
    )  # fmt: skip
    shelf = Shelf(tmp_path / "real")
    for name in names:
        shelf.take(real_file(name))
    return shelf


@contextmanager
def served(
    shelf: Shelf, settings: WebSettings | None = None, finder: Finder | None = None, **more: object
) -> Iterator[httpx.Client]:
    """Serve a shelf, and give a client whose requests need no address in front."""
    parts = {"ingest": shelf, "overview": shelf} | more
    app = create_app(finder or shelf, shelf, shelf, settings=settings, **parts)
    with WebServer(app) as server, httpx.Client(base_url=server.address, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def client(shelf: Shelf) -> Iterator[httpx.Client]:
    with served(shelf) as client:
        yield client
