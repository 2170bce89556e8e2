"""pynetdicom in both roles: an independent requestor and acceptor in Python, also over TLS."""

import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, build_role, evt
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)
from pynetdicom.sop_class import (
    CTImageStorage,
    ModalityWorklistInformationFind,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    Verification,
)

from findicon.dimse import Limits
from findicon.errors import PeerAborted, PeerError, PeerRejected, PeerTimeout
from findicon.query import Options, Query
from findicon.scp import Server
from findicon.scu import Client
from integration.certificates import CLIENT, SERVER
from integration.memory_archive import MemoryArchive
from integration.memory_finder import MemoryFinder, MemoryMatch, study
from support.samples import instance

FIND = StudyRootQueryRetrieveInformationModelFind
GET = StudyRootQueryRetrieveInformationModelGet
SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian]


def everything() -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.PatientName = ""
    identifier.StudyInstanceUID = ""
    identifier.IconImageSequence = []
    return identifier


# pynetdicom asks us


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_it_finds(syntax: str) -> None:
    entity = AE()
    entity.add_requested_context(FIND, syntax)
    with Server(MemoryFinder([MemoryMatch(study(number)) for number in range(30)])) as server:
        association = entity.associate("127.0.0.1", server.address.port)
        answers = list(association.send_c_find(everything(), FIND))
        association.release()
    assert [status.Status for status, _ in answers] == [0xFF00] * 30 + [0x0000]
    assert [str(found.PatientName) for _, found in answers[:-1]] == [f"DOE^J{number}" for number in range(30)]


def test_it_negotiates_everything_there_is() -> None:
    entity = AE()
    entity.add_requested_context(FIND, ImplicitVRLittleEndian)
    entity.add_requested_context(FIND, ExplicitVRLittleEndian)
    entity.add_requested_context(ModalityWorklistInformationFind)
    entity.add_requested_context(Verification, "1.2.840.10008.1.2.4.50")
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = 5
    window.maximum_number_operations_performed = 5
    extended = SOPClassExtendedNegotiation()
    extended.sop_class_uid = FIND
    extended.service_class_application_information = b"\x01\x01\x01"
    identity = UserIdentityNegotiation()
    identity.user_identity_type = 1
    identity.primary_field = b"jane"
    finder = MemoryFinder([MemoryMatch(study(1))])
    with Server(finder, options=Options(relational=True, fuzzy_names=True)) as server:
        association = entity.associate(
            "127.0.0.1", server.address.port, ext_neg=[window, extended, identity], max_pdu=0
        )
        assert association.is_established
        results = {one.context_id: one.result for one in association.accepted_contexts + association.rejected_contexts}
        acceptor = association.acceptor
        (status, _), _ = association.send_c_find(everything(), FIND)
        association.release()
    assert results == {1: 0x00, 3: 0x00, 5: 0x03, 7: 0x04}
    assert acceptor.asynchronous_operations == (1, 1)
    assert acceptor.sop_class_extended == {FIND: b"\x01\x00\x01"}
    assert acceptor.implementation_version_name == "FINDICON"
    assert status.Status == 0xFF00
    assert finder.asked[0].options == Options(relational=True, fuzzy_names=True)


def test_it_gets_with_role_selection() -> None:
    held = MemoryArchive(
        instance(SOPInstanceUID="1.2.1", StudyInstanceUID="1.2"),
        instance(SOPInstanceUID="1.2.2", StudyInstanceUID="1.2"),
    )
    got: list[str] = []

    def keep(event: Any) -> int:
        got.append(str(event.dataset.SOPInstanceUID))
        return 0xB000 if event.dataset.SOPInstanceUID == "1.2.2" else 0x0000

    entity = AE()
    entity.add_requested_context(GET)
    entity.add_requested_context(CTImageStorage)
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.StudyInstanceUID = "1.2"
    with Server(held, source=held) as server:
        association = entity.associate(
            "127.0.0.1",
            server.address.port,
            ext_neg=[build_role(CTImageStorage, scp_role=True)],
            evt_handlers=[(evt.EVT_C_STORE, keep)],
        )
        answers = [status for status, _ in association.send_c_get(identifier, GET)]
        association.release()
    assert sorted(got) == ["1.2.1", "1.2.2"]
    assert answers[-1].Status == 0xB000
    assert answers[-1].NumberOfCompletedSuboperations == 1
    assert answers[-1].NumberOfWarningSuboperations == 1


def test_it_comes_in_over_tls() -> None:
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(CLIENT.authorities))
    context.load_cert_chain(str(CLIENT.certificate), str(CLIENT.key))
    entity = AE()
    entity.add_requested_context(FIND)
    with Server(MemoryFinder([MemoryMatch(study(number)) for number in range(200)]), tls=SERVER) as server:
        association = entity.associate("127.0.0.1", server.address.port, tls_args=(context, "127.0.0.1"))
        assert association.is_established
        answers = list(association.send_c_find(everything(), FIND))
        association.release()
    assert len(answers) == 201


def test_its_associations_above_the_limit_are_rejected_for_now() -> None:
    entity = AE()
    entity.add_requested_context(Verification)
    with Server(MemoryFinder(), limits=Limits(associations_per_caller=2)) as server:
        kept = [entity.associate("127.0.0.1", server.address.port) for _ in range(2)]
        came: list[bytes] = []
        heard = [(evt.EVT_DATA_RECV, lambda event: came.append(event.data))]
        refused = entity.associate("127.0.0.1", server.address.port, evt_handlers=heard)
        # pynetdicom may call it aborted: it takes the end of the connection for one before it reads what it has got.
        assert not refused.is_established
        assert came == [struct.pack(">BBIBBBB", 3, 0, 4, 0, 2, 3, 2)]
        for association in kept:
            assert association.send_c_echo().Status == 0x0000
            association.release()


# we ask pynetdicom


@contextmanager
def serving(*handlers: tuple[Any, Any], **settings: Any) -> Iterator[str]:
    entity = AE("PYNETDICOM")
    for context in (Verification, FIND, GET):
        entity.add_supported_context(context, SYNTAXES)
    entity.add_supported_context(CTImageStorage, scu_role=True, scp_role=True)
    for name, value in settings.pop("entity", {}).items():
        setattr(entity, name, value)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=list(handlers), **settings)
    try:
        yield f"PYNETDICOM@127.0.0.1:{server.socket.getsockname()[1]}"
    finally:
        server.shutdown()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_we_find(syntax: str) -> None:
    def answer(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        for number in range(50):
            yield (0xFF01 if number == 7 else 0xFF00), study(number)

    with serving((evt.EVT_C_FIND, answer)) as address, Client(address, transfer_syntaxes=[syntax]) as client:
        answers = list(client.find(Query("STUDY", icon=True)))
        client.echo()
    assert [str(one.dataset.PatientName) for one in answers] == [f"DOE^J{number}" for number in range(50)]
    assert [number for number, one in enumerate(answers) if not one.all_keys_supported] == [7]
    assert all(one.icon for one in answers)


def test_its_failure_comes_after_its_answers() -> None:
    def answer(event: Any) -> Iterator[tuple[Any, Dataset | None]]:
        yield 0xFF00, study(1)
        status = Dataset()
        status.Status = 0xA700
        status.ErrorComment = "too many"
        yield status, None

    with serving((evt.EVT_C_FIND, answer)) as address, Client(address) as client:
        matches = client.find(Query("STUDY"))
        assert next(matches).dataset.PatientID == "P1"
        with pytest.raises(PeerError) as caught:
            next(matches)
        assert list(matches) == []
    assert (caught.value.status, caught.value.comment) == (0xA700, "too many")


def test_it_sees_our_cancel() -> None:
    cancelled: list[bool] = []

    def answer(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        for number in range(10_000):
            if event.is_cancelled:
                cancelled.append(True)
                yield 0xFE00, None
                return
            yield 0xFF00, study(number, icon=False)

    with serving((evt.EVT_C_FIND, answer)) as address, Client(address) as client:
        for _ in client.find(Query("STUDY")):
            break
        client.echo()
    assert cancelled == [True]


def test_it_rejects_us() -> None:
    with serving(entity={"require_calling_aet": ["SOMEBODY"]}) as address, Client(address) as client:
        with pytest.raises(PeerRejected, match="calling AE title not recognized"):
            client.echo()


def test_it_aborts_in_the_middle() -> None:
    def answer(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        yield 0xFF00, study(1)
        event.assoc.abort()
        yield 0xFF00, study(2)

    with serving((evt.EVT_C_FIND, answer)) as address, Client(address) as client:
        matches = client.find(Query("STUDY"))
        with pytest.raises(PeerAborted):
            list(matches)
        client.echo()


def test_it_says_nothing_in_time() -> None:
    asked_enough = threading.Event()

    def answer(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        asked_enough.wait(20)
        yield 0xFE00, None

    with serving((evt.EVT_C_FIND, answer)) as address, Client(address, timeout=0.3) as client:
        with pytest.raises(PeerTimeout):
            list(client.find(Query("STUDY")))
        asked_enough.set()


def test_an_idle_association_that_it_ended_is_made_again() -> None:
    opened: list[Any] = []
    with serving((evt.EVT_ESTABLISHED, lambda event: opened.append(event.assoc))) as address, Client(address) as client:
        client.echo()
        opened[0].abort()
        client.echo()
        client.echo()
    assert len(opened) == 2


def test_we_store_and_it_warns() -> None:
    kept: list[Dataset] = []

    def keep(event: Any) -> int:
        kept.append(event.dataset)
        return 0xB007 if len(kept) == 1 else 0xA700

    sent = instance()
    buffer = BytesIO()
    sent.save_as(buffer, enforce_file_format=True)
    with serving((evt.EVT_C_STORE, keep)) as address, Client(address) as client:
        buffer.seek(0)
        client.store(buffer)
        buffer.seek(0)
        with pytest.raises(PeerError) as caught:
            client.store(buffer)
    assert kept[0].PixelData == sent.PixelData
    assert caught.value.status == 0xA700


def test_we_get_and_it_counts_failures() -> None:
    def give(event: Any) -> Iterator[Any]:
        yield 3
        for number in (1, 2, 3):
            yield 0xFF00, instance(SOPInstanceUID=f"1.2.{number}")

    class Picky(MemoryArchive):
        def receive(self, sop_class: str, sop_instance: str, transfer_syntax: str, sender: str) -> Any:
            if sop_instance == "1.2.2":
                raise OSError("no room")
            return super().receive(sop_class, sop_instance, transfer_syntax, sender)

    kept = Picky()
    with serving((evt.EVT_C_GET, give)) as address, Client(address) as client:
        done = client.get(Query("STUDY", StudyInstanceUID="1.2"), kept, sop_classes=[CTImageStorage])
        client.echo()
    assert (done.completed, done.failed) == (2, 1)
    assert done.failed_instances == ("1.2.2",)
    assert sorted(kept.files) == ["1.2.1", "1.2.3"]
    assert pydicom.dcmread(BytesIO(kept.files["1.2.1"])).PixelData == instance().PixelData


def test_we_call_it_over_tls() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(SERVER.authorities))
    context.load_cert_chain(str(SERVER.certificate), str(SERVER.key))
    context.verify_mode = ssl.CERT_REQUIRED

    def answer(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        for number in range(100):
            yield 0xFF00, study(number)

    with serving((evt.EVT_C_FIND, answer), ssl_context=context) as address, Client(address, tls=CLIENT) as client:
        assert len(list(client.find(Query("STUDY", icon=True)))) == 100
