"""A PostgreSQL server for tests: made in a folder of its own, on a Unix socket, stopped at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
            self._create("prepared", "template1")
            prepare(self._url("prepared"))
            self._is_prepared = True
        self._made += 1
        name = f"catalogue_{self._made}"
        self._create(name, "prepared" if prepare else "template1")
        return self._url(name)

    def _create(self, name: str, template: str) -> None:
        import psycopg

        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self._folder}"


@contextmanager
def running_server(*options: str, fsync: bool = False) -> Iterator[Server]:
    """Start a server and stop it in the end.

    Parameters
    ----------
    options
        What else the server is told.
    fsync
        Whether what is committed survives a power cut, which tests have no use for.
    """
    folder = Path(tempfile.mkdtemp(prefix="findicon-postgresql-"))
    try:
        if os.getuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
        data = folder / "data"
        _run("initdb", "--pgdata", data, "--auth", "trust", "--username", "postgres", "--encoding", "UTF8", "--no-sync")
        place = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "max_connections=200")
        told = " ".join((*place, "-c", f"fsync={'on' if fsync else 'off'}", *options))
        _run("pg_ctl", "--pgdata", data, "--wait", "--log", folder / "log", "--options", told, "start")
        try:
            yield Server(folder)
        finally:
            _run("pg_ctl", "--pgdata", data, "--wait", "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(name: str, *arguments: str | Path) -> None:
    # PostgreSQL refuses root.
    account = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    command = [str(program(name)), *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", **account)
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stdout}{done.stderr}")
