"""Archives of several sizes on both databases, built once and kept outside the repository.

They lie in a folder for temporary files, by the version of the tables and the code that makes the rows; when either
changes they are built anew and those before are removed.
"""

import shutil
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydicom.data import get_testdata_file

from benchmarks.archive_life import IN_LIFE
from benchmarks.archive_rows import fill
from findicon.catalogue import Catalogue
from findicon.catalogue.migrate import SCHEMA_VERSION
from findicon.icons import Icon, make_icon, preview
from findicon.pixels import Picture

if TYPE_CHECKING:
    from contract.postgresql_server import Server

ICONS = 100_000
_CODE = ("archive_life.py", "archive_rows.py", "catalogue_archives.py")


class Archives(ABC):
    """Archives of several sizes in one kind of database."""

    name: str

    def build(self, sizes: Sequence[int]) -> None:
        """Build those that are missing, each from the one before."""
        before = 0
        for size in sizes:
            if not self._has(size):
                print(f"   building {size:,} studies, {self.name}", file=sys.stderr, flush=True)
                with Catalogue(self._copy(before)) as catalogue:
                    icons = max(0, min(ICONS, size) - before)
                    fill(catalogue, before, size, icons=icons, pictures=_pictures(), studies_each=IN_LIFE)
                self._keep(size)
            before = size

    @abstractmethod
    def url(self, size: int) -> str:
        """Give the URL of an archive; it shall stay as it is."""

    @abstractmethod
    def scratch(self, size: int) -> str:
        """Give the URL of a copy that may be changed; until the next one is asked for."""

    @abstractmethod
    def _has(self, size: int) -> bool: ...

    @abstractmethod
    def _copy(self, size: int) -> str: ...

    @abstractmethod
    def _keep(self, size: int) -> None: ...


class _OnSqlite(Archives):
    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, size: int) -> str:
        return str(self._folder / f"{size}.sqlite")

    def scratch(self, size: int) -> str:
        return self._copied(size, "scratch")

    def _has(self, size: int) -> bool:
        return Path(self.url(size)).exists()

    def _copy(self, size: int) -> str:
        return self._copied(size, "building")

    def _copied(self, size: int, name: str) -> str:
        target = self._folder / f"{name}.sqlite"
        for old in self._folder.glob(f"{name}.sqlite*"):
            old.unlink()
        if size:
            shutil.copyfile(self.url(size), target)
        return str(target)

    def _keep(self, size: int) -> None:
        (self._folder / "building.sqlite").rename(self.url(size))


class _OnPostgresql(Archives):
    name = "PostgreSQL"

    def __init__(self, server: "Server") -> None:
        self._server = server

    def url(self, size: int) -> str:
        return self._server.url(f"studies_{size}")

    def scratch(self, size: int) -> str:
        return self._copied(size, "scratch")

    def _has(self, size: int) -> bool:
        return bool(self._server.run(f"SELECT 1 FROM pg_database WHERE datname = 'studies_{size}'"))

    def _copy(self, size: int) -> str:
        return self._copied(size, "building")

    def _copied(self, size: int, name: str) -> str:
        self._server.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        template = f"studies_{size} STRATEGY file_copy" if size else "template1"
        self._server.create(name, template)
        return self._server.url(name)

    def _keep(self, size: int) -> None:
        self._server.run(f"ALTER DATABASE building RENAME TO studies_{size}")
        self._server.run("CHECKPOINT")


@contextmanager
def archives() -> Iterator[list[Archives]]:
    """Give the archives on SQLite, and on PostgreSQL where there is one, while its server runs."""
    folder = _folder()
    found: list[Archives] = [_OnSqlite(folder)]
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from contract.postgresql_server import running_server  # noqa: PLC0415 -- the tests, found by the line above
    from support.needs import missing  # noqa: PLC0415

    if missing("postgresql"):
        yield found
        return
    # As a server of one's own is set up: with its usual care for durability, and more memory than it ships with.
    options = ("-c", "shared_buffers=1GB", "-c", "maintenance_work_mem=512MB", "-c", "max_wal_size=4GB")
    with running_server(*options, fsync=True, data=folder / "postgresql") as server:
        yield [*found, _OnPostgresql(server)]


def _folder() -> Path:
    """Give the folder of these archives, and remove those of other versions."""
    root = Path("/var/tmp") if Path("/var/tmp").is_dir() else Path(tempfile.gettempdir())
    root /= "findicon-benchmarks"
    state = blake2b(SCHEMA_VERSION.encode(), digest_size=6)
    for name in _CODE:
        state.update(Path(__file__).with_name(name).read_bytes())
    folder = root / f"{SCHEMA_VERSION}-{state.hexdigest()}"
    folder.mkdir(parents=True, exist_ok=True)
    for other in root.iterdir():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder


def _pictures() -> list[tuple[bytes, bytes | None]]:
    """Give some icons with their previews, of CT and MR, moved and turned: like real ones they do not compress."""
    found: list[tuple[bytes, bytes | None]] = []
    for name in ("CT_small.dcm", "MR_small.dcm"):
        original = make_icon(get_testdata_file(name), size=64).to_array()
        for turn in range(4):
            small = np.rot90(np.roll(original, 5 * turn), turn)
            large = np.kron(small, np.ones((4, 4), np.uint8))
            found.append((Icon.from_picture(Picture(small)).encoded(), preview(Picture(large))))
    return found
