"""Answers of a real catalogue, byte for byte on the wire: character sets, where and whether, what is at fault."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID

from findicon.archive import FileSource, Storage
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.dimse import Limits
from findicon.query import Query, decode
from findicon.scp import Server
from findicon.scu import Client
from integration.raw_peer import CT, EXPLICIT, FIND, IMPLICIT, LAST, RawPeer, call, command, data_pdu, element
from support.samples import instance, write

NAMES = {"P1": "Müller^Jörg", "P2": "Иванов^Иван", "P3": "DOE^JANE"}
PRIVATE = "1.2.826.0.1.3680043.10.999.1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with (
        Catalogue(str(tmp_path / "catalogue.sqlite")) as catalogue,
        Storage(tmp_path / "storage", catalogue) as storage,
        Server(
            CatalogueFinder(catalogue, retrieve_ae_title="WHERE"),
            source=FileSource(catalogue),
            ingest=storage,
            limits=Limits(matches=3, release=0.1),
        ) as running,
    ):
        with Client(running.address) as client:
            for patient, name in NAMES.items():
                stored = instance(SpecificCharacterSet="ISO_IR 192", PatientName=name, PatientID=patient)
                client.store(write(stored, tmp_path / "sent"))
        yield running


def text(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    value += b" " * (len(value) % 2)
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


def asked(peer: RawPeer, keys: bytes) -> tuple[list[bytes], dict[int, bytes]]:
    """Ask; give the identifiers of the answers, and the final response."""
    peer.send(data_pdu(3, 3, command(0x20, data=True, sop_class=FIND)) + data_pdu(3, LAST, keys))
    found = []
    while (answer := peer.answer())[0x0900] == b"\0\xff":
        found.append(peer.receive()[1][6:])
    return found, answer


def study_keys(character_set: bytes | None, patient: bytes = b"") -> bytes:
    named = b"" if character_set is None else text(0x0008, 0x0005, b"CS", character_set)
    return (
        named
        + text(0x0008, 0x0052, b"CS", b"STUDY")
        + text(0x0008, 0x0054, b"AE", b"")
        + text(0x0008, 0x0056, b"CS", b"")
        + text(0x0010, 0x0010, b"PN", b"")
        + text(0x0010, 0x0020, b"LO", patient)
    )


@pytest.mark.parametrize(
    ("character_set", "answered"),
    [
        (b"ISO_IR 100", {"P1": ("ISO_IR 100", "latin-1"), "P2": ("ISO_IR 192", "utf-8"), "P3": ("", "ascii")}),
        (b"ISO_IR 144", {"P1": ("ISO_IR 192", "utf-8"), "P2": ("ISO_IR 144", "iso8859_5"), "P3": ("", "ascii")}),
        (b"ISO_IR 192", {"P1": ("ISO_IR 192", "utf-8"), "P2": ("ISO_IR 192", "utf-8"), "P3": ("", "ascii")}),
        (None, {"P1": ("ISO_IR 192", "utf-8"), "P2": ("ISO_IR 192", "utf-8"), "P3": ("", "ascii")}),
    ],
)
def test_an_answer_has_the_requests_character_set_where_it_can_hold_it(
    server: Server, character_set: bytes | None, answered: dict[str, tuple[str, str]]
) -> None:
    with call(server) as peer:
        peer.associate()
        for patient, (name, codec) in answered.items():
            (data,), final = asked(peer, study_keys(character_set, patient.encode()))
            assert final[0x0900] == b"\0\0"
            found: Dataset = decode(data, UID(EXPLICIT))
            assert found.get("SpecificCharacterSet", "") in {name, name or "ISO_IR 6"}
            assert NAMES[patient].encode(codec) in data
            assert found.RetrieveAETitle == "WHERE"
            assert found.InstanceAvailability == "ONLINE"
            assert found.QueryRetrieveLevel == "STUDY"


@pytest.mark.parametrize(
    ("keys", "offending", "comment"),
    [
        (b"", 0x00080052, b"Query/Retrieve Level is missing"),
        (text(0x0008, 0x0052, b"CS", b"PLANET"), 0x00080052, b"PLANET"),
        (
            text(0x0008, 0x0005, b"CS", b"ISO_IR 999")
            + text(0x0008, 0x0052, b"CS", b"STUDY")
            + text(0x0010, 0x0010, b"PN", b"M\xfcller"),
            0x00080005,
            b"Specific Character Set does not exist",
        ),
        (text(0x0008, 0x0052, b"CS", b"SERIES"), 0x0020000D, b"StudyInstanceUID needs one value"),
    ],
)
def test_a_wrong_question_names_the_element_at_fault(
    server: Server, keys: bytes, offending: int, comment: bytes
) -> None:
    with call(server) as peer:
        peer.associate()
        found, final = asked(peer, keys)
    assert not found
    assert final[0x0900] == struct.pack("<H", 0xA900)
    assert final[0x0901] == struct.pack("<HH", offending >> 16, offending & 0xFFFF)
    assert comment in final[0x0902]
    assert len(final[0x0902]) <= 64


def test_matches_that_are_cut_are_told(server: Server, tmp_path: Path) -> None:
    with call(server) as peer:
        peer.associate()
        found, final = asked(peer, study_keys(None))
        assert (len(found), final[0x0900]) == (3, b"\0\0")
        with Client(server.address) as client:
            client.store(write(instance(PatientID="P4"), tmp_path / "sent"))
        found, final = asked(peer, study_keys(None))
        assert (len(found), final[0x0900]) == (3, struct.pack("<H", 0xA700))
        assert final[0x0902].strip() == b"More than 3 matches: only the first 3 were sent"


def test_a_private_transfer_syntax_is_kept_as_it_is_and_given_back_in_it(server: Server, tmp_path: Path) -> None:
    path = write(instance(SOPInstanceUID="1.2.3.9", StudyInstanceUID="1.2.9", PatientID="PRIVATE"), tmp_path / "sent")
    data = path.read_bytes()
    body = data[data.index(b"\x08\0\x05\0CS") if b"\x08\0\x05\0CS" in data else data.index(b"\x08\0\x08\0CS") :]
    with call(server) as peer:
        peer.associate((1, CT, [PRIVATE]), (3, FIND, [EXPLICIT, IMPLICIT]))
        told = command(1, data=True, sop_class=CT, more=element(0x1000, b"1.2.3.9\0"))
        peer.send(data_pdu(1, 3, told) + data_pdu(1, LAST, body))
        assert peer.status() == 0
        (found,), _ = asked(peer, study_keys(None, b"PRIVATE"))
        assert b"PRIVATE" in found
    with Client(server.address) as client:
        (match,) = client.find(Query("STUDY", PatientID="PRIVATE"))
        assert match.dataset.StudyInstanceUID == "1.2.9"
