"""The page of commands: what ``--help`` says of each, on one page."""

import re
from pathlib import Path

import typer
from typer.cli import get_docs_for_click

from findicon.cli.main import COMMANDS, app

PAGE = Path(__file__).with_name("commands.md")

_HEAD = """\
# Commands

Written by `make docs` out of what `findicon COMMAND --help` says; a test fails when it is not true any more.

Exit codes: 0 it is done; 1 the answer is a failure (a peer that refuses, breaks off or is not there, a check that
fails); 2 the question was wrong (a flag, a key or a file that cannot be). What went wrong is one sentence on standard
error. `findicon --install-completion` lets the shell complete commands, flags, the peers in findicon.toml and DICOM
keywords. What findicon.toml says: [settings](settings.md).

"""


def page() -> str:
    """Write the page."""
    group = typer.main.get_command(app)
    context = typer.Context(group)
    parts = []
    for name in COMMANDS:
        command = group.get_command(context, name)  # type: ignore[attr-defined]
        parts.append(get_docs_for_click(obj=command, ctx=context, indent=1, call_prefix="findicon"))
    return _HEAD + re.sub(r"(?m)^findicon .*$", r"    \g<0>", "".join(parts)).rstrip() + "\n"


def write() -> None:
    """Write the page into its file."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
