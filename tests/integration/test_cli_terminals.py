"""Pictures on terminals that draw: a pseudo-terminal whose other end answers as a real one would."""

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from support.samples import real_file

# The program takes the terminal as its own, as a shell would give it.
PROGRAM = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from findicon.cli import run
sys.exit(run(sys.argv[1:]))
"""
ATTRIBUTES = re.compile(rb"\x1b\[c")
CELL_SIZE = re.compile(rb"\x1b\[16t")
KITTY_QUESTION = re.compile(rb"\x1b_G[^\x1b]*a=q[^\x1b]*\x1b\\")


def drawn(
    term: str, answers: dict[re.Pattern[bytes], bytes], *arguments: str, rows: int = 50, **variables: str
) -> tuple[bytes, list[bytes]]:
    """Run a command on a terminal that answers questions; gives what it wrote, and what it asked."""
    terminal, program_side = os.openpty()
    if rows:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("TERM", "NO_COLOR", "COLORTERM")}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdin=program_side,
        stdout=program_side,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=environment | {"TERM": term, "COLORTERM": "truecolor", "COLUMNS": "80", "LINES": "50"} | variables,
    ) as process:
        os.close(program_side)
        written, asked, seen = b"", [], 0
        while True:
            readable, _, _ = select.select([terminal], [], [], 60)
            try:
                received = os.read(terminal, 65536) if readable else b""
            except OSError:  # Linux says so when the program has closed its end
                received = b""
            if not received:
                break
            written += received
            for question, answer in answers.items():
                for found in question.finditer(written, seen):
                    asked.append(found[0])
                    seen = max(seen, found.end())
                    os.write(terminal, answer)
        assert process.stderr is not None
        assert process.wait(60) == 0, process.stderr.read()
    os.close(terminal)
    return written, asked


IMAGE = str(real_file("CT_small.dcm"))


def test_half_blocks_where_the_terminal_draws_nothing_better() -> None:
    written, asked = drawn("xterm-256color", {ATTRIBUTES: b"\x1b[?62;22c"}, "icon", IMAGE)
    assert "▀".encode() in written
    assert len(asked) == 1


def test_sixels_where_the_terminal_has_them() -> None:
    answers = {ATTRIBUTES: b"\x1b[?62;4;22c", CELL_SIZE: b"\x1b[6;20;10t"}
    written, _ = drawn("xterm-256color", answers, "icon", IMAGE)
    assert b"\x1bP" in written, "the start of Sixel data"
    assert "▀".encode() not in written


def test_kittys_pictures_where_it_says_who_it_is() -> None:
    answers = {
        ATTRIBUTES: b"\x1b[?62;c",
        CELL_SIZE: b"\x1b[6;20;10t",
        KITTY_QUESTION: b"\x1b_Gi=31;OK\x1b\\",
    }
    written, _ = drawn("xterm-kitty", answers, "icon", IMAGE)
    assert b"\x1b_G" in written
    assert chr(0x10EEEE).encode() in written, "the placeholder that the picture is drawn at"


@pytest.mark.parametrize(("term", "variables"), [("dumb", {}), ("xterm-256color", {"NO_COLOR": "1"})])
def test_nothing_is_asked_where_there_are_no_colours(term: str, variables: dict[str, str]) -> None:
    written, asked = drawn(term, {ATTRIBUTES: b"\x1b[?62;4c"}, "icon", IMAGE, **variables)
    assert asked == []
    assert b"\x1b[c" not in written
    assert "▀".encode() not in written


def test_a_terminal_without_a_size_gets_half_blocks() -> None:
    written, _ = drawn("xterm-kitty", {ATTRIBUTES: b"\x1b[?62;4c"}, "icon", IMAGE, rows=0)
    assert "▀".encode() in written


def test_a_terminal_that_says_nothing_gets_half_blocks() -> None:
    written, _ = drawn("xterm-256color", {}, "icon", IMAGE)
    assert "▀".encode() in written


def test_a_list_keeps_to_the_width_of_the_terminal(tmp_path: Path) -> None:
    written, _ = drawn("xterm-256color", {ATTRIBUTES: b"\x1b[?62c"}, "icon", IMAGE, "--size", "200")
    lines = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", written).decode().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= max(80, len(IMAGE) + 12)
