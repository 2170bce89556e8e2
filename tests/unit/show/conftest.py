"""Answers to show."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from findicon.icons import make_icon
from findicon.query import EncodedMatch, Match, encode
from support.samples import instance

Answer = Callable[..., Match]


@pytest.fixture(scope="session")
def answer() -> Answer:
    """Make an answer as it comes from a peer, from keywords and values."""

    def make(level: str = "STUDY", **values: Any) -> Match:
        dataset = Dataset()
        dataset.QueryRetrieveLevel = level
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
        return EncodedMatch(encode(dataset, ExplicitVRLittleEndian), ExplicitVRLittleEndian)

    return make


@pytest.fixture(scope="session")
def icon_items() -> list[Dataset]:
    """The value of an Icon Image Sequence: a white square, 16 by 16."""
    white = np.full((16, 16), 2040, np.int16)
    return [make_icon(instance(PixelData=white.tobytes(), Rows=16, Columns=16)).to_item()]
