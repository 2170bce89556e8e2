"""Every answer of the catalogue is the oracle's: random archives, random questions.

`FINDICON_EXAMPLES` says how many archives, if not a hundred; each is asked ten to thirty questions.
"""

import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from contract.oracle import Archive
from contract.strategies import File, files, queries
from findicon.catalogue import Catalogue, CatalogueFinder, listing
from findicon.catalogue.plan import matched
from findicon.query import Level, Listed, Place, Query, Value, decode

# Threads of a connection pool draw random numbers of their own while a strategy does.
THREADS = pytest.mark.filterwarnings("ignore:Do not use the `random` module")
# Shrinking would write thousands of archives; what fails is small as it is.
MANY = settings(
    deadline=None,
    max_examples=int(os.environ.get("FINDICON_EXAMPLES", "100")),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def one_catalogue(new_database: Callable[[], str]) -> Iterator[Catalogue]:
    with Catalogue(new_database()) as made:
        yield made


@THREADS
@MANY
@given(held=files(), questions=st.lists(queries(), min_size=10, max_size=30))
def test_the_database_answers_as_the_oracle_does(
    one_catalogue: Catalogue, held: list[File], questions: list[Query]
) -> None:
    one_catalogue.remove(one_catalogue.files())
    one_catalogue.add([record for record, _ in held])
    archive = Archive(held)
    finder = CatalogueFinder(one_catalogue, retrieve_ae_title="FINDICON")
    for query in questions:
        matches = list(finder.find(query))
        found = [as_text(match.dataset) for match in matches]
        assert sorted(found, key=str) == sorted(archive.answers(query), key=str), query
        for match in matches:
            implicit = decode(match.encoded(ImplicitVRLittleEndian), ImplicitVRLittleEndian)
            assert implicit == decode(match.encoded(ExplicitVRLittleEndian), ExplicitVRLittleEndian)


@THREADS
@MANY
@given(
    held=files(),
    questions=st.lists(queries(), min_size=10, max_size=30),
    few=st.sampled_from([0, 2, listing.FEW]),
    size=st.integers(1, 5),
    upward=st.booleans(),
)
def test_lists_are_what_the_questions_find_in_order(
    one_catalogue: Catalogue, held: list[File], questions: list[Query], few: int, size: int, upward: bool
) -> None:
    """However few studies are few, and also where time runs out after every stretch."""
    one_catalogue.remove(one_catalogue.files())
    one_catalogue.add([record for record, _ in held])
    finder = CatalogueFinder(one_catalogue, retrieve_ae_title="FINDICON")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(listing, "FEW", few)
        of_studies = [one for one in questions if one.level is Level.STUDY]
        for asked in (*([one] for one in of_studies), of_studies[:8]):
            expected = {str(match.dataset.StudyInstanceUID) for query in asked for match in finder.find(query)}
            whole = finder.listed(asked, most=1000, seconds=600, upward=upward)
            assert {one.uid for one in whole.studies} == expected, asked
            assert list(whole.studies) == sorted(whole.studies, reverse=not upward)
            assert whole.reached is None
            if all(matched(query).is_whole for query in asked):
                patched.setattr(listing, "FIRST_STRETCH", 1)
                assert walked(finder, asked, size, upward=upward) == list(whole.studies), asked


def walked(finder: CatalogueFinder, asked: list[Query], size: int, *, upward: bool) -> list[Listed]:
    """Go through a list part by part, with no time for any of them."""
    found: list[Listed] = []
    place: Place | None = None
    while True:
        part = finder.listed(asked, most=size, seconds=0, place=place, upward=upward)
        found += part.studies
        if part.reached is None and len(part.studies) < size:
            return found
        assert part.reached is None or part.reached != place
        place = part.reached or part.studies[-1].place


def as_text(answer: Dataset, *, whole: bool = True) -> dict[int, Value]:
    """Give the answered keys as text, without what every answer has."""
    found: dict[int, Value] = {}
    for element in answer:
        value = element.value
        if element.VR == "SQ":
            found[int(element.tag)] = [as_text(item, whole=False) for item in value]
            continue
        values = value if isinstance(value, list) or element.VM > 1 else [value]
        found[int(element.tag)] = "\\".join("" if one is None else str(one) for one in values)
    if whole:
        for tag in (0x00080005, 0x00080052, 0x00080054):
            found.pop(tag, None)
    return found
