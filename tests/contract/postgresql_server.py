"""A PostgreSQL server for tests: made in a folder of its own, on a Unix socket, stopped at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from support.needs import program


class Server:
    """A running server; every database that is asked for is new.

    Parameters
    ----------
    folder
        Where its socket is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self._is_prepared = False

    def database(self, prepare: Callable[[str], None] | None = None) -> str:
        """Make a database and give its URL.

        Parameters
        ----------
        prepare
            Fills the database that the others are copied from; called once.
        """
        if prepare and not self._is_prepared:
            self.create("prepared")
            prepare(self.url("prepared"))
            self._is_prepared = True
        self._made += 1
        name = f"catalogue_{self._made}"
        self.create(name, "prepared" if prepare else "template1")
        return self.url(name)

    def create(self, name: str, template: str = "template1") -> None:
        """Make a database of that name, with what another one holds."""
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")

    def run(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement on the server as a whole; give its rows, if it has any."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def url(self, name: str) -> str:
        """Give the URL of a database."""
        return f"postgresql://postgres@/{name}?host={self._folder}"


@contextmanager
def running_server(*options: str, fsync: bool = False, data: Path | None = None) -> Iterator[Server]:
    """Start a server and stop it in the end.

    Parameters
    ----------
    options
        What else the server is told.
    fsync
        Whether what is committed survives a power cut, which tests have no use for.
    data
        A folder for what it holds, that stays; where None, what it holds goes with it.
    """
    folder = Path(tempfile.mkdtemp(prefix="findicon-postgresql-"))
    try:
        _give_to_postgres(folder)
        place = data or folder / "data"
        if not place.exists():
            _made(place)
        elif (place / "postmaster.pid").exists():  # whoever started it was killed
            with suppress(RuntimeError):
                _run("pg_ctl", "--pgdata", place, "--wait", "--mode", "fast", "stop")
        sockets = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "max_connections=200")
        told = " ".join((*sockets, "-c", f"fsync={'on' if fsync else 'off'}", *options))
        _run("pg_ctl", "--pgdata", place, "--wait", "--log", folder / "log", "--options", told, "start")
        try:
            yield Server(folder)
        finally:
            how = "fast" if data else "immediate"
            _run("pg_ctl", "--pgdata", place, "--wait", "--mode", how, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made(data: Path) -> None:
    """Make the folder of a server that is complete as soon as it is there."""
    making = data.with_name(f"{data.name}-making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    _give_to_postgres(making)
    _run("initdb", "--pgdata", making, "--auth", "trust", "--username", "postgres", "--encoding", "UTF8", "--no-sync")
    making.rename(data)


def _give_to_postgres(folder: Path) -> None:
    # PostgreSQL refuses root.
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)


def _run(name: str, *arguments: str | Path) -> None:
    account = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    command = [str(program(name)), *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", **account)
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stdout}{done.stderr}")
