"""A real archive with its web: catalogue, pictures, files and storage, served on a free port."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from findicon.archive import FileSource, IconMaker, Storage, index
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.web import WebServer, WebSettings, create_app


@dataclass(frozen=True)
class Served:
    """Where it is, and what is behind it."""

    address: str
    catalogue: Catalogue

    @property
    def dicomweb(self) -> str:
        return f"{self.address}/dicom-web"


@contextmanager
def web_archive(files: Path, folder: Path, settings: WebSettings | None = None) -> Iterator[Served]:
    """Index files and serve them; what is stored goes into a folder of its own."""
    with ExitStack() as stack:
        catalogue = stack.enter_context(Catalogue(str(folder / "catalogue.sqlite")))
        index([files], catalogue, workers=2)
        maker = stack.enter_context(IconMaker(catalogue))
        storage = stack.enter_context(Storage(folder / "storage", catalogue))
        finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", icons=maker, picture_budget=120)
        app = create_app(finder, maker, FileSource(catalogue), ingest=storage, overview=catalogue, settings=settings)
        server = stack.enter_context(WebServer(app))
        yield Served(server.address, catalogue)
