"""The contact sheet that ``--format html`` writes, as Chromium lays it out and draws it."""

import json
import re
import subprocess
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian

from findicon.icons import make_icon
from findicon.query import EncodedMatch, Match, encode
from findicon.show import write_html
from integration.memory_finder import study
from support.samples import instance

pytestmark = pytest.mark.needs("chromium")

CHROMIUM = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
# Written into the page's title once it is loaded, where --dump-dom shows it.
MEASURE = """<script>addEventListener("load", () => {
  const boxes = [...document.querySelectorAll("figure")].map(one => one.getBoundingClientRect());
  document.title = JSON.stringify({
    images: [...document.images].map(one => one.complete && one.naturalWidth),
    columns: new Set(boxes.map(one => one.left)).size,
    overflows: document.documentElement.scrollWidth > innerWidth,
    loaded: performance.getEntriesByType("resource").filter(one => !one.name.startsWith("data:")).length,
  });
});</script>"""


def answers() -> list[Match]:
    white = np.full((16, 16), 2040, np.int16)
    item = make_icon(instance(PixelData=white.tobytes())).to_item()
    made = []
    for number in range(1, 8):
        dataset = study(number, icon=False)
        dataset.StudyInstanceUID = "1.2.3." + "4" * 58
        if number < 7:
            dataset.IconImageSequence = [item]
        made.append(EncodedMatch(encode(dataset, ExplicitVRLittleEndian), ExplicitVRLittleEndian))
    return made


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    stream = StringIO()
    write_html(answers(), stream, title="Study level: PatientName=DOE*")
    path = tmp_path / "sheet.html"
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


def chromium(folder: Path, *arguments: str) -> str:
    profile = f"--user-data-dir={folder / 'profile'}"
    done = subprocess.run(
        [*CHROMIUM, profile, *arguments], capture_output=True, encoding="utf-8", timeout=120, check=True, cwd=folder
    )
    return done.stdout


@pytest.mark.parametrize(("width", "columns"), [(530, 2), (1600, 6)])
def test_it_fits_the_window(sheet: Path, width: int, columns: int) -> None:
    measured = sheet.with_name("measured.html")
    measured.write_text(sheet.read_text(encoding="utf-8").replace("</head>", f"{MEASURE}</head>"), encoding="utf-8")
    dom = chromium(sheet.parent, f"--window-size={width},1000", "--dump-dom", measured.as_uri())
    found = re.search(r"<title>(.*?)</title>", dom)
    assert found
    told = json.loads(found[1])
    assert told == {"images": [16] * 6, "columns": columns, "overflows": False, "loaded": 0}


def test_its_pictures_are_seen(sheet: Path) -> None:
    picture = sheet.with_name("sheet.png")
    chromium(sheet.parent, "--window-size=1600,1000", f"--screenshot={picture}", sheet.as_uri())
    with Image.open(picture) as image:
        gray = np.asarray(image.convert("L"))
    white = (gray > 250).sum()
    assert white > 6 * 180 * 180, "six white squares as high as their frames"
    assert gray[0, 0] < 40, "on a dark page"
