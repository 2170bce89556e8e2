"""From an address to the client of the archive behind it, and what is no address."""

import pytest

from findicon.errors import QueryError
from findicon.gateway import upstream_at
from findicon.scu import Upstream, WebClient


def test_a_dicom_address() -> None:
    client = upstream_at("PACS@127.0.0.1:104")
    assert isinstance(client, Upstream)
    assert str(client.peer.address) == "PACS@127.0.0.1:104"


@pytest.mark.parametrize("address", ["http://127.0.0.1:8042/dicom-web", "https://localhost/dicom-web/"])
def test_a_web_address(address: str) -> None:
    client = upstream_at(address)
    assert isinstance(client, WebClient)
    assert client.address == address.rstrip("/")
    client.close()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("PACS", "'PACS'"),
        ("PACS@127.0.0.1", "PACS@127.0.0.1"),
        ("PACS@127.0.0.1:99999", "99999"),
        ("PACS@no.such.host.invalid:104", "no.such.host.invalid"),
        ("http://no.such.host.invalid/dicom-web", "no.such.host.invalid"),
        ("http://me:secret@no.such.host.invalid/dicom-web", "no.such.host.invalid"),
        ("http:///dicom-web", "is no DICOMweb address"),
        ("ftp://127.0.0.1/", "ftp://127.0.0.1/"),
    ],
)
def test_what_is_wrong_is_said_at_once(address: str, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        upstream_at(address)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
