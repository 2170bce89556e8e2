"""A query of 100,000 answers takes a gateway little memory, whether their pictures are kept or missing."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from findicon.query import Level
from support.long_lists import ANSWERS, growth

MOST = 40 << 10  # kilobytes


@pytest.mark.parametrize(
    ("level", "are_kept"),
    [(Level.STUDY, True), (Level.STUDY, False), (Level.IMAGE, False)],
    ids=["studies kept", "studies missing", "images missing"],
)
def test_many_answers_take_little_memory(level: Level, are_kept: bool) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        size, grown = process.submit(growth, level, are_kept=are_kept).result()
    assert size > ANSWERS * (4200 if are_kept else 100)
    assert grown < MOST, f"{grown >> 10} MB"
