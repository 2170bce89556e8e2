"""The command line: each command in a module of its own, imported when it runs."""

import difflib
import errno
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from .. import __version__
from ..errors import FindiconError, PeerRejected, QueryError, StorageError
from .complaints import DONE, FAILED, WRONG_QUESTION, complain

COMMANDS = ("demo", "index", "serve", "gateway", "find", "icon", "check", "status", "password")


class _Commands(TyperGroup):
    """The commands, each imported when it is named, so that none pays for what another needs."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer passes it
        """Give their names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            near = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"write one of {', '.join(COMMANDS)}"
            ctx.fail(f"{cmd_name!r} is no command: {hint}")
        module = importlib.import_module(f".{cmd_name}", __package__)
        single = typer.Typer(add_completion=False)
        single.command(cmd_name)(getattr(module, cmd_name))
        command = typer.main.get_command(single)
        assert isinstance(command, TyperCommand)
        return command


app = typer.Typer(cls=_Commands)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"findicon {__version__}")
        raise typer.Exit


@app.callback()
def _findicon(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and end."
    ),
) -> None:
    """Pictures in DICOM query results: ask for them, answer with them, show them."""


def main() -> None:
    """Run the command line of this process, and end it with the exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command.

    Returns
    -------
    int
        0 when it is done, 1 when the answer is a failure, 2 when the question was wrong; 130 for a Ctrl-C that the
        command does not take itself. What went wrong stands on standard error in one sentence.
    """
    _open_streams()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a letter of a name shows the rest of it
    # What peers and files hold that is not quite DICOM is shown as it is; pydicom's remarks would hide the answers.
    warnings.filterwarnings("ignore", module="pydicom")
    try:
        code = typer.main.get_command(app).main(
            list(arguments) or ["--help"], prog_name="findicon", standalone_mode=False
        )
        sys.stdout.flush()
    except typer.TyperException as error:
        return complain(_sentence(error.format_message()), error.exit_code)
    except (QueryError, StorageError) as error:
        return complain(str(error), WRONG_QUESTION)
    except FindiconError as error:
        return complain(f"{error}{_advice(error)}", FAILED)
    except typer.Abort:
        return FAILED
    except OSError as error:
        _forget_output()
        if error.errno == errno.EPIPE:  # head has read enough
            return FAILED
        return complain(f"standard output cannot be written: {error.strerror or error}", FAILED)
    return code if isinstance(code, int) else DONE


def _advice(error: FindiconError) -> str:
    """Say what can be done about it, where that is a flag."""
    if isinstance(error, PeerRejected) and "calling AE title" in error.reason:
        return "; --calling-ae-title says what to call ourselves"
    return ""


def _open_streams() -> None:
    """Put something in the place of standard streams that were closed before we began."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115  for as long as we run


def _forget_output() -> None:
    """Let go of what could not be written: the interpreter would try again at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _sentence(message: str) -> str:
    return message.replace("Value error, ", "").rstrip(".")
