"""An archive that gives instances without their pixels (PS3.4 Annex Z): pynetdicom, made to do it."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    CompositeInstanceRetrieveWithoutBulkDataGet,
    CTImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
)

from findicon.query import Query
from integration.memory_finder import picture
from support.gateways import gateway_before
from support.samples import instance

_UNIQUE = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}


class Archive:
    """One CT image, with or without an icon in its file."""

    def __init__(self, image: Dataset) -> None:
        self.image = image
        self.given: list[str] = []

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        answer = Dataset()
        for element in event.identifier:
            if element.tag in self.image and element.VR != "SQ":
                answer.add(self.image[element.tag])
        answer.QueryRetrieveLevel = event.identifier.QueryRetrieveLevel
        if "NumberOfSeriesRelatedInstances" in event.identifier:
            answer.NumberOfSeriesRelatedInstances = 1
        yield 0xFF00, answer

    def get(self, event: evt.Event) -> Iterator[Any]:
        image = deepcopy(self.image)
        without = event.context.abstract_syntax == CompositeInstanceRetrieveWithoutBulkDataGet
        self.given.append("header" if without else "whole")
        if without:
            del image.PixelData
        yield 1
        yield 0xFF00, image


@contextmanager
def served(archive: Archive) -> Iterator[str]:
    entity = AE(ae_title="PYNETDICOM")
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelGet)
    entity.add_supported_context(CompositeInstanceRetrieveWithoutBulkDataGet)
    entity.add_supported_context(CTImageStorage, scu_role=True, scp_role=True)
    handlers = [(evt.EVT_C_FIND, archive.find), (evt.EVT_C_GET, archive.get)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        yield f"PYNETDICOM@127.0.0.1:{server.socket.getsockname()[1]}"
    finally:
        server.shutdown()


def image(icon: Dataset | None) -> Dataset:
    dataset = instance(StudyInstanceUID="1.2", SeriesInstanceUID="1.2.1", Rows=64, Columns=64, PixelData=bytes(8192))
    dataset.PixelData = bytes(range(256)) * 32
    dataset["PixelData"].VR = "OW"
    if icon is not None:
        dataset.IconImageSequence = [icon]
    return dataset


def hollow() -> Dataset:
    item = picture()
    item.PixelData = b""
    return item


@pytest.mark.parametrize(
    ("icon", "given"),
    [(picture(), ["header"]), (None, ["header", "whole"]), (hollow(), ["header", "whole"])],
    ids=["an icon", "none", "a hollow one"],
)
def test_the_icon_in_the_file_spares_its_pixels(tmp_path: Path, icon: Dataset | None, given: list[str]) -> None:
    archive = Archive(image(icon))
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        assert standing.upstream.verbs() == {"find", "get", "get without bulk data"}
        (answer,) = standing.ask(Query("SERIES", icon=True, StudyInstanceUID="1.2"))
    assert archive.given == given
    (item,) = answer.IconImageSequence
    if given == ["header"]:
        assert item.PixelData == picture().PixelData
    else:
        assert (item.Rows, item.Columns) == (64, 64)
        assert item.PixelData != picture().PixelData
