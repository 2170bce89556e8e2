"""An instance whose file is open, and what its pixels can be given as (PS3.18 8.7.3.3)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from starlette.requests import Request

from ...errors import IconError
from ...pixels import Decompressed, Header, read_header
from ..frames import PixelData
from ..negotiation import MediaRange, ranges_of
from ..problems import Problem
from ..services import Instance, Services
from .media_types import OCTET_STREAM, media_type_of

EXPLICIT = "1.2.840.10008.1.2.1"
"""Explicit VR Little Endian, which is what octets are in."""

_PLANAR_CONFIGURATION = 0x00280006


class OpenedInstance:
    """One instance whose file is open.

    Parameters
    ----------
    instance
        Which one.
    stream
        Its file, which somebody else closes.
    """

    def __init__(self, instance: Instance, stream: BinaryIO) -> None:
        self.header: Header = read_header(stream)
        self.syntax = str(self.header.transfer_syntax)
        self._decompressed: Decompressed | None = None
        self.instance = instance

    def decompressed(self) -> Decompressed:
        """Give its pixels decoded; raises IconError."""
        if self._decompressed is None:
            self._decompressed = Decompressed(self.header)
        return self._decompressed

    def native_frame(self, number: int) -> bytes:
        """Give one compressed frame decoded, its colour as the instance's metadata say; raises IconError."""
        return self.decompressed().frame(number, by_plane=self.header.integer(_PLANAR_CONFIGURATION) == 1)

    def pixels_as(self, ranges: Sequence[MediaRange], *, multipart: bool) -> tuple[str, str]:
        """Choose media type and transfer syntax for its pixels.

        Raises
        ------
        Problem
            406: they cannot be given as anything that is acceptable.
        """
        compressed = PixelData(self.header).is_compressed
        stored = media_type_of(self.syntax) if compressed else OCTET_STREAM
        reason = ""
        for one in sorted(ranges, key=lambda one: -one.weight):
            if one.weight <= 0 or (one.multipart is not multipart and one.name != "*/*"):
                continue
            asked = one.transfer_syntax
            if compressed and takes(one, stored) and one.name != "*/*" and asked in {"", "*", self.syntax}:
                return stored, self.syntax
            if compressed and takes(one, OCTET_STREAM) and asked in {"*", self.syntax}:
                return OCTET_STREAM, self.syntax
            if not takes(one, OCTET_STREAM) or asked not in {"", "*", EXPLICIT}:
                continue
            if not compressed:
                return OCTET_STREAM, EXPLICIT
            try:
                self.decompressed()
            except IconError as exc:
                reason = f" ({exc})"
                if one.name == "*/*":
                    return stored, self.syntax
            else:
                return OCTET_STREAM, EXPLICIT
        offered = f'multipart/related; type="{stored}"; transfer-syntax={self.syntax if compressed else EXPLICIT}'
        raise Problem(406, f"The pixels cannot be given as anything that is acceptable: there is {offered}{reason}")

    def frame(self, number: int, syntax: str) -> bytes:
        """Give one frame in that transfer syntax; raises IconError."""
        pixels = PixelData(self.header)
        if pixels.is_compressed and syntax == EXPLICIT:
            return self.native_frame(number)
        return pixels.frame(number)


def takes(one: MediaRange, name: str) -> bool:
    """Tell whether a media range covers a media type, alone or in parts."""
    return one.name in {"*/*", name} or (one.name.endswith("/*") and name.startswith(one.name[:-1]))


def content_type_of(media_type: str, syntax: str) -> str:
    """Give the Content-Type of pixels in a transfer syntax."""
    return f"{media_type}; transfer-syntax={syntax}"


def wanted_ranges(request: Request, *, single: bool) -> tuple[bool, list[MediaRange]]:
    """Give whether parts are wanted, and the ranges that say so; the parameter goes before the header field."""
    for ranges in ranges_of(request):
        usable = sorted((one for one in ranges if one.weight > 0), key=lambda one: -one.weight)
        usable = [one for one in usable if one.multipart or one.name == "*/*" or single]
        if usable:
            multipart = usable[0].multipart or usable[0].name == "*/*"
            return multipart, usable
    raise Problem(406, f'Nothing acceptable can be given: there is multipart/related; type="{OCTET_STREAM}"')


@contextmanager
def opened_instance(services: Services, instance: Instance) -> Iterator[OpenedInstance]:
    """Open an instance while the block runs; raises StorageError."""
    with services.opened(instance) as stream:
        yield OpenedInstance(instance, stream)
