"""What ``findicon serve`` says about how it is asked."""

from pathlib import Path

import pytest

from findicon.cli.serving import how_to_ask
from findicon.cli.settings import load_settings
from findicon.dimse import Address


def toml(text: str) -> None:
    Path("findicon.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("host", "asked"), [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("10.0.0.5", "10.0.0.5")])
def test_an_address_that_can_be_asked(host: str, asked: str) -> None:
    findscu, findicon = how_to_ask(Address("FINDICON", host, 11112), load_settings())
    assert findscu.endswith(f" {asked} 11112")
    assert str(Address("FINDICON", asked, 11112)) in findicon
    assert "-aet" not in findscu


def test_it_names_a_peer_that_may_ask() -> None:
    toml("[peers.MOVER]\naddress = 'MOVER@m:104'\nverbs = ['move']\n[peers.W]\naddress = 'MY STATION@w:104'\n")
    findscu, findicon = how_to_ask(Address("FINDICON", "127.0.0.1", 11112), load_settings())
    assert "-aet 'MY STATION'" in findscu
    assert findicon.endswith("--calling-ae-title 'MY STATION'")


@pytest.mark.parametrize(
    "text",
    ["[peers.MOVER]\naddress = 'MOVER@m:104'\nverbs = ['move']\n", "[tls]\ncertificate = 'c.pem'\nkey = 'k.pem'\n"],
)
def test_it_says_nothing_that_would_not_work(text: str) -> None:
    toml(text)
    assert how_to_ask(Address("FINDICON", "127.0.0.1", 11112), load_settings()) == []
