"""Where a catalogue's database lies."""

from pathlib import Path

import pytest

from findicon.cli.databases import existing, file_of, without_password
from findicon.errors import QueryError


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("data/c.sqlite", Path("data/c.sqlite")),
        ("sqlite:///data/c.sqlite", Path("data/c.sqlite")),
        ("sqlite:////var/c%20d.sqlite", Path("/var/c d.sqlite")),
        ("postgresql://user@host/name", None),
    ],
)
def test_the_file_of_a_url(url: str, path: Path | None) -> None:
    assert file_of(url) == path


def test_passwords_are_not_shown() -> None:
    assert without_password("postgresql://me:secret@host:5432/name") == "postgresql://me:***@host:5432/name"
    assert without_password("postgresql://me@host/name") == "postgresql://me@host/name"
    assert without_password("/a/path") == "/a/path"


def test_a_catalogue_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="findicon index"):
        existing(str(tmp_path / "c.sqlite"))
    assert existing("postgresql://user@host/name") == "postgresql://user@host/name"
