"""What a server does when it starts and when it stops."""

import threading
from pathlib import Path

import httpx

from findicon.query import Level
from findicon.web import WebServer, create_app
from unit.web.shelf import Shelf


class Watched(Shelf):
    """A shelf that notes who counts it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.counted = threading.Event()
        self.may_go_on = threading.Event()
        self.has_ended = False

    def counts(self) -> dict[Level, int]:
        self.counted.set()
        assert self.may_go_on.wait(30)
        self.has_ended = True
        return dict(super().counts())


def test_the_first_page_is_prepared_before_anybody_asks_and_others_are_answered_meanwhile(tmp_path: Path) -> None:
    shelf = Watched(tmp_path)
    app = create_app(shelf, shelf, shelf, overview=shelf)
    with WebServer(app) as server:
        assert shelf.counted.wait(30)
        assert httpx.get(f"{server.address}/static/mark.svg").status_code == 200
        assert not shelf.has_ended
        shelf.may_go_on.set()
    assert shelf.has_ended
