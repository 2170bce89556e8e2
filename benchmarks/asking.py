"""10,000 answers with icons, written by ``findicon find`` as JSON lines beside DCMTK's findscu printing them to a file.

The answers come from a server in a process of its own that encoded them before anybody asked. Both programs are
started anew each time, so what they need to begin counts.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from benchmarks.report import Row
from findicon.query import Cancel, EncodedMatch, Match, Query, encode, never
from findicon.scp import Server

ANSWERS = 10_000
SIDE = 64
ROUNDS = 5
GOAL = 0.5


def run() -> list[Row]:
    """Measure; by turns, the median of a few rounds."""
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.asking"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        try:
            return [_row(Path(name), port)]
        finally:
            server.communicate()


def _row(folder: Path, port: str) -> Row:
    keys = ["PatientName", "PatientID", "StudyDate", "StudyInstanceUID", "IconImageSequence"]
    asked = [word for key in keys for word in ("-k", key)]
    findscu = ["findscu", "-S", "-aec", "FINDICON", "-k", "QueryRetrieveLevel=STUDY", *asked, "127.0.0.1", port]
    program = "from findicon.cli import main; main()"
    findicon = [sys.executable, "-c", program, "find", f"FINDICON@127.0.0.1:{port}", "--icons", "--format", "jsonl"]
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_seconds([*findicon, "--output", str(folder / "answers.jsonl")], folder / "findicon.txt"))
        theirs.append(_seconds(findscu, folder / "findscu.txt"))
    lines = (folder / "answers.jsonl").read_text(encoding="utf-8").count("\n")
    printed = (folder / "findscu.txt").read_text(encoding="utf-8", errors="replace").count("Find Response: ")
    assert lines == printed == ANSWERS, (lines, printed)
    ratio = median(theirs) / median(ours)
    return Row(
        case=f"{ANSWERS:,} answers with {SIDE} x {SIDE} icons into a file, start included",
        ours=f"{median(ours):.2f} s",
        peer=f"findscu {median(theirs):.2f} s",
        ratio=ratio,
        goal=f">= {GOAL}",
        met=ratio >= GOAL,
    )


def _seconds(command: Sequence[str], output: Path) -> float:
    with output.open("wb") as stream:
        began = perf_counter()
        subprocess.run(command, stdout=stream, stderr=stream, check=True, env=os.environ)
        return perf_counter() - began


class _Ready:
    """Answers that are encoded already."""

    def __init__(self) -> None:
        self._answers = [EncodedMatch(_encoded(number), ExplicitVRLittleEndian) for number in range(ANSWERS)]

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:  # noqa: ARG002  as Finder has it
        return iter(self._answers)


def _encoded(number: int) -> bytes:
    item = Dataset()
    item.SamplesPerPixel = 1
    item.PhotometricInterpretation = "MONOCHROME2"
    item.Rows = item.Columns = SIDE
    item.BitsAllocated = item.BitsStored = 8
    item.HighBit = 7
    item.PixelRepresentation = 0
    item.add_new(0x7FE00010, "OB", bytes((number + index * 7) % 256 for index in range(SIDE * SIDE)))
    answer = Dataset()
    answer.SpecificCharacterSet = "ISO_IR 192"
    answer.StudyDate = "20240131"
    answer.StudyTime = "101500"
    answer.AccessionNumber = f"A{number}"
    answer.QueryRetrieveLevel = "STUDY"
    answer.ModalitiesInStudy = ["CT", "SR"]
    answer.StudyDescription = "Thorax nativ und mit Kontrastmittel"
    answer.PatientName = f"DOE{number % 97}^JANE"
    answer.PatientID = f"P{number}"
    answer.PatientBirthDate = "19700102"
    answer.PatientSex = "F"
    answer.StudyInstanceUID = f"1.2.826.0.1.3680043.8.498.1234567890.{number}"
    answer.NumberOfStudyRelatedSeries = "3"
    answer.NumberOfStudyRelatedInstances = "412"
    answer.IconImageSequence = [item]
    return encode(answer, ExplicitVRLittleEndian)


def _serve() -> None:
    """Print the port, and end when the input does."""
    with Server(_Ready()) as server:
        print(server.address.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _serve()
