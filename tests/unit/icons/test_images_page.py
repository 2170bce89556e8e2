"""The page docs/images.md keeps up with what becomes of the images in the wheels."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def images() -> ModuleType:
    spec = importlib.util.spec_from_file_location("images_page", DOCS / "images.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["images_page"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tried(images: ModuleType) -> dict[str, list[Any]]:
    return {wheel: list(images.outcomes(folder)) for wheel, folder in images.wheels().items()}


def test_the_page_tells_the_truth(images: ModuleType, tried: dict[str, list[Any]]) -> None:
    assert images.page(tried) == images.PAGE.read_text(encoding="utf-8"), "`make docs` writes docs/images.md anew"


def test_the_page_says_nothing_about_this_machine(images: ModuleType) -> None:
    text = images.PAGE.read_text(encoding="utf-8")
    assert all(str(folder) not in text for folder in images.wheels().values())


def test_all_but_a_few_images_make_an_icon(tried: dict[str, list[Any]]) -> None:
    every = [one for outcomes in tried.values() for one in outcomes]
    failed = {one.name for one in every if one.reason and not one.reason.startswith("There are no pixels")}
    assert sum(bool(one.icon) for one in every) > 160
    assert len(failed) < 12, failed
    assert all(len(one.reason) < 200 and "\n" not in one.reason for one in every)
