"""What a journal still holds after its writer was killed or the power went, and what it never makes up."""

from pathlib import Path

import pytest

from findicon.archive.journal import Journal, Record, records_in

ONE, TWO = Record("1.2.3", b"one" * 1000), Record("1.2.840.99", b"")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "1.journal"


@pytest.fixture
def journal(path: Path) -> Journal:
    made = Journal(str(path))
    yield made
    made.close()


def test_records_are_read_in_their_order(journal: Journal, path: Path) -> None:
    assert list(records_in(str(path))) == []
    journal.append([ONE, TWO])
    journal.append([ONE])
    assert list(records_in(str(path))) == [ONE, TWO, ONE]


def test_a_journal_that_began_anew_holds_nothing_of_what_was_there(journal: Journal, path: Path) -> None:
    journal.append([ONE, ONE, ONE])
    journal.clear()
    assert list(records_in(str(path))) == []
    journal.append([TWO])
    assert list(records_in(str(path))) == [TWO]


@pytest.mark.parametrize("cut", [1, 20, 30, 500])
def test_a_record_that_is_half_there_is_none(journal: Journal, path: Path, cut: int) -> None:
    journal.append([TWO, ONE])
    with path.open("r+b") as file:
        file.seek(TWO.size + cut)
        file.write(bytes(100))
    assert list(records_in(str(path))) == [TWO]
    with path.open("r+b") as file:
        file.truncate(TWO.size + cut)
    assert list(records_in(str(path))) == [TWO]


def test_a_journal_does_not_change_its_size(journal: Journal, path: Path) -> None:
    size = path.stat().st_size
    many = [ONE] * 500
    while journal.has_room(500 * ONE.size):
        journal.append(many)
    assert path.stat().st_size == size


def test_a_head_whose_end_never_reached_the_disk_is_no_record(journal: Journal, path: Path) -> None:
    journal.append([TWO, ONE])
    with path.open("r+b") as file:
        file.seek(TWO.size + 8)  # its token did
        file.write(bytes(ONE.size))
    assert list(records_in(str(path))) == [TWO]
