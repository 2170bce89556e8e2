"""Whoever commits comes back when its own rows are in the catalogue, however many others wait."""

import pytest

from contract.making import record
from findicon.archive.commits import Commits, _Entry
from findicon.catalogue import Catalogue, rows_of
from findicon.query import Level


def test_rows_behind_a_full_batch_are_written_before_their_sender_hears_of_it(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("findicon.archive.commits._LARGEST_BATCH", 1)
    commits = Commits(catalogue, sync_reminders=lambda: None)
    commits._waiting.append(_Entry(rows_of(record(1))))  # another sender, whose turn has not come yet
    commits.commit(rows_of(record(2)))
    assert catalogue.counts()[Level.STUDY] == 2
    commits.close()
