"""The conformance page says what the code does."""

from pathlib import Path

import pytest

from contract.making import record
from findicon.catalogue import Catalogue, CatalogueFinder, conformance
from findicon.query import Key, Level, Query

PAGE = Path(__file__).parents[3] / "docs" / "conformance.md"


def test_the_page_keeps_up_with_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == conformance(), "run `make docs`"


def keys(level: Level) -> list[int]:
    """Give the tags that the page lists for a level."""
    section = conformance().partition(f"## Keys at {level} level")[2].partition("\n## ")[0]
    cells = [line.split("|")[2].strip(" ()") for line in section.splitlines() if line.startswith("| ") and "(" in line]
    return [int(cell.replace(",", ""), 16) for cell in cells]


@pytest.mark.parametrize("level", list(Level))
def test_every_key_on_the_page_is_supported_at_its_level(catalogue: Catalogue, level: Level) -> None:
    catalogue.add([record(1)])
    tags = keys(level)
    assert level.unique_key in tags
    finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON")
    query = Query(level, defaults=False, keys=[Key(tag, "") for tag in tags])
    (match,) = finder.find(Query(level, defaults=False, keys=[Key.named(f"{tag:08X}") for tag in query.keys]))
    assert match.all_keys_supported
    assert set(tags) <= {int(element.tag) for element in match.dataset}


def test_options_are_said_to_be_accepted_as_the_finder_has_them() -> None:
    assert conformance().count("| accepted |") == 5
    assert conformance().count("| refused |") == 2
