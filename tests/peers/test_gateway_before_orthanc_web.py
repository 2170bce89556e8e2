"""The gateway before Orthanc's DICOMweb plugin: searched by QIDO-RS, pictured by what Orthanc renders."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from findicon.catalogue import Catalogue
from findicon.gateway import Gateway, GatewaySettings
from findicon.icons import make_icon
from findicon.query import Query
from findicon.scp import Server
from findicon.scu import Client, WebClient
from peers.programs import free_port, orthanc
from support.gateways import PATIENT
from support.samples import write_series

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
STUDIES = 4

pytestmark = [
    pytest.mark.needs("orthanc"),
    pytest.mark.xdist_group("orthanc"),
    pytest.mark.skipif(not PLUGIN.exists(), reason="Debian's orthanc-dicomweb is not installed"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    return [path for number in range(STUDIES) for path in write_series(folder, 3, PatientID=f"P{number}")]


@pytest.fixture(scope="module")
def client(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("orthanc")
    port = free_port()
    web = {"HttpServerEnabled": True, "HttpPort": port, "AuthenticationEnabled": False, "Plugins": [str(PLUGIN)]}
    with ExitStack() as stack:
        address = stack.enter_context(orthanc(folder, **web))
        with Client(address) as store:
            for path in files:
                store.store(path)
        upstream = WebClient(f"http://127.0.0.1:{port}/dicom-web")
        stack.callback(upstream.close)
        catalogue = stack.enter_context(Catalogue(str(folder / "catalogue.sqlite")))
        gateway = stack.enter_context(Gateway(upstream, catalogue, settings=GatewaySettings(**PATIENT)))
        server = stack.enter_context(Server(gateway, source=gateway))
        yield stack.enter_context(Client(str(server.address)))


def test_every_level_has_its_pictures(client: Client, files: list[Path]) -> None:
    studies = list(client.find(Query("STUDY", icon=True)))
    assert {str(match.dataset.PatientID) for match in studies} == {f"P{number}" for number in range(STUDIES)}
    study = {"StudyInstanceUID": str(studies[0].dataset.StudyInstanceUID)}
    series = list(client.find(Query("SERIES", icon=True, **study)))
    within = {**study, "SeriesInstanceUID": str(series[0].dataset.SeriesInstanceUID)}
    images = list(client.find(Query("IMAGE", icon=True, **within)))
    assert (len(series), len(images)) == (1, 3)
    by_instance = {path.stem: path for path in files}
    for match in (*studies, *series, *images):
        assert match.icon is not None, match.icon_problem
    for match in images:
        expected = make_icon(by_instance[str(match.dataset.SOPInstanceUID)])
        assert match.icon is not None
        # Orthanc stretches the gray values over what the image has, so that they grow together, but are not the same.
        assert np.corrcoef(match.icon.to_array().ravel(), expected.to_array().ravel())[0, 1] > 0.98
