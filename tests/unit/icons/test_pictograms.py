"""Pictograms: the right one for an object, the same drawing as SVG and as a picture."""

from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from pydicom._uid_dict import UID_dictionary

from findicon.icons import Kind, kind_of, pictogram
from findicon.icons.glyphs import GLYPHS

STORAGE = "1.2.840.10008.5.1.4.1.1."
SVG = "{http://www.w3.org/2000/svg}"

KINDS = {
    "88.11": Kind.REPORT,
    "88.67": Kind.REPORT,
    "88.40": Kind.REPORT,
    "88.70": Kind.REPORT,  # Implantation Plan SR
    "88.77": Kind.REPORT,  # Waveform Annotation SR
    "88.59": Kind.KEY_IMAGES,
    "11.1": Kind.PRESENTATION_STATE,
    "11.10": Kind.PRESENTATION_STATE,  # Segmented Volume Rendering
    "481.3": Kind.STRUCTURE_SET,
    "481.5": Kind.PLAN,
    "481.8": Kind.PLAN,
    "481.4": Kind.TREATMENT_RECORD,
    "481.19": Kind.TREATMENT_RECORD,
    "481.2": Kind.DOSE,
    "104.1": Kind.DOCUMENT,
    "104.2": Kind.DOCUMENT,
    "104.3": Kind.MODEL,
    "66.5": Kind.MODEL,
    "9.1.1": Kind.WAVEFORM,
    "9.2.1": Kind.WAVEFORM,
    "77.1.1.1": Kind.VIDEO,
    "66.1": Kind.REGISTRATION,
    "66.2": Kind.REGISTRATION,
    "66.4": Kind.SEGMENTATION,
    "4.2": Kind.SPECTROSCOPY,
    "78.2": Kind.MEASUREMENTS,
    "66": Kind.RAW_DATA,
    "2": Kind.IMAGE,
    "67": Kind.OBJECT,
}


@pytest.mark.parametrize(("last", "kind"), KINDS.items())
def test_the_kind_of_a_sop_class(last: str, kind: Kind) -> None:
    assert kind_of(STORAGE + last) is kind


def test_every_image_class_of_the_standard_is_an_image_or_a_video() -> None:
    images = [uid for uid, entry in UID_dictionary.items() if "Image Storage" in entry[0] and uid.startswith(STORAGE)]
    assert len(images) > 60
    assert {kind_of(uid) for uid in images} == {Kind.IMAGE, Kind.VIDEO}


@pytest.mark.parametrize(
    ("modality", "kind"), [("SR", Kind.REPORT), ("RTPLAN", Kind.PLAN), ("ECG", Kind.WAVEFORM), ("", Kind.OBJECT)]
)
def test_a_private_class_goes_by_its_modality(modality: str, kind: Kind) -> None:
    assert kind_of("1.2.3.4", modality=modality) is kind
    assert kind_of("", modality=modality) is kind


def test_video_goes_by_its_transfer_syntax() -> None:
    ultrasound = f"{STORAGE}3.1"
    assert kind_of(ultrasound) is Kind.IMAGE
    assert kind_of(ultrasound, transfer_syntax="1.2.840.10008.1.2.4.102") is Kind.VIDEO
    assert kind_of(ultrasound, transfer_syntax="1.2.840.10008.1.2.4.50") is Kind.IMAGE


@pytest.mark.parametrize("kind", Kind)
def test_the_svg_is_well_formed_and_says_its_kind(kind: Kind) -> None:
    root = ElementTree.fromstring(pictogram(kind).svg())
    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title") == kind
    assert root.findtext(f"{SVG}text") == kind
    shapes = root.findall(f".//{SVG}polyline") + root.findall(f".//{SVG}polygon")
    assert len(shapes) == len(GLYPHS[kind])


@pytest.mark.parametrize("kind", Kind)
def test_every_drawing_stays_inside_its_square_above_the_label(kind: Kind) -> None:
    points = np.array([point for shape in GLYPHS[kind] for point in shape.points])
    assert points.min() >= 12
    assert points[:, 0].max() <= 116
    assert points[:, 1].max() <= 100


def test_no_two_kinds_look_alike() -> None:
    pictures = [np.asarray(pictogram(kind).to_image(64).crop((0, 0, 64, 50)), np.float64) for kind in Kind]
    for number, one in enumerate(pictures):
        for other in pictures[:number]:
            assert np.abs(one - other).mean() > 2


@pytest.mark.parametrize("size", [16, 64, 256])
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_the_pictures_are_squares_of_the_size_asked_for(size: int, form: str) -> None:
    drawn = pictogram(Kind.REPORT)
    data = drawn.png(size) if form == "PNG" else drawn.jpeg(size)
    picture = Image.open(BytesIO(data))
    assert (picture.format, picture.size) == (form, (size, size))


def test_the_label_can_be_read() -> None:
    """The strip under the drawing is not empty, and not the same for two kinds."""
    strips = [np.asarray(pictogram(kind).to_image(256).crop((0, 210, 256, 250)).convert("L")) for kind in Kind]
    assert all(strip.max() > 150 for strip in strips)
    assert len({strip.tobytes() for strip in strips}) == len(strips)


def test_names_are_taken_and_unknown_ones_are_objects() -> None:
    assert pictogram("key images").kind is Kind.KEY_IMAGES
    assert pictogram("teapot").kind is Kind.OBJECT


def test_what_one_gets_is_ones_own() -> None:
    first = pictogram(Kind.PLAN).to_image(32)
    first.paste((255, 255, 255), (0, 0, 32, 32))
    assert np.asarray(pictogram(Kind.PLAN).to_image(32)).mean() < 200


def test_a_notebook_shows_a_png() -> None:
    assert Image.open(BytesIO(pictogram(Kind.PLAN)._repr_png_())).format == "PNG"
