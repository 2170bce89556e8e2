"""How long a list of studies takes in Chromium until all of its pictures are there, and how many bytes that is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, ViewportSize, sync_playwright

_TALL: ViewportSize = {"width": 1440, "height": 20_000}  # all of the list is in sight: nothing waits to be scrolled to
_SCREEN: ViewportSize = {"width": 1440, "height": 900}
_WHEN_SEEN = """() => {
    const seen = [...document.images].filter((image) => image.getBoundingClientRect().top < innerHeight);
    return seen.length > 10 && seen.every((image) => image.complete && image.naturalWidth);
}"""
_WHEN_LOADED = """() => {
    const all = [...document.images];
    return all.length >= %d && all.every((image) => image.complete && image.naturalWidth);
}"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page took."""

    seconds: float
    bytes: float
    items: int


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from support.needs import program  # noqa: PLC0415 -- the tests, found by the line above

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=arguments)
        yield browser
        browser.close()


def pictures(browser: Browser, address: str, count: int, rounds: int = 5) -> Seen:
    """Load a page until `count` pictures and all others are there, each time with an empty cache."""
    return _seen(browser, address, f"({_WHEN_LOADED % count})()", "document.images.length", rounds)


def first_screen(browser: Browser, address: str, rounds: int = 5) -> Seen:
    """Load a page until every picture that can be seen without scrolling is there, each time with an empty cache."""
    return _seen(browser, address, f"({_WHEN_SEEN})()", "document.images.length", rounds, _SCREEN)


def items(browser: Browser, address: str, selector: str, count: int, rounds: int = 5) -> Seen:
    """Load a page until it lists `count` items or more, each time with an empty cache."""
    listed = f"document.querySelectorAll({selector!r}).length"
    return _seen(browser, address, f"{listed} >= {count}", listed, rounds)


def _seen(browser: Browser, address: str, until: str, counted: str, rounds: int, size: ViewportSize = _TALL) -> Seen:
    seen = [_once(browser, address, until, counted, size) for _ in range(rounds)]
    return Seen(median(one.seconds for one in seen), median(one.bytes for one in seen), seen[0].items)


def _once(browser: Browser, address: str, until: str, counted: str, size: ViewportSize) -> Seen:
    context = browser.new_context(viewport=size, bypass_csp=True)  # the policy forbids to watch, not what is watched
    page = context.new_page()
    came: list[float] = []
    tools = context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.on("Network.loadingFinished", lambda said: came.append(said["encodedDataLength"]))
    page.goto(address, wait_until="commit")
    took: Any = page.wait_for_function(f"() => ({until}) && performance.now() / 1000", polling="raf", timeout=60_000)
    seen = Seen(float(took.json_value()), sum(came), int(page.evaluate(counted)))
    context.close()
    return seen
