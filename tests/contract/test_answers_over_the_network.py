"""The same questions through a server and a client: what arrives is what the oracle says."""

import warnings
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.oracle import Archive
from contract.strategies import File, files, queries
from contract.test_catalogue_answers import MANY, THREADS, as_text
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.errors import QueryError
from findicon.query import Match, Query
from findicon.scp import Server
from findicon.scu import Client


@pytest.fixture(scope="module")
def served(new_database: Callable[[], str]) -> Iterator[tuple[Catalogue, Client]]:
    with (
        Catalogue(new_database()) as catalogue,
        Server(CatalogueFinder(catalogue, retrieve_ae_title="FINDICON")) as server,
        Client(server.address) as client,
    ):
        yield catalogue, client


@THREADS
@MANY
@given(held=files(), questions=st.lists(queries(), min_size=5, max_size=10))
def test_answers_arrive_as_the_oracle_gives_them(
    served: tuple[Catalogue, Client], held: list[File], questions: list[Query]
) -> None:
    catalogue, client = served
    catalogue.remove(catalogue.files())
    catalogue.add([record for record, _ in held])
    archive = Archive(held)
    for query in questions:
        matches = ask(client, query)
        if matches is not None:
            found = [as_text(match.dataset) for match in matches]
            assert sorted(found, key=str) == sorted(archive.answers(query), key=str), query


def ask(client: Client, query: Query) -> list[Match] | None:
    """Ask, unless pydicom cannot encode the question; it warns of what is a question and no value of an instance."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            matches = client.find(query)
        except QueryError:
            return None
        return list(matches)
