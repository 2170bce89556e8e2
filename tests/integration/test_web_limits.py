"""``[server.limits] pixels`` holds for every picture that the web renders itself."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from findicon.archive import index
from findicon.catalogue import Catalogue
from findicon.cli.serving import archive, web_server
from findicon.cli.settings import Settings
from support.samples import instance, write

UIDS = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.4"}
RENDERED = {"Accept": "image/jpeg"}


def settings_for(folder: Path, pixels: int) -> Settings:
    server = {
        "database": str(folder / "catalogue.sqlite"),
        "storage": str(folder / "storage"),
        "web_port": 0,
        "limits": {"pixels": pixels},
    }
    return Settings.model_validate({"server": server})


@pytest.fixture(params=[256, 255])
def limit(request: pytest.FixtureRequest) -> int:
    """As many pixels as the image has, and one less."""
    return int(request.param)


@pytest.fixture
def client(tmp_path: Path, limit: int) -> Iterator[httpx.Client]:
    write(instance(**UIDS, SOPInstanceUID="1.2.5"), tmp_path / "files")
    settings = settings_for(tmp_path, limit)
    with Catalogue(settings.database) as catalogue:
        index([tmp_path / "files"], catalogue, workers=1)
        with archive(settings, catalogue) as parts, web_server(settings, parts) as server:
            with httpx.Client(base_url=server.address, trust_env=False, timeout=120) as client:
                yield client


def test_pictures_of_images_beyond_the_limit_are_refused(client: httpx.Client, limit: int) -> None:
    path = "/dicom-web/studies/1.2.3/series/1.2.4/instances/1.2.5"
    for resource in ("rendered", "frames/1/rendered", "frames/1/thumbnail", "rendered?window=40,400,linear"):
        answer = client.get(f"{path}/{resource}", headers=RENDERED)
        assert answer.status_code == (200 if limit == 256 else 404), resource
        assert limit == 256 or "beyond the limit of 255 pixels" in answer.json()["detail"]
    page = client.get("/studies/1.2.3/series/1.2.4/instances/1.2.5/frames/1/picture", headers={"Accept": "*/*"})
    assert page.status_code == 200, "a page has a pictogram instead"
