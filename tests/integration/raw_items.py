"""Items of the A-ASSOCIATE PDUs, written and read by hand."""

import struct
from collections.abc import Iterator

from .raw_peer import item


def items(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset < len(data):
        kind, length = struct.unpack_from(">BxH", data, offset)
        yield kind, data[offset + 4 : offset + 4 + length]
        offset += 4 + length


def results(body: bytes) -> dict[int, tuple[int, str]]:
    """Give result and transfer syntax of each presentation context in an A-ASSOCIATE-AC."""
    return {context[0]: (context[2], context[8:].decode()) for kind, context in items(body[68:]) if kind == 0x21}


def user_items(body: bytes) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    (user,) = (data for kind, data in items(body[68:]) if kind == 0x50)
    for kind, data in items(user):
        found.setdefault(kind, []).append(data)
    return found


def counted(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode()


def role(sop_class: str, scu: int, scp: int) -> bytes:
    return item(0x54, counted(sop_class) + bytes((scu, scp)))


def extended(sop_class: str, information: bytes) -> bytes:
    return item(0x56, counted(sop_class) + information)
