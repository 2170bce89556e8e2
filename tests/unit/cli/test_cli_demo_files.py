"""The demo's archive: real images of many kinds under made-up names, and a phantom that looks like a chest."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from findicon.cli.demo_files import SLICES, build_archive
from findicon.cli.phantom import axial_slices, localizer

MADE_UP = {"Doe^Jane", "Doe^John", "Roe^Richard", "Miller^Anna", "Okafor^Ada", "Test^Pattern"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> list[Dataset]:
    folder = tmp_path_factory.mktemp("demo")
    count = build_archive(folder)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    assert len(paths) == count
    return [pydicom.dcmread(path) for path in paths]


def test_there_are_many_kinds(archive: list[Dataset]) -> None:
    assert len({dataset.file_meta.TransferSyntaxUID for dataset in archive}) >= 8
    assert {"CT", "MR", "US", "NM", "SEG", "RTDOSE", "SR", "ECG", "OT"} <= {dataset.Modality for dataset in archive}
    assert {"MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL_422"} <= {
        dataset.get("PhotometricInterpretation") for dataset in archive
    }
    assert any(int(dataset.get("NumberOfFrames") or 1) > 10 for dataset in archive)


def test_every_instance_is_one_of_its_own(archive: list[Dataset]) -> None:
    assert len({dataset.SOPInstanceUID for dataset in archive}) == len(archive)


def test_nobody_is_named_who_is_not_made_up(archive: list[Dataset]) -> None:
    assert {str(dataset.PatientName) for dataset in archive} == MADE_UP
    by_study: dict[str, set[str]] = {}
    for dataset in archive:
        by_study.setdefault(dataset.StudyInstanceUID, set()).add(dataset.PatientID)
    assert all(len(patients) == 1 for patients in by_study.values())


def test_the_phantom_has_a_localizer_and_its_slices(archive: list[Dataset]) -> None:
    phantom = [dataset for dataset in archive if dataset.get("Manufacturer") == "findicon"]
    flavors = [dataset.ImageType[2] for dataset in phantom]
    assert (flavors.count("LOCALIZER"), flavors.count("AXIAL")) == (1, SLICES)
    heights = [float(dataset.ImagePositionPatient[2]) for dataset in phantom if dataset.ImageType[2] == "AXIAL"]
    assert np.allclose(np.diff(sorted(heights)), 5)


def test_copies_keep_the_pixels_of_the_original(archive: list[Dataset]) -> None:
    original = pydicom.dcmread(pydicom.examples.get_path("ct"))
    (copy,) = (dataset for dataset in archive if dataset.SOPInstanceUID == original.SOPInstanceUID)
    assert copy.PixelData == original.PixelData


def test_a_chest_has_air_bone_and_blood_where_they_belong() -> None:
    (image,) = axial_slices(128, 384.0, [150.0])
    assert image.shape == (128, 128)

    def at(x: float, y: float) -> float:
        row, column = int((y / 384 + 0.5) * 128), int((x / 384 + 0.5) * 128)
        return float(np.median(image[row - 1 : row + 2, column - 1 : column + 2]))

    assert at(85, 30) < -700, "lung"
    assert at(-85, 30) < -700, "lung"
    assert at(20, 52) > 150, "aorta"
    assert at(0, 76) > 200, "vertebra"
    assert at(0, -160) < -900, "air"


def test_the_same_phantom_every_time() -> None:
    assert np.array_equal(next(axial_slices(32, 384.0, [100.0])), next(axial_slices(32, 384.0, [100.0])))


def test_the_localizer_is_brighter_along_the_spine_than_over_the_lungs() -> None:
    image = localizer(48, 64, 6.25)
    assert image.shape == (48, 64)
    assert (image.min(), image.max()) == (0, 4095)
    middle = slice(20, 28)
    assert image[middle, 30:34].mean() > 1.5 * image[middle, 18:22].mean()
