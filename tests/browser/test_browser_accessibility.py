"""axe finds no violation of WCAG 2.2 AA on any page, in any state, in light and dark, on a phone and on a laptop."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from browser.conftest import Window
from browser.test_browser_pages import Prepare, _nothing, _opened, _viewing, open_study

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def _filtered(page: Page) -> None:
    page.goto(page.url + "?modality=CT&from=2024-01-01&to=2024-12-31&q=nonsense:1", wait_until="networkidle")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "laptop"])
@pytest.mark.parametrize(
    ("path", "prepare"),
    [
        ("/", _nothing),
        ("/", _filtered),
        ("/?view=table", _nothing),
        ("/?view=table", open_study),
        ("/?q=doe+ct", _opened),
        ("/?q=doe+ct", _viewing),
        ("/?q=nobody", _nothing),
        ("/status", _nothing),
        ("/studies/9.9", _nothing),
    ],
)
def test_axe_finds_nothing(window: Window, path: str, prepare: Prepare, size: str, dark: bool) -> None:
    page = window.open(path, size, dark=dark)
    prepare(page)
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert results.violations_count == 0, results.generate_report()
    window.complaints = [one for one in window.complaints if "404" not in one]  # /studies/9.9 is meant to be missing


def test_axe_finds_nothing_on_pages_of_their_own(window: Window) -> None:
    page = window.open("/?q=doe+ct", script=True)
    study = page.locator(".card h2 a").first.get_attribute("href")
    page.goto(window.address + str(study), wait_until="networkidle")
    assert Axe().run(page).violations_count == 0
    page.goto(window.address + str(page.locator(".tile a").last.get_attribute("href")), wait_until="networkidle")
    assert Axe().run(page).violations_count == 0
    page.goto(window.address + str(page.locator(".frames a").first.get_attribute("href")), wait_until="networkidle")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
