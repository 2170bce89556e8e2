"""The pages of ``findicon gateway`` before a real Orthanc, in a real Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Window, shot, watched
from findicon.cli.demo_files import build_archive
from findicon.scu import Client
from peers.programs import orthanc
from support.gateways import gateway_process

pytestmark = [pytest.mark.needs("chromium", "orthanc"), pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of the pages."""
    folder = tmp_path_factory.mktemp("gateway")
    build_archive(folder / "files")
    with orthanc(folder) as archive:
        with Client(archive) as client:
            for path in sorted((folder / "files").rglob("*.dcm")):
                client.store(path)
        with gateway_process(folder / "gateway", "", "--upstream", archive) as gateway:
            yield gateway.web


@pytest.fixture
def gateway(browser: Browser, web: str) -> Iterator[Window]:
    with watched(browser, web) as window:
        yield window


def are_drawn(page: Page, images: str) -> bool:
    """Tell whether pictures have come, and how large they are."""
    sizes = page.locator(images).evaluate_all("images => images.map(one => one.naturalWidth)")
    return bool(sizes) and all(size > 1 for size in sizes)


def test_from_the_list_to_an_image(gateway: Window) -> None:
    page = gateway.open("/?q=doe")
    expect(page.locator(".card").first).to_be_visible()
    shot(page, "gateway-studies")
    assert are_drawn(page, ".card img")
    page.locator(".card").filter(has_text="Doe, Jane").first.get_by_role("link").first.click()
    expect(page.locator(".panel .series")).to_be_visible()
    shot(page, "gateway-series")
    assert are_drawn(page, ".panel .tile img")
    page.locator(".tile").filter(has_text="Axial").get_by_role("link").click()
    expect(page.locator(".frames li")).to_have_count(60)
    shot(page, "gateway-images")
    assert are_drawn(page, ".frames li:first-child img")
    page.locator(".frames a").first.click()
    expect(page.locator("dialog .view[data-ready]")).to_be_visible()
    shot(page, "gateway-image")
    assert are_drawn(page, "dialog .shown")
