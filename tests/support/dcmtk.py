"""DCMTK's tools as real peers: run one, read what it got."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.uid import ImplicitVRLittleEndian


@dataclass(frozen=True)
class Answer:
    """One answer as findscu wrote it into a file."""

    data: bytes  # the encoded data set, without preamble and file meta information
    implicit: bool
    dataset: pydicom.Dataset


@dataclass(frozen=True)
class Outcome:
    """What a run of findscu gave."""

    answers: list[Answer]
    exit_code: int
    log: str


def findscu(port: int, folder: Path, *arguments: str, called: str = "FINDICON", calling: str = "FINDSCU") -> Outcome:
    """Ask 127.0.0.1 on a port with DCMTK's findscu.

    Parameters
    ----------
    port
        Where the SCP listens.
    folder
        An empty folder for the answers.
    *arguments
        findscu's own: the model (``-P`` or ``-S``), keys (``-k QueryRetrieveLevel=STUDY``), transfer syntaxes.
    called, calling
        AE titles.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = ["findscu", "-d", "-X", "-od", str(folder), "-aet", calling, "-aec", called, *arguments]
    done = subprocess.run(
        [*command, "127.0.0.1", str(port)], capture_output=True, text=True, timeout=60, check=False, errors="replace"
    )
    answers = [read_answer(path) for path in sorted(folder.glob("rsp*.dcm"))]
    return Outcome(answers, done.returncode, done.stdout + done.stderr)


def read_answer(path: Path) -> Answer:
    """Read one of findscu's answer files, and keep its bytes."""
    dataset = pydicom.dcmread(path)
    whole = path.read_bytes()
    length = int(dataset.file_meta.FileMetaInformationGroupLength)
    start = 132 + 12 + length  # preamble and prefix, (0002,0000) itself, the group
    return Answer(whole[start:], dataset.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian, dataset)
