"""C-GET and C-MOVE against bytes: sub-operations and their counts, cancels, priorities, and what dies halfway."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

import pytest
from pydicom.uid import UID

from findicon.dimse import Limits
from findicon.errors import PeerError, StorageError
from findicon.query import Query, decode
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.memory_finder import ActingFinder
from integration.raw_items import role
from integration.raw_peer import (
    ABORT,
    CT,
    ECHO,
    EXPLICIT,
    GET,
    IMPLICIT,
    LAST,
    VERIFICATION,
    RawPeer,
    command,
    data_pdu,
    element,
    identifier,
)
from support.samples import instance

CT_ROLE = role(CT, 0, 1)
DEFLATED = "1.2.840.10008.1.2.1.99"
HASTY = Limits(release=0.1)
Elements = dict[int, bytes]


def archive_of(count: int) -> MemoryArchive:
    return MemoryArchive(*(instance(SOPInstanceUID=f"1.2.{n}", StudyInstanceUID="1.2") for n in range(count)))


def number(elements: Elements, tag: int) -> int | None:
    return struct.unpack("<H", elements[tag])[0] if tag in elements else None


def counts(elements: Elements) -> tuple[int | None, ...]:
    """Give remaining, completed, failed and warnings of a response."""
    return tuple(number(elements, tag) for tag in (0x1020, 0x1021, 0x1022, 0x1023))


class Getter(RawPeer):
    """Asks for a study, and answers what comes with a status each."""

    def ask(
        self, syntax: str = EXPLICIT, *, contexts: tuple[object, ...] = (), more: bytes = b"", keys: bytes = b""
    ) -> None:
        asked = contexts or ((1, VERIFICATION, [IMPLICIT]), (3, GET, [syntax]), (5, CT, [EXPLICIT]))
        self.associate(*asked, user_items=CT_ROLE)  # type: ignore[arg-type]
        self.send(data_pdu(3, 3, command(0x10, 77, data=True, sop_class=GET, more=more)))
        keys = keys or identifier(level="STUDY", uid="1.2\0")
        for start in range(0, len(keys), 100_000):
            last = LAST if start + 100_000 >= len(keys) else 0
            self.send(data_pdu(3, last, keys[start : start + 100_000]))

    def instance(self, elements: Elements) -> str:
        """Take the data set of a C-STORE request; give its SOP Instance UID."""
        assert number(elements, 0x0100) == 1
        control = 0
        while not control & LAST:
            kind, body = self.receive()
            assert kind == 4
            control = body[5]
        return elements[0x1000].rstrip(b"\0").decode()

    def stored(self, elements: Elements, status: int) -> None:
        told = command(
            0x8001, number(elements, 0x0110) or 0, sop_class=CT, more=element(0x0900, struct.pack("<H", status))
        )
        self.send(data_pdu(5, 3, told))

    def run(self, *statuses: int) -> tuple[list[Elements], list[str]]:
        """Answer each instance; give the responses to the C-GET, and which instances came."""
        answers, came = [], []
        left = iter(statuses)
        while True:
            elements = self.answer()
            if number(elements, 0x0100) == 1:
                came.append(self.instance(elements))
                self.stored(elements, next(left, 0))
                continue
            assert number(elements, 0x0100) == 0x8010
            assert number(elements, 0x0120) == 77
            answers.append(elements)
            if number(elements, 0x0900) != 0xFF00:
                return answers, came

    def failed(self, elements: Elements) -> list[str]:
        """Give the Failed SOP Instance UID List that follows a response."""
        assert number(elements, 0x0800) != 0x0101
        found = decode(self.receive()[1][6:], UID(EXPLICIT)).get("FailedSOPInstanceUIDList")
        return [found] if isinstance(found, str) else list(found)


@contextmanager
def getting(archive: MemoryArchive, limits: Limits = HASTY) -> Iterator[Getter]:
    with Server(archive, source=archive, limits=limits) as server:
        with Getter(("127.0.0.1", server.address.port)) as peer:
            yield peer
        with Client(server.address) as client:
            client.echo()


# counts


def test_each_response_counts_and_the_last_has_none_remaining() -> None:
    with getting(archive_of(4)) as peer:
        peer.ask()
        answers, came = peer.run()
        assert [counts(one) for one in answers] == [(3, 1, 0, 0), (2, 2, 0, 0), (1, 3, 0, 0), (None, 4, 0, 0)]
        assert [number(one, 0x0900) for one in answers] == [0xFF00] * 3 + [0]
        assert all(number(one, 0x0800) == 0x0101 for one in answers)
        assert sorted(came) == [f"1.2.{n}" for n in range(4)]
        peer.send(ECHO)
        assert peer.status() == 0


def test_failures_and_warnings_are_counted_apart_and_the_failed_are_named() -> None:
    with getting(archive_of(4)) as peer:
        peer.ask()
        answers, came = peer.run(0, 0xB007, 0xA700, 0xC123)
        assert [counts(one) for one in answers] == [(3, 1, 0, 0), (2, 1, 0, 1), (1, 1, 1, 1), (None, 1, 2, 1)]
        assert number(answers[-1], 0x0900) == 0xB000
        assert peer.failed(answers[-1]) == came[2:]


@pytest.mark.parametrize(("answered", "status", "failed"), [(0xB006, 0xB000, 0), (0xA900, 0xA702, 2)])
def test_when_none_is_a_plain_success(answered: int, status: int, failed: int) -> None:
    with getting(archive_of(2)) as peer:
        peer.ask()
        answers, came = peer.run(answered, answered)
        assert number(answers[-1], 0x0900) == status
        assert counts(answers[-1]) == (None, 0, failed, 2 - failed)
        if failed:
            assert peer.failed(answers[-1]) == came


def test_nothing_that_matches_is_a_success_without_sub_operations() -> None:
    with getting(archive_of(2)) as peer:
        peer.ask(keys=identifier(level="STUDY", uid="9.9\0"))
        ((answer,), came) = peer.run()
        assert (number(answer, 0x0900), counts(answer), came) == (0, (None, 0, 0, 0), [])


def test_who_takes_no_instances_gets_a_list_of_them() -> None:
    with getting(archive_of(2)) as peer:
        peer.ask(contexts=((3, GET, [EXPLICIT]),))
        answers, came = peer.run()
        assert (number(answers[-1], 0x0900), counts(answers[-1]), came) == (0xA702, (None, 0, 2, 0), [])
        assert sorted(peer.failed(answers[-1])) == ["1.2.0", "1.2.1"]


def test_a_list_of_failures_that_no_short_length_holds() -> None:
    """Explicit VR has 16 bits for the length of UI: a longer list goes out as UN (PS3.5 6.2.2)."""
    archive = MemoryArchive()
    sent = instance(StudyInstanceUID="1.2")
    uids = [f"1.2.{'7' * 50}.{10000 + n}" for n in range(1200)]
    for uid in uids:
        sent.SOPInstanceUID = sent.file_meta.MediaStorageSOPInstanceUID = uid
        archive.add(sent)
    archive.open = _missing  # type: ignore[method-assign]
    with Server(archive, source=archive) as server, Client(server.address) as client:
        with pytest.raises(PeerError) as caught:
            client.get(Query("STUDY", StudyInstanceUID="1.2"), MemoryArchive())
        assert caught.value.status == 0xA702
        archive.open = lambda uid: _missing(uid) if uid != uids[0] else BytesIO(archive.files[uid])  # type: ignore[method-assign]
        done = client.get(Query("STUDY", StudyInstanceUID="1.2"), MemoryArchive())
    assert (done.completed, done.failed) == (1, 1199)
    assert list(done.failed_instances) == uids[1:]


def _missing(uid: str) -> BinaryIO:
    raise StorageError(f"There is no instance {uid}")


# cancels


@pytest.mark.parametrize("about", [77, 78], ids=["this request", "another one"])
def test_a_cancel_comes_before_the_answer_to_an_instance(about: int) -> None:
    with getting(archive_of(3)) as peer:
        peer.ask()
        elements = peer.answer()
        peer.instance(elements)
        peer.send(data_pdu(3, 3, command(0x0FFF, about)))
        peer.stored(elements, 0)
        answers, came = peer.run()
        if about == 77:
            assert [number(one, 0x0900) for one in answers] == [0xFF00, 0xFE00]
            assert counts(answers[-1]) == (2, 1, 0, 0)
            assert came == []
        else:
            assert counts(answers[-1]) == (None, 3, 0, 0)


def test_a_cancel_names_what_had_failed_before_it() -> None:
    with getting(archive_of(3)) as peer:
        peer.ask()
        elements = peer.answer()
        failed = peer.instance(elements)
        peer.send(data_pdu(3, 3, command(0x0FFF, 77)))
        peer.stored(elements, 0xA700)
        answers, _ = peer.run()
        assert (number(answers[-1], 0x0900), counts(answers[-1])) == (0xFE00, (2, 0, 1, 0))
        assert peer.failed(answers[-1]) == [failed]


# what goes wrong


@pytest.mark.parametrize("error", [StorageError("it is gone"), OSError("input/output error"), KeyError("x")])
def test_an_instance_that_cannot_be_opened_fails_alone(error: Exception) -> None:
    archive = archive_of(3)

    def opened(uid: str) -> BinaryIO:
        if uid == "1.2.1":
            raise error
        return BytesIO(archive.files[uid])

    archive.open = opened  # type: ignore[method-assign]
    with getting(archive) as peer:
        peer.ask()
        answers, came = peer.run()
        assert (number(answers[-1], 0x0900), counts(answers[-1])) == (0xB000, (None, 2, 1, 0))
        assert peer.failed(answers[-1]) == ["1.2.1"]
        assert came == ["1.2.0", "1.2.2"]


class Breaking(BytesIO):
    """A file that cannot be read to its end."""

    def __init__(self, data: bytes, good: int, error: Exception) -> None:
        super().__init__(data)
        self._good = good
        self._error = error

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= self._good:
            raise self._error
        return super().read(min(size, 4096) if size is not None and size > 4096 else size)


@pytest.mark.parametrize("error", [StorageError("a bad block"), OSError("input/output error")])
def test_a_file_that_breaks_off_ends_the_message_and_so_the_association(error: Exception) -> None:
    """A message that has begun cannot be taken back: whatever followed it would be taken for the rest of it."""
    archive = MemoryArchive()
    archive.add(
        instance(SOPInstanceUID="1.2.0", StudyInstanceUID="1.2", NumberOfFrames=3000, PixelData=bytes(3000 * 512))
    )
    archive.open = lambda uid: Breaking(archive.files[uid], 1 << 20, error)  # type: ignore[method-assign]
    with getting(archive) as peer:
        peer.ask()
        elements = peer.answer()
        kind, seen = 4, b""
        while kind == 4:
            kind, body = peer.receive()
            seen += body[6:] if kind == 4 else b""
        assert number(elements, 0x0100) == 1
        assert (kind, body) == (7, bytes(4))
        assert 0 < len(seen) <= 1 << 20


@pytest.mark.parametrize("error", [StorageError("a bad block"), OSError("input/output error")])
def test_a_file_that_breaks_off_at_once_fails_alone(error: Exception) -> None:
    archive = archive_of(2)
    archive.open = lambda uid: Breaking(archive.files[uid], 0 if uid == "1.2.0" else 1 << 30, error)  # type: ignore[method-assign]
    with getting(archive) as peer:
        peer.ask()
        answers, came = peer.run()
        assert (counts(answers[-1]), came) == ((None, 1, 1, 0), ["1.2.1"])


@pytest.mark.parametrize("said", ["another message", "a request", "nonsense", "abort", "nothing"])
def test_whoever_does_not_answer_an_instance_rightly_ends_the_association(said: str) -> None:
    with getting(archive_of(2), Limits(network=0.2, release=0.1)) as peer:
        peer.ask()
        elements = peer.answer()
        peer.instance(elements)
        if said == "another message":
            peer.stored(elements | {0x0110: b"\x09\x09"}, 0)
        else:
            peer.send({"a request": ECHO, "nonsense": b"\x99" * 30, "abort": ABORT, "nothing": b""}[said])
        assert (
            peer.receive()
            == {
                "another message": (7, bytes((0, 0, 2, 2))),
                "a request": (7, bytes((0, 0, 2, 2))),
                "nonsense": (7, bytes((0, 0, 2, 1))),
                "abort": (0, b""),
                "nothing": (7, bytes(4)),
            }[said]
        )


# priorities


@pytest.mark.parametrize(("asked", "used"), [(b"\1\0", 1), (b"\2\0", 2), (b"\0\0", 0), (b"", 0), (b"\x77\x77", 0)])
def test_sub_operations_have_the_priority_of_their_operation(asked: bytes, used: int) -> None:
    with getting(archive_of(1)) as peer:
        peer.ask(more=element(0x0700, asked))
        elements = peer.answer()
        assert number(elements, 0x0700) == used
        peer.instance(elements)
        peer.stored(elements, 0)
        assert number(peer.answer(), 0x0900) == 0


# identifiers


def deep(levels: int) -> bytes:
    return struct.pack("<HH2sxxI", 0x0008, 0x1115, b"SQ", 0xFFFFFFFF) * 1 + b"".join(
        struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + struct.pack("<HH2sxxI", 0x0008, 0x1115, b"SQ", 0xFFFFFFFF)
        for _ in range(levels)
    )


def bomb() -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(bytes(1 << 27)) + compressor.flush()


IDENTIFIERS: dict[str, tuple[bytes, str, set[int]]] = {
    "nothing": (identifier(uid="1.2\0"), EXPLICIT, {0xA900}),
    "no level of the model": (identifier(level="PATIENT ", uid="1.2\0"), EXPLICIT, {0xA900}),
    "a level that is none": (identifier(level="FRAME ", uid="1.2\0"), EXPLICIT, {0xA900}),
    "no Unique Key": (identifier(level="STUDY "), EXPLICIT, {0xA900}),
    "an empty Unique Key": (identifier(level="STUDY ", uid=""), EXPLICIT, {0xA900}),
    "a wild card": (identifier(level="STUDY ", uid="1.*\0"), EXPLICIT, {0xA900}),
    "garbage": (b"garbage that is no data set", EXPLICIT, {0xC000, 0xA900}),
    "a length that lies": (b"\x08\0\x52\0CS\xff\xffab", EXPLICIT, {0xC000, 0xA900}),
    "sequences in sequences": (deep(20_000), EXPLICIT, {0xC000, 0xA900}),
    "very many keys": (
        b"".join(struct.pack("<HH2sH", 0x0009 + 2 * (n >> 16), n & 0xFFFF, b"LO", 0) for n in range(100_000)),
        EXPLICIT,
        {0xA701},
    ),
    "a bomb": (bomb(), DEFLATED, {0xC000}),
    "no deflated bytes": (b"\xff" * 100, DEFLATED, {0xC000}),
}


@pytest.mark.parametrize("what", IDENTIFIERS)
def test_an_identifier_that_selects_nothing_is_a_failure_and_no_more(what: str) -> None:
    data, syntax, statuses = IDENTIFIERS[what]
    with getting(archive_of(1)) as peer:
        peer.ask(syntax, keys=data)
        answer = peer.answer()
        assert number(answer, 0x0100) == 0x8010
        assert number(answer, 0x0900) in statuses
        assert answer[0x0902]
        peer.send(ECHO)
        assert peer.status() == 0


def test_several_unique_keys_select_each() -> None:
    archive = archive_of(3)
    archive.find = ActingFinder(lambda query, cancel: _by_uid(archive, query)).find  # type: ignore[method-assign]
    with getting(archive) as peer:
        keys = identifier(level="IMAGE ") + struct.pack("<HH2sH", 0x0008, 0x0018, b"UI", 12) + b"1.2.0\\1.2.2\0"
        peer.ask(keys=keys)
        assert peer.run()[1] == ["1.2.0", "1.2.2"]


def _by_uid(archive: MemoryArchive, query: Query) -> Iterator[object]:
    wanted = query.keys[0x00080018].values
    for uid in wanted:
        yield from MemoryArchive.find(
            MemoryArchive(archive.dataset(uid)), Query("IMAGE", SOPClassUID="", AvailableTransferSyntaxUID="")
        )
