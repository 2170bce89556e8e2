"""The item, as a data set and as bytes, judged by the rules of PS3.3 C.7.6.1.1.6."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from findicon.errors import IconError
from findicon.icons import Icon, attach_icon, icon_element, icon_from_dataset
from findicon.query import decode, encode
from support.icon_rules import icon_element as find_icon_element
from support.icon_rules import items, violations

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


def gray(rows: int, columns: int) -> Icon:
    return Icon.from_array((np.arange(rows * columns) % 251).astype(np.uint8).reshape(rows, columns))


def coloured(rows: int, columns: int, colours: int) -> Icon:
    palette = np.stack([np.arange(colours), 255 - np.arange(colours), np.full(colours, 40)], axis=1).astype(np.uint8)
    icon = Icon.from_array(palette[np.arange(rows * columns) % colours].reshape(rows, columns, 3))
    assert len(icon.palette) == 3 * min(colours, rows * columns)
    return icon


ICONS = {
    "gray 64 x 64": gray(64, 64),
    "gray, odd length": gray(63, 63),
    "one pixel": gray(1, 1),
    "wide": gray(3, 1000),
    "two colours": coloured(5, 5, 2),
    "three colours, odd length": coloured(7, 7, 3),
    "255 colours": coloured(64, 64, 255),
    "256 colours": coloured(64, 48, 256),
}
each_icon = pytest.mark.parametrize("icon", ICONS.values(), ids=ICONS)
each_syntax = pytest.mark.parametrize("syntax", SYNTAXES, ids=["explicit", "implicit"])


@each_icon
@each_syntax
def test_the_element_obeys_every_rule(icon: Icon, syntax: str) -> None:
    element = icon_element(icon.encoded(), syntax)
    assert violations(element, implicit=syntax == ImplicitVRLittleEndian) == []


@each_icon
@each_syntax
def test_the_element_comes_back_as_the_same_icon(icon: Icon, syntax: str) -> None:
    answer = decode(icon_element(icon.encoded(), syntax), syntax)
    assert icon_from_dataset(answer) == icon


@each_icon
def test_the_item_of_the_data_set_and_the_bytes_are_the_same(icon: Icon) -> None:
    assert encode(icon.to_item(), ExplicitVRLittleEndian) == icon.encoded()


@each_icon
@each_syntax
def test_an_attached_icon_obeys_every_rule(icon: Icon, syntax: str) -> None:
    request, response = Dataset(), Dataset()
    request.IconImageSequence = []
    response.PatientID = "P1"
    attach_icon(request, response, icon)
    implicit = syntax == ImplicitVRLittleEndian
    data = encode(response, syntax)
    assert violations(data, implicit=implicit) == []
    found = find_icon_element(data, implicit=implicit)
    assert found is not None
    assert len(list(items(found.value, implicit=implicit))) == 1


@each_syntax
def test_the_bytes_of_an_answer_are_the_same_on_both_ways(syntax: str) -> None:
    """The fast way gives what a data set would, but for lengths: pydicom leaves sequences undefined."""
    icon = ICONS["256 colours"]
    fast = decode(icon_element(icon.encoded(), syntax), syntax)
    slow = Dataset()
    slow.IconImageSequence = [icon.to_item()]
    assert encode(fast.IconImageSequence[0], syntax) == encode(slow.IconImageSequence[0], syntax)


@pytest.mark.parametrize("syntax", [*SYNTAXES, DeflatedExplicitVRLittleEndian])
def test_no_icon_is_a_sequence_of_length_zero(syntax: str) -> None:
    plain = ImplicitVRLittleEndian if syntax == ImplicitVRLittleEndian else ExplicitVRLittleEndian
    empty = Dataset()
    empty.IconImageSequence = []
    assert icon_element(None, syntax) == encode(empty, plain)


def test_deflated_is_explicit_until_the_whole_identifier_is_deflated() -> None:
    item = ICONS["gray 64 x 64"].encoded()
    assert icon_element(item, DeflatedExplicitVRLittleEndian) == icon_element(item, ExplicitVRLittleEndian)


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, JPEGBaseline8Bit])
def test_other_transfer_syntaxes_are_refused(syntax: str) -> None:
    with pytest.raises(IconError, match="not encoded in"):
        icon_element(b"", syntax)


def test_an_item_that_somebody_else_encoded_is_converted_all_the_same() -> None:
    item = ICONS["gray, odd length"].to_item()
    item.SmallestImagePixelValue = 0
    item.IconImageSequence = []
    answer = decode(icon_element(encode(item, ExplicitVRLittleEndian), ImplicitVRLittleEndian), ImplicitVRLittleEndian)
    assert answer.IconImageSequence[0].SmallestImagePixelValue == 0
    assert icon_from_dataset(answer) == ICONS["gray, odd length"]


@pytest.mark.parametrize("cut", [1, 5, 9, 30, 100, 4000])
def test_an_item_cut_short_is_refused_or_stays_what_it_was(cut: int) -> None:
    palette = ICONS["256 colours"].encoded()[:cut]
    with pytest.raises(IconError, match="not encoded in Explicit"):
        icon_element(palette, ImplicitVRLittleEndian)


def test_the_icon_is_there_only_when_asked_for() -> None:
    response = Dataset()
    attach_icon(Dataset(), response, ICONS["one pixel"])
    assert "IconImageSequence" not in response


@pytest.mark.parametrize("asked", [None, [], [Dataset()]], ids=["null", "no item", "one empty item"])
def test_every_way_of_asking_is_understood(asked: object) -> None:
    request, response = Dataset(), Dataset()
    request.IconImageSequence = asked
    attach_icon(request, response, ICONS["one pixel"])
    assert icon_from_dataset(response) == ICONS["one pixel"]


def test_asked_for_but_not_there_is_a_sequence_of_length_zero() -> None:
    request, response = Dataset(), Dataset()
    request.IconImageSequence = None
    attach_icon(request, response, None)
    assert encode(response, ExplicitVRLittleEndian) == icon_element(None, ExplicitVRLittleEndian)
