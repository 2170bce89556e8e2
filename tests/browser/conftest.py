"""A real archive with pages, and a real Chromium that looks at them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from findicon.archive import FileSource, IconMaker, index
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.cli.demo_files import build_archive
from findicon.query import Progress
from findicon.web import OHIF, WEASIS, Viewer, WebServer, WebSettings, create_app
from support.needs import program

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
SIZES = {"phone": (390, 844), "laptop": (1440, 900), "wall": (3840, 2160)}


class Busy(Catalogue):
    """A catalogue that is still being filled."""

    def progress(self) -> Progress:
        return Progress(80, 1234, {"It ends in the middle of its pixel data": 2, "It is no DICOM file": 1})


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's archive."""
    folder = tmp_path_factory.mktemp("browser")
    build_archive(folder / "files")
    with Catalogue(str(folder / "catalogue.sqlite")) as catalogue:
        index([folder / "files"], catalogue, workers=2)
    return folder


@contextmanager
def served(catalogue: Catalogue) -> Iterator[str]:
    settings = WebSettings(viewers=(Viewer("OHIF", OHIF, "https://ohif.example"), Viewer("Weasis", WEASIS)))
    with catalogue, IconMaker(catalogue) as maker:
        finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", icons=maker)
        app = create_app(finder, maker, FileSource(catalogue), overview=catalogue, settings=settings)
        with WebServer(app) as server:
            yield server.address


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    """Where the demo's archive is served."""
    with served(Catalogue(str(folder / "catalogue.sqlite"))) as address:
        yield address


@pytest.fixture(scope="session")
def busy(folder: Path) -> Iterator[str]:
    """The same, while pictures are still to come."""
    with served(Busy(str(folder / "catalogue.sqlite"))) as address:
        yield address


@pytest.fixture(scope="session")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An archive that nobody has put anything into."""
    with served(Catalogue(str(tmp_path_factory.mktemp("nothing") / "catalogue.sqlite"))) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


class Window:
    """Opens pages of one size and colour, and fails the test for what the browser complains about."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.address = address
        self.complaints: list[str] = []

    def open(
        self, path: str = "/", size: str = "laptop", *, dark: bool = False, script: bool = True, base: str = ""
    ) -> Page:
        width, height = SIZES[size]
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
            has_touch=size == "phone",
            device_scale_factor=2 if size == "phone" else 1,
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))
        page.goto((base or self.address) + path, wait_until="networkidle")
        return page

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@contextmanager
def watched(browser: Browser, address: str) -> Iterator[Window]:
    """Open windows on an address; the browser must not have complained when they are closed."""
    window = Window(browser, address)
    yield window
    window.close()
    assert window.complaints == []


@pytest.fixture
def window(browser: Browser, address: str) -> Iterator[Window]:
    with watched(browser, address) as window:
        yield window


def shot(page: Page, name: str) -> None:
    """Write a picture of the page where a person can look at it."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    # evaluated by the debugger: a function to wait for would be a string, which the page's own policy forbids
    page.evaluate(
        """() => Promise.all(
            [...document.images]
                .filter((image) => {
                    const box = image.getBoundingClientRect();
                    return box.bottom >= 0 && box.top <= innerHeight && box.width && !image.complete;
                })
                .map((image) => new Promise((done) => { image.onload = image.onerror = done; }))
        ).then(() => null)"""
    )
    path = SHOTS / f"{name}.png"
    page.screenshot(path=path)
    assert path.stat().st_size > 5_000
