"""``findicon find`` in a real terminal, 80 and 200 characters wide: what stands on the screen afterwards."""

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from findicon.query import Cancel, Match, Query, never
from findicon.scp import Server

from .memory_finder import MemoryMatch, study

pytestmark = pytest.mark.needs("tmux")

FINDICON = (sys.executable, "-c", "from findicon.cli import main; main()")
HEIGHT = 100


class Terminal:
    """A tmux of its own, with one window of that width."""

    def __init__(self, width: int, folder: Path) -> None:
        self._name = f"findicon-{uuid4().hex}"
        self._folder = folder
        self._width = width

    def run(self, *arguments: str) -> None:
        """Run findicon in the window, which stays afterwards."""
        environment = {"XDG_CONFIG_HOME": str(self._folder), "COLORTERM": "truecolor"}
        program = shlex.join(
            (
                "env",
                "-u",
                "COLUMNS",
                "-u",
                "LINES",
                *(f"{name}={value}" for name, value in environment.items()),
                *FINDICON,
            )
        )
        signal = f"tmux -L {self._name} wait-for -S over"
        command = f"{program} {shlex.join(arguments)}; echo exit $?; {signal}; exec cat"
        size = ("-x", str(self._width), "-y", str(HEIGHT))
        self._tmux("-f", os.devnull, "-u", "new-session", "-d", *size, "-c", str(self._folder), command)

    def wait(self) -> list[str]:
        """Wait until the command is over; give the lines on the screen."""
        self._tmux("wait-for", "over")
        return self.lines()

    def lines(self, *, joined: bool = False) -> list[str]:
        """Give the lines on the screen now; those that the terminal broke in one piece when told so."""
        text = self._tmux("capture-pane", "-p", *(["-J"] if joined else []))
        return text.rstrip("\n").split("\n")

    def until(self, words: str) -> list[str]:
        """Look until these words stand on the screen."""
        pause = threading.Event()
        for _ in range(1200):
            lines = self.lines()
            if any(words in line for line in lines):
                return lines
            pause.wait(0.05)
        raise AssertionError(f"{words!r} does not come: {lines}")

    def type(self, key: str) -> None:
        """Type a key, as tmux calls it."""
        self._tmux("send-keys", key)

    def colours(self) -> str:
        """Give the screen with its colours."""
        return self._tmux("capture-pane", "-p", "-e")

    def close(self) -> None:
        """End it."""
        subprocess.run(["tmux", "-L", self._name, "kill-server"], capture_output=True, check=False)

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._name, *arguments], capture_output=True, encoding="utf-8", timeout=120, check=True
        )
        return done.stdout


class Studies:
    """Five studies; the last two only when the test lets them through."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.was_cancelled = False

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        for number in range(1, 6):
            while number > 3 and not self.gate.wait(0.05):
                if cancel():
                    self.was_cancelled = True
                    return
            yield MemoryMatch(study(number, icon=query.icon))


@pytest.fixture
def studies() -> Studies:
    return Studies()


@pytest.fixture
def address(studies: Studies) -> Iterator[str]:
    with Server(studies) as server:
        yield str(server.address)


@pytest.fixture(params=[80, 200])
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def terminal(width: int, tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(width, tmp_path)
    yield terminal
    terminal.close()


def test_answers_stand_beside_their_pictures(terminal: Terminal, width: int, address: str) -> None:
    terminal.run("find", address)
    lines = terminal.wait()
    assert lines[-2:] == ["findicon: 5 answers", "exit 0"]
    names = [line for line in lines if "DOE, J" in line]
    assert len(names) == (5 if width == 80 else 2), "three side by side where there is room"
    assert names[0].startswith("▀" * 24 + "   DOE, J1"), "the picture, 24 wide, and its name"
    assert sum("▀" in line for line in lines) == len(names) * 12, "each 12 high"
    assert not any("asking" in line for line in lines), "the progress is gone"
    assert "\x1b[38;2;" in terminal.colours(), "in true colours"


def test_a_line_an_answer_without_pictures(terminal: Terminal, width: int, address: str) -> None:
    terminal.run("find", address, "--no-icons", "ReferringPhysicianName")
    lines = terminal.wait()
    assert "▀" not in "".join(lines)
    row = next(line for line in lines if "DOE, J1" in line)
    assert ("1.2.3.1" in row) == (width == 200), "the UID gives way where it is narrow"
    assert "ReferringPhysicianName" in "".join(lines)
    assert sum("DOE, J" in line for line in lines) == 5, "nothing is broken into two lines"


def test_answers_are_counted_while_they_come_and_ctrl_c_keeps_them(
    terminal: Terminal, address: str, studies: Studies
) -> None:
    studies.gate.clear()
    terminal.run("find", address, "--no-icons")
    terminal.until("3 answers")
    assert not any("DOE" in line for line in terminal.lines())
    terminal.type("C-c")
    lines = terminal.wait()
    assert lines[-2:] == ["findicon: cancelled after 3 answers", "exit 1"]
    assert sum("DOE, J" in line for line in lines) == 3
    assert studies.was_cancelled, "the peer got a C-CANCEL"


def test_watching_says_what_it_does_and_ends_with_ctrl_c(terminal: Terminal, address: str) -> None:
    terminal.run("find", address, "--watch", "600")
    terminal.until("5 known, waiting for new ones; Ctrl-C ends it")
    terminal.type("C-c")
    lines = terminal.wait()
    assert lines[-1] == "exit 0"
    assert not any("known" in line for line in lines)


def test_a_wrong_question_is_one_sentence(terminal: Terminal, address: str) -> None:
    terminal.run("find", address, "PatientNam=DOE*")
    terminal.wait()
    assert [line for line in terminal.lines(joined=True) if line] == [
        "findicon: 'PatientNam' is no DICOM keyword, did you mean PatientName?",
        "exit 2",
    ]
