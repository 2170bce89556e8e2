"""Data sets that are made to hurt, as answers and as instances: an error or a status, and everything else goes on."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from findicon.archive import Storage
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.dimse import Limits
from findicon.errors import PeerError
from findicon.query import Query, encode
from findicon.scp import Server
from findicon.scu import Client
from findicon.scu.answers import PeerMatch
from integration.memory_finder import study
from integration.raw_peer import CT, EXPLICIT, IMPLICIT, LAST, VERIFICATION, call, command, data_pdu, element
from integration.raw_server import Caller, RawServer, response

DEFLATED = str(DeflatedExplicitVRLittleEndian)
SEQUENCE = struct.pack("<HH2sxxI", 0x0008, 0x1115, b"SQ", 0xFFFFFFFF)
ITEM = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)


def deflated(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def closed(levels: int) -> bytes:
    """Sequences in sequences that are all ended as they should be: each within the next, lengths told."""
    data = b""
    for _ in range(levels):
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(data)) + data
        data = struct.pack("<HH2sxxI", 0x0008, 0x1115, b"SQ", len(item)) + item
    return data


def icon(rows: int, columns: int, data: bytes) -> bytes:
    parts = b""
    for tag, value in ((0x0002, 1), (0x0010, rows), (0x0011, columns), (0x0100, 8), (0x0101, 8), (0x0102, 7)):
        parts += struct.pack("<HH2sHH", 0x0028, tag, b"US", 2, value)
    parts += struct.pack("<HH2sxxI", 0x7FE0, 0x0010, b"OB", len(data)) + data
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(parts)) + parts
    return struct.pack("<HH2sxxI", 0x0088, 0x0200, b"SQ", len(item)) + item


HOSTILE: dict[str, tuple[bytes, str]] = {
    "sequences without end": ((SEQUENCE + ITEM) * 20_000, EXPLICIT),
    "sequences in sequences": (closed(9_000), EXPLICIT),
    "a bomb": (deflated(bytes(1 << 28)), DEFLATED),
    "a bomb of sequences": (deflated((SEQUENCE + ITEM) * 1_000_000), DEFLATED),
    "a length beyond the end": (struct.pack("<HH2sxxI", 0x7FE0, 0x0010, b"OB", 0xFFFFFFF0) + bytes(100), EXPLICIT),
    "tags that go down": (b"".join(struct.pack("<HH2sH", n, n, b"LO", 0) for n in range(60_000, 0, -1)), EXPLICIT),
    "nothing": (b"", EXPLICIT),
    "one byte": (b"\x08", EXPLICIT),
    "an icon of 65535 by 65535": (icon(65535, 65535, bytes(100)), EXPLICIT),
    "an icon without rows": (icon(0, 64, bytes(64)), EXPLICIT),
    "an icon in sequences": (icon(8, 8, bytes(64))[:12] + ITEM + (SEQUENCE + ITEM) * 10_000, EXPLICIT),
}


def message(context: int, told: bytes, data: bytes) -> bytes:
    starts = range(0, len(data) or 1, 100_000)
    parts = (data_pdu(context, LAST if at == starts[-1] else 0, data[at : at + 100_000]) for at in starts)
    return data_pdu(context, 3, told) + b"".join(parts)


def problem_of(match: PeerMatch) -> str:
    """Say why there is no picture."""
    try:
        has_icon = match.icon is not None
    except PeerError as error:
        return str(error)
    assert not has_icon
    return match.icon_problem or ("" if "IconImageSequence" in match.dataset else "none was sent")


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_answer_harms_itself_only(what: str) -> None:
    data, syntax = HOSTILE[what]
    good = encode(study(1), UID(syntax))

    def script(caller: Caller) -> None:
        caller.accept()
        context, number = caller.request()
        pending = command(0x8020, number, data=True, more=element(0x0900, b"\0\xff"))
        caller.send(b"".join(message(context, pending, one) for one in (good, data, good)))
        caller.send(response(context, number, 0))
        caller.is_closed()

    settings = {"transfer_syntaxes": [UID(syntax)], "limits": Limits(release=0.05)}
    with RawServer(script) as server, Client(server.address, **settings) as client:  # type: ignore[arg-type]
        first, hostile, last = client.find(Query("STUDY", icon=True))
        for match in (first, last):
            assert match.dataset.PatientID == "P1"
            assert match.icon is not None
        assert problem_of(hostile)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Server]:
    with (
        Catalogue(str(tmp_path / "catalogue.sqlite")) as catalogue,
        Storage(tmp_path / "storage", catalogue) as storage,
        Server(
            CatalogueFinder(catalogue, retrieve_ae_title="FINDICON"), ingest=storage, limits=Limits(release=0.1)
        ) as running,
    ):
        yield running


@pytest.mark.parametrize("what", [one for one in HOSTILE if "icon" not in one])
def test_a_hostile_instance_is_refused_and_the_association_lives(archive: Server, what: str, tmp_path: Path) -> None:
    data, syntax = (deflated(bytes(1 << 22)), DEFLATED) if what == "a bomb" else HOSTILE[what]
    with call(archive) as peer:
        peer.associate((1, VERIFICATION, [IMPLICIT]), (3, CT, [syntax]))
        peer.send(message(3, command(1, data=True, sop_class=CT, more=element(0x1000, b"1.2.3\0")), data))
        assert peer.status() >> 12 in {0xA, 0xC}
        peer.send(data_pdu(1, 3, command(0x30)))
        assert peer.status() == 0
    assert not [path for path in (tmp_path / "storage").rglob("*") if path.is_file() and "1.2.3" in path.name]
