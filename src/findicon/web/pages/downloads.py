"""Studies and series as ZIP files, made while they are sent."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import IO, cast

from starlette.requests import Request

from ..services import Instance, Services, note
from ..streaming import Stream

_PIECE = 1 << 18


def download(services: Services, request: Request, study: str, series: str = "") -> Stream:
    """Give the files of a study or a series in a ZIP file, as they are stored.

    Raises
    ------
    Problem
        404 when there is none, 413 when there are too many.
    StorageError
        The first file cannot be read.
    """
    found = services.located(study, series)
    services.source.open(found[0].uid).close()  # before the answer begins: what cannot be read is a failure
    note(request, "download", study=study, instances=len(found))
    name = f"{series or study}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Stream(_zipped(services, found), 200, headers, "application/zip")


class _Pipe(io.RawIOBase):
    """Keeps what is written until it is taken; it cannot go back, which ZIP files do not need."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(cast("bytes", data))
        self._written += piece
        return len(piece)

    def taken(self) -> bytes:
        data = bytes(self._written)
        self._written.clear()
        return data


def _zipped(services: Services, found: Sequence[Instance]) -> Iterator[bytes]:
    pipe = _Pipe()
    # Images do not shrink enough to be worth the time: they are stored as they are.
    with zipfile.ZipFile(cast("IO[bytes]", pipe), "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        folders = {series: number for number, series in enumerate(dict.fromkeys(one.series for one in found), 1)}
        for number, instance in enumerate(found, 1):
            name = f"series{folders[instance.series]:03d}/{number:05d}.dcm"
            with services.opened(instance) as stream, archive.open(name, "w", force_zip64=True) as member:
                while piece := stream.read(_PIECE):
                    member.write(piece)
                    yield pipe.taken()
            yield pipe.taken()
    yield pipe.taken()
