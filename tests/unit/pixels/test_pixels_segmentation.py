"""Segmentations: binary, fractional and label maps, as labels on black."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from findicon.pixels import render
from findicon.pixels.cielab import srgb_of
from unit.pixels.making import RLE, described, saved, with_frames
from unit.pixels.making import encoded as encoded_frame

SEGMENTATION, LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"
RED, WHITE = [34885, 53485, 50171], [65535, 32896, 32896]  # CIELab as DICOM encodes it


def segment(number: int, colour: list[int] | None = None) -> Dataset:
    item = Dataset()
    item.SegmentNumber = number
    if colour is not None:
        item.RecommendedDisplayCIELabValue = colour
    return item


def place(number: int, z: float) -> Dataset:
    group = Dataset()
    group.PlanePositionSequence, group.SegmentIdentificationSequence = Sequence([Dataset()]), Sequence([Dataset()])
    group.PlanePositionSequence[0].ImagePositionPatient = [0, 0, z]
    group.SegmentIdentificationSequence[0].ReferencedSegmentNumber = number
    return group


def segmentation(masks: np.ndarray, segments: list[Dataset], groups: list[Dataset], **attributes: object) -> Dataset:
    dataset = described(masks, SOPClassUID=SEGMENTATION, SegmentationType="BINARY", Modality="SEG", **attributes)
    dataset.SegmentSequence = Sequence(segments)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return dataset


MASKS = np.zeros((4, 32, 32), np.uint8)
MASKS[0, :16], MASKS[1, :, :16], MASKS[2, 8:24, 8:24], MASKS[3, 20:] = 1, 1, 1, 1
# two positions, and two segments at each
PLACES = [place(1, 0), place(2, 0), place(1, 5), place(2, 5)]


def binary(**attributes: object) -> Dataset:
    dataset = segmentation(
        MASKS, [segment(1, RED), segment(2)], PLACES, BitsAllocated=1, BitsStored=1, HighBit=0, **attributes
    )
    dataset.PixelData = np.packbits(MASKS.ravel(), bitorder="little").tobytes()
    return dataset


def test_the_segments_at_one_position_are_shown_together_in_their_colours() -> None:
    picture = render(saved(binary(RepresentativeFrameNumber=4)), 32)
    assert picture.frame == 4
    assert picture.array.shape == (32, 32, 3)
    red = picture.array[10, 10].astype(int)
    assert red[0] > 200
    assert max(red[1:]) < 60
    assert picture.array[22, 12].tolist() == picture.array[31, 31].tolist() == [86, 180, 233]  # our own second colour
    assert picture.array[0, 0].tolist() == [0, 0, 0]


def test_a_frame_that_was_asked_for_is_shown_alone() -> None:
    shown = render(saved(binary()), 32, frame=3).array
    assert (shown[31, 31] == 0).all()
    assert shown[10, 10, 0] > 200


def test_a_single_segment_without_a_colour_is_white() -> None:
    dataset = binary()
    dataset.SegmentSequence = Sequence([segment(1)])
    picture = render(saved(dataset), 32, frame=1)
    assert picture.is_gray
    assert np.array_equal(picture.array, MASKS[0] * 255)


def test_fractions_are_shades() -> None:
    masks = np.tile(np.arange(0, 128, 4, dtype=np.uint8), (32, 1))
    dataset = segmentation(masks, [segment(1, WHITE)], [place(1, 0)], MaximumFractionalValue=128)
    dataset.SegmentationType = "FRACTIONAL"
    dataset.PixelData = masks.tobytes()
    shown = render(saved(dataset), 32).array
    assert np.abs(shown.reshape(32, 32, -1)[:, :, 0] - masks / 128 * 255).max() <= 1.5


def test_shrunk_masks_have_soft_edges() -> None:
    dataset = segmentation(MASKS[0], [segment(1)], [place(1, 0)])
    dataset.SegmentationType, dataset.MaximumFractionalValue = "FRACTIONAL", 1
    dataset.PixelData = MASKS[0].tobytes()
    shown = render(saved(dataset), 3).array
    assert shown[0, 0] == 255
    assert 100 < shown[1, 1] < 155
    assert shown[2, 2] == 0


@pytest.mark.parametrize("syntax", ["native", "RLE"])
def test_label_maps_have_a_colour_for_each_label(syntax: str) -> None:
    labels = np.repeat(np.repeat(np.array([[0, 1], [2, 70]], np.uint8), 8, axis=0), 8, axis=1)
    dataset = described(labels, SOPClassUID=LABEL_MAP, SegmentationType="LABELMAP", Modality="SEG")
    dataset.SegmentSequence = Sequence([segment(0), segment(1, RED), segment(2)])
    dataset.PixelData = labels.tobytes()
    stream = saved(dataset) if syntax == "native" else with_frames(dataset, [encoded_frame(labels, RLE, 8)], RLE)
    shown = render(stream, 16).array
    colours = {tuple(shown[y, x].tolist()) for y in (2, 12) for x in (2, 12)}
    assert (0, 0, 0) in colours
    assert len(colours) == 4
    assert shown[2, 12, 0] > 200


def test_colours_are_those_of_cielab() -> None:
    assert srgb_of([65535, 32896, 32896]) == pytest.approx((255, 255, 255), abs=1)
    assert srgb_of([0, 32896, 32896]) == pytest.approx((0, 0, 0), abs=1)
    # sRGB red is L* 54.29, a* 80.81, b* 69.89 under D50
    encoded = [54.29 / 100 * 65535, (80.81 + 128) / 255 * 65535, (69.89 + 128) / 255 * 65535]
    assert srgb_of(encoded) == pytest.approx((255, 0, 0), abs=2)
    assert srgb_of([1, 2]) is None
