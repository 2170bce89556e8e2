import os

import pytest

from findicon.archive.paths import location_of, path_of, printable

NOT_UTF8 = os.fsdecode(b"/data/\xff%41 b.dcm")


@pytest.mark.parametrize("path", ["/data/image.dcm", "/data/ünï %41.dcm", NOT_UTF8])
def test_a_location_is_text_and_leads_back_to_the_path(path: str) -> None:
    location = location_of(path)
    assert location.encode("utf-8")
    assert path_of(location) == path


def test_an_ordinary_path_is_its_own_location() -> None:
    assert location_of("/data/ünï %41.dcm") == "/data/ünï %41.dcm"


def test_what_is_printed_can_be_printed() -> None:
    assert printable(f"{NOT_UTF8} has no end") == "/data/\\xff%41 b.dcm has no end"
