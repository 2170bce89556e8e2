"""The pages in a real Chromium: find, open, step through, with and without JavaScript, from phone to wall."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import SIZES, Window, shot

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]


def open_study(page: Page, name: str = "Doe, Jane") -> None:
    page.locator(".card, .row").filter(has_text=name).first.get_by_role("link").first.click()
    expect(page.locator(".panel .series")).to_be_visible()


def open_series(page: Page, title: str = "Axial") -> None:
    page.locator(".tile").filter(has_text=title).get_by_role("link").click()
    expect(page.locator(".frames")).to_be_visible()


def open_image(page: Page, number: int) -> None:
    page.locator(".frames a").nth(number - 1).click()
    expect(page.locator("dialog .view[data-ready]")).to_be_visible()


def place(page: Page) -> str:
    return page.locator("[data-place]").inner_text()


def test_a_study_is_found_and_opened_in_place(window: Window) -> None:
    page = window.open()
    expect(page.get_by_role("heading", level=1)).to_have_text("17 studies")
    page.get_by_role("searchbox").fill("doe ct 2024")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 studies")
    open_study(page)
    expect(page.locator(".panel .name")).to_have_text("Doe, Jane")
    open_series(page)
    expect(page.locator(".frames li")).to_have_count(60)
    assert page.url.endswith("q=doe+ct+2024"), "nothing but the page itself was left"
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_have_count(0)
    assert page.evaluate("document.activeElement.textContent") == "Doe, Jane"


def test_only_one_study_is_open_and_its_own_link_closes_it(window: Window) -> None:
    page = window.open()
    open_study(page)
    open_study(page, "Roe, Richard")
    expect(page.locator(".panel")).to_have_count(1)
    expect(page.locator(".panel .name")).to_have_text("Roe, Richard")
    page.locator(".card.open h2 a").click()
    expect(page.locator(".panel")).to_have_count(0)


def test_the_panel_stands_below_its_row(window: Window) -> None:
    page = window.open("/?q=p1")
    page.locator(".card h2 a").nth(1).click()
    panel = page.locator(".panel-holder")
    expect(panel).to_be_visible()
    card, box = page.locator(".card.open").bounding_box(), panel.bounding_box()
    grid = page.locator(".grid").bounding_box()
    assert card is not None
    assert box is not None
    assert grid is not None
    assert box["y"] >= card["y"] + card["height"] - 1
    assert abs(box["width"] - grid["width"]) < 2


def test_images_are_walked_by_keys_wheel_slider_and_buttons(window: Window) -> None:
    page = window.open("/?q=doe+ct")
    open_study(page)
    open_series(page)
    open_image(page, 20)
    assert place(page) == "20 / 60"
    first = page.locator(".shown").get_attribute("src")
    for key, expected in (("ArrowDown", 21), ("ArrowUp", 20), ("PageDown", 30), ("End", 60), ("Home", 1)):
        page.keyboard.press(key)
        assert place(page) == f"{expected} / 60"
    page.locator(".stage").hover()
    page.mouse.wheel(0, 100)
    expect(page.locator("[data-place]")).to_have_text("2 / 60")
    page.locator("[data-slider]").fill("33")
    assert place(page) == "33 / 60"
    page.get_by_role("link", name="Next").click()
    assert place(page) == "34 / 60"
    expect(page.locator(".view")).to_have_attribute("data-shown", "34")
    assert page.locator(".shown").get_attribute("src") != first
    assert page.locator(".shown").evaluate("(image) => image.complete && image.naturalWidth") == 256
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(".frames a").nth(19)).to_be_focused()


def test_frames_of_one_image_are_walked_too(window: Window) -> None:
    page = window.open("/?q=okafor+us")
    open_study(page, "Okafor")
    open_image(page, 1)
    assert place(page) == "11 / 30", "it begins a third of the way"
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-title]")).to_have_text(re.compile("frame 12 of 30"))
    expect(page.locator(".view")).to_have_attribute("data-shown", "12")
    expect(page.locator(".windows")).to_have_count(0), "colour has no window"


def test_windows_are_chosen_by_digit_and_by_hand(window: Window) -> None:
    page = window.open("/?q=doe+ct")
    open_study(page)
    open_series(page)
    open_image(page, 30)

    def mean() -> float:
        return float(
            page.locator(".shown").evaluate(
                """(image) => { const c = document.createElement('canvas'); c.width = c.height = 64;
                const d = c.getContext('2d'); d.drawImage(image, 0, 0, 64, 64);
                return d.getImageData(0, 0, 64, 64).data.reduce((a, b) => a + b) / 16384; }"""
            )
        )

    before = mean()
    page.keyboard.press("2")
    expect(page.locator(".windows .chip[aria-current]")).to_have_text("2 Lung")
    expect(page.locator(".shown")).to_have_attribute("src", re.compile(r"window=-600%2C1500"))
    lung = mean()
    assert abs(lung - before) > 5
    expect(page.get_by_label("Center")).to_have_value("-600")
    page.get_by_label("Center").fill("300")
    page.get_by_label("Width").fill("100")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".shown")).to_have_attribute("src", re.compile(r"window=300%2C100"))
    page.locator(".stage").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".shown")).to_have_attribute("src", re.compile(r"window=300%2C100"))
    page.keyboard.press("0")
    expect(page.locator(".shown")).not_to_have_attribute("src", re.compile(r"window="))


def test_facets_narrow_and_chips_widen_again(window: Window) -> None:
    page = window.open()
    page.get_by_role("region", name="Modality").get_by_role("link", name="CT").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 studies")
    page.get_by_role("region", name="Modality").get_by_role("link", name="CT").get_attribute("aria-current")
    page.get_by_role("searchbox").fill("head")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 study")
    page.get_by_role("link", name="Remove CT").click()
    expect(page.get_by_role("searchbox")).to_have_value("head")


def test_days_are_a_strip(window: Window) -> None:
    page = window.open()
    day = page.locator(".day").filter(has_text="2024-01-30")
    day.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 studies")


def test_the_table_opens_studies_in_place_too(window: Window) -> None:
    page = window.open("/?view=table")
    expect(page.locator("tr.row")).to_have_count(17)
    open_study(page)
    open_series(page)
    open_image(page, 1)


def test_colours_follow_the_system_until_they_are_chosen(window: Window) -> None:
    def back(page: Page) -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light, dark = window.open(), window.open(dark=True)
    assert back(light) != back(dark)
    light.get_by_role("button", name="Switch to dark colours").click()
    assert back(light) == back(dark)
    light.reload()
    assert back(light) == back(dark)
    light.get_by_role("button", name="Switch to light colours").click()
    assert back(light) != back(dark)


def test_everything_that_matters_works_without_javascript(window: Window) -> None:
    page = window.open(script=False)
    page.get_by_role("searchbox").fill("doe ct")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 studies")
    page.get_by_role("link", name="Doe, Jane").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Doe, Jane")
    page.locator(".tile").filter(has_text="Axial").get_by_role("link").click()
    expect(page.locator(".frames li")).to_have_count(60)
    page.locator(".frames a").nth(9).click()
    assert place(page) == "10 / 60"
    page.get_by_role("link", name="Next").click()
    assert place(page) == "11 / 60"
    page.get_by_role("link", name="Lung").click()
    assert "window=-600" in page.url
    expect(page.locator(".shown")).to_have_attribute("src", re.compile("window=-600"))
    page.get_by_label("Center").fill("50")
    page.get_by_label("Width").fill("350")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".shown")).to_have_attribute("src", re.compile("window=50%2C350"))
    page.get_by_role("button", name="Switch to dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert place(page) == "11 / 60"


@pytest.mark.parametrize("path", ["/", "/?view=table", "/?q=nobody", "/status", "/nothing"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_wider_than_the_screen(window: Window, path: str, size: str) -> None:
    page = window.open(path, size)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    window.complaints = [one for one in window.complaints if "404" not in one]  # /nothing is meant to be missing


def test_a_phone_has_filters_behind_a_button(window: Window) -> None:
    page = window.open(size="phone")
    facet = page.locator(".facets").get_by_role("link", name="CT 3")
    expect(page.locator(".facets")).not_to_be_visible()
    page.get_by_role("link", name="Filters", exact=True).click()
    expect(page.locator(".facets")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    facet.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 studies")


def test_what_is_pressed_is_large_enough(window: Window) -> None:
    page = window.open(size="phone")
    page.get_by_role("link", name="Filters", exact=True).click()
    small = page.evaluate(
        """[...document.querySelectorAll('a, button, input:not([type=hidden]), summary')]
        .filter((one) => !one.closest('.skip') && one.offsetParent)
        .map((one) => [one.className || one.textContent.trim(), one.getBoundingClientRect()])
        .filter(([, box]) => box.height && (box.height < 24 || box.width < 24)).map(([name]) => name)"""
    )
    # The link of a card is its name, but what is pressed is the whole card.
    assert [name for name in small if name != "brand" and "," not in name] == []


def test_nothing_moves_while_pictures_come(window: Window) -> None:
    page = window.open("about:blank".replace("about:blank", "/status"))
    page.add_init_script(
        """window.moved = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries())
        if (!entry.hadRecentInput) window.moved += entry.value; }).observe({ type: 'layout-shift', buffered: true });"""
    )
    page.route("**/picture", lambda route: route.continue_())
    for path in ("/", "/?view=table", "/?q=doe+ct"):
        page.goto(window.address + path, wait_until="networkidle")
        assert page.evaluate("window.moved") < 0.01, path


def test_pictures_far_below_are_not_fetched(window: Window) -> None:
    page = window.open("/status", "phone")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(window.address + "/", wait_until="networkidle")
    pictures = {url for url in asked if url.endswith("/picture")}
    everything = page.locator(".card img").count()
    assert everything == 17
    assert len(pictures) <= everything
    assert page.locator(".card img[loading=lazy]").count() == everything - 12


def test_a_uid_is_copied(window: Window) -> None:
    page = window.open()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_study(page)
    uid = page.locator(".panel > .uids code").inner_text()
    page.get_by_role("button", name="Copy Study UID").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == uid


def test_the_keyboard_reaches_everything(window: Window) -> None:
    page = window.open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator(".card h2 a").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("[...document.querySelectorAll('.card h2 a')].indexOf(document.activeElement)") == 1
    page.keyboard.press("ArrowDown")
    below = page.evaluate("[...document.querySelectorAll('.card h2 a')].indexOf(document.activeElement)")
    assert below > 2
    page.keyboard.press("Enter")
    expect(page.locator(".panel .series")).to_be_visible()
    assert page.evaluate("document.activeElement.matches('.panel')")


def test_focus_can_be_seen(window: Window) -> None:
    page = window.open()
    page.locator(".card h2 a").first.focus()
    page.keyboard.press("ArrowRight")
    outlined = page.evaluate("getComputedStyle(document.activeElement.closest('.card')).outlineStyle")
    assert outlined == "solid"


Prepare = Callable[[Page], None]


def _nothing(page: Page) -> None:
    pass


def _opened(page: Page) -> None:
    open_study(page)
    open_series(page)
    expect(page.locator(".frames img").nth(3)).to_be_visible()
    page.wait_for_load_state("networkidle")


def _viewing(page: Page) -> None:
    _opened(page)
    open_image(page, 25)
    expect(page.locator(".shown")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "path", "prepare"),
    [
        ("home", "/", _nothing),
        ("table", "/?view=table", _nothing),
        ("study", "/?q=doe+ct", _opened),
        ("viewer", "/?q=doe+ct", _viewing),
        ("empty", "/?q=nobody+1999", _nothing),
        ("status", "/status", _nothing),
    ],
)
def test_screens_to_look_at(window: Window, name: str, path: str, prepare: Prepare, size: str, dark: bool) -> None:
    page = window.open(path, size, dark=dark)
    prepare(page)
    shot(page, f"{name}-{size}-{'dark' if dark else 'light'}")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", ["error", "indexing", "indexing-status", "nothing-yet"])
def test_screens_of_unusual_states(window: Window, busy: str, nothing: str, state: str, size: str, dark: bool) -> None:
    path, base = {
        "error": ("/studies/9.9", ""),
        "indexing": ("/", busy),
        "indexing-status": ("/status", busy),
        "nothing-yet": ("/", nothing),
    }[state]
    page = window.open(path, size, dark=dark, base=base)
    said = {"error": "This is not here", "nothing-yet": "There is nothing here yet"}.get(state, "1,234")
    expect(page.get_by_text(said).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing lies beside the window"
    shot(page, f"{state}-{size}-{'dark' if dark else 'light'}")
    window.complaints = [one for one in window.complaints if "404" not in one]  # what is meant to be missing


def test_what_goes_wrong_inside_is_a_page_that_says_what_to_do(window: Window, address: str) -> None:
    page = window.open("/studies/9.9/series/8.8/instances/7.7")
    expect(page.get_by_role("heading", level=1)).to_have_text("This is not here")
    page.get_by_role("link", name="Back to the studies").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("17 studies")
    window.complaints = []
