"""A peer made of bytes: it says exactly what a test wants said, right or wrong, and shares no code with findicon."""

import socket
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from findicon.scp import Server

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
VERIFICATION = "1.2.840.10008.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
JPEG = "1.2.840.10008.1.2.4.50"
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
CONTEXTS = ((1, VERIFICATION, [IMPLICIT]), (3, FIND, [EXPLICIT]), (5, CT, [EXPLICIT]))
COMMAND, LAST = 1, 2


def item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxI", kind, len(body)) + body


def context_item(context_id: int, abstract: str, transfers: Sequence[str]) -> bytes:
    body = struct.pack("B3x", context_id) + item(0x30, abstract.encode())
    return item(0x20, body + b"".join(item(0x40, one.encode()) for one in transfers))


def associate_request(
    *contexts: tuple[int, str, Sequence[str]],
    calling: str = "RAW",
    called: str = "FINDICON",
    largest: int = 16384,
    version: int = 1,
    application: str = "1.2.840.10008.3.1.1.1",
    user_items: bytes = b"",
    more_items: bytes = b"",
) -> bytes:
    contexts = contexts or ((1, VERIFICATION, [IMPLICIT]), (3, FIND, [EXPLICIT, IMPLICIT]))
    user = item(0x51, struct.pack(">I", largest)) + item(0x52, b"1.2.3") + user_items
    body = struct.pack(">Hxx16s16s32x", version, called.ljust(16).encode(), calling.ljust(16).encode())
    body += item(0x10, application.encode()) + b"".join(context_item(*one) for one in contexts)
    return pdu(0x01, body + more_items + item(0x50, user))


def element(number: int, value: bytes, group: int = 0) -> bytes:
    return struct.pack("<HHI", group, number, len(value)) + value


def command(
    field: int, message_id: int = 1, *, data: bool = False, sop_class: str = VERIFICATION, more: bytes = b""
) -> bytes:
    uid = sop_class.encode()
    body = element(0x0002, uid + b"\0" * (len(uid) % 2))
    body += element(0x0100, struct.pack("<H", field))
    body += element(0x0120 if field & 0x8000 or field == 0x0FFF else 0x0110, struct.pack("<H", message_id))
    body += element(0x0800, struct.pack("<H", 1 if data else 0x0101)) + more
    return element(0, struct.pack("<I", len(body))) + body


def value(context_id: int, control: int, data: bytes) -> bytes:
    return struct.pack(">IBB", len(data) + 2, context_id, control) + data


def data_pdu(context_id: int, control: int, data: bytes) -> bytes:
    return pdu(0x04, value(context_id, control, data))


def identifier(**keys: str) -> bytes:
    """Encode a STUDY level identifier in Explicit VR Little Endian, by hand."""
    found = b""
    known = {"level": (0x0008, 0x0052, b"CS"), "name": (0x0010, 0x0010, b"PN"), "uid": (0x0020, 0x000D, b"UI")}
    for key, (group, number, vr) in known.items():
        if key in keys:
            text = keys[key].encode()
            text += b" " * (len(text) % 2)
            found += struct.pack("<HH2sH", group, number, vr, len(text)) + text
    return found


def find_request(message_id: int = 1, context_id: int = 3, **keys: str) -> bytes:
    asked = identifier(**({"level": "STUDY", "name": "", "uid": ""} | keys))
    return data_pdu(context_id, COMMAND | LAST, command(0x0020, message_id, data=True, sop_class=FIND)) + data_pdu(
        context_id, LAST, asked
    )


ECHO = data_pdu(1, COMMAND | LAST, command(0x0030))
CANCEL = data_pdu(3, COMMAND | LAST, command(0x0FFF, 1))
RELEASE_RQ, RELEASE_RP = pdu(0x05, bytes(4)), pdu(0x06, bytes(4))
ABORT = pdu(0x07, bytes(4))


class RawPeer:
    """A connection to a server."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=20)

    _rest = b""  # of a PDU that was read in part

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def associate(self, *contexts: tuple[int, str, Sequence[str]], **settings: object) -> bytes:
        """Ask for an association; give the body of the A-ASSOCIATE-AC."""
        self.send(associate_request(*contexts, **settings))  # type: ignore[arg-type]
        kind, body = self.receive()
        assert kind == 0x02, (kind, body)
        return body

    def receive(self) -> tuple[int, bytes]:
        """Give the next PDU, or the rest of the last one, type and body; type 0 when the connection is closed."""
        if self._rest:
            rest, self._rest = self._rest, b""
            return 0x04, rest
        head = self._whole(6)
        if head is None:
            return 0, b""
        kind, length = struct.unpack(">BxI", head)
        return kind, self._whole(length) or b""

    def answer(self) -> dict[int, bytes]:
        """Give the elements of the next command set; a data set in the same PDU is what `receive` gives next."""
        kind, body = self.receive()
        assert kind == 0x04, (kind, body)
        end = 4 + struct.unpack_from(">I", body)[0]
        body, self._rest = body[:end], body[end:]
        elements = {}
        offset = 6
        while offset < len(body):
            _, number, length = struct.unpack_from("<HHI", body, offset)
            elements[number] = body[offset + 8 : offset + 8 + length]
            offset += 8 + length
        return elements

    def status(self) -> int:
        """Give the status of the next command set."""
        return int(struct.unpack("<H", self.answer()[0x0900])[0])

    def is_closed(self) -> bool:
        """Tell whether the other side ends the connection, after whatever it still says."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except ConnectionResetError:
            pass
        return True

    def _whole(self, count: int) -> bytes | None:
        parts = b""
        while len(parts) < count:
            part = self.socket.recv(count - len(parts))
            if not part:
                return None
            parts += part
        return parts


def call(server: "Server") -> RawPeer:
    return RawPeer(("127.0.0.1", server.address.port))
