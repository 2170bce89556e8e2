"""``findicon password``: what is kept of a password, for ``[web.users]``."""

import sys

import typer

from ..errors import QueryError
from ..web import hashed


def password() -> int:
    """Ask for a password and print what is kept of it, for the users in findicon.toml."""
    if sys.stdin.isatty():
        given = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise QueryError("There is no password: type one, or send it in one line to standard input")
    typer.echo(hashed(given))
    return 0
