"""A server made of bytes: each call is answered by a script, rightly or wrongly."""

import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from socket import create_server
from typing import Self

from .raw_peer import EXPLICIT, FIND, IMPLICIT, VERIFICATION, RawPeer, command, data_pdu, element, item, pdu

Script = Callable[["Caller"], None]


class Caller(RawPeer):
    """Whoever calls the server; contexts 1 (C-ECHO) and those of C-FIND are accepted as `Client` proposes them."""

    def __init__(self, connection: object) -> None:
        self.socket = connection  # type: ignore[assignment]
        self.socket.settimeout(20)

    def accept(self, largest: int = 16384, results: dict[int, int] | None = None, user_items: bytes = b"") -> bytes:
        """Accept the association that is asked for; give the request's body."""
        kind, body = self.receive()
        assert kind == 1
        contexts = {}
        offset = 68
        while offset < len(body):
            length = struct.unpack_from(">H", body, offset + 2)[0]
            if body[offset] == 0x20:
                transfers = body[offset + 8 : offset + 4 + length]
                abstract_length = struct.unpack_from(">H", transfers, 2)[0]
                first = transfers[4 + abstract_length :]
                contexts[body[offset + 4]] = first[4 : 4 + struct.unpack_from(">H", first, 2)[0]].decode()
            offset += 4 + length
        answers = b"".join(
            item(0x21, bytes((number, 0, (results or {}).get(number, 0), 0)) + item(0x40, syntax.encode()))
            for number, syntax in contexts.items()
        )
        user = item(0x50, item(0x51, struct.pack(">I", largest)) + item(0x52, b"1.2.3") + user_items)
        application = item(0x10, b"1.2.840.10008.3.1.1.1")
        self.send(pdu(2, body[:68] + application + answers + user))
        return body

    def request(self) -> tuple[int, int]:
        """Take a request, with its identifier when it has one; give its context and Message ID."""
        kind, body = self.receive()
        assert kind == 4, kind
        elements = {}
        offset = 6
        while offset < len(body):
            _, number, length = struct.unpack_from("<HHI", body, offset)
            elements[number] = body[offset + 8 : offset + 8 + length]
            offset += 8 + length
        self.field = struct.unpack("<H", elements[0x0100])[0]
        if elements[0x0800] != b"\1\1":
            self.identifier = self.receive()[1][6:]
        return body[4], struct.unpack("<H", elements.get(0x0110) or elements[0x0120])[0]

    def answer_echo(self, status: int = 0) -> None:
        """Take a C-ECHO request and answer it."""
        context, message = self.request()
        self.send(response(context, message, status, field=0x8030))


def response(
    context: int, message: int, status: int, *, field: int = 0x8020, data: bytes | None = None, more: bytes = b""
) -> bytes:
    """Make a response, a C-FIND's unless told otherwise."""
    told = command(
        field, message, data=data is not None, sop_class=FIND, more=element(0x0900, struct.pack("<H", status)) + more
    )
    found = data_pdu(context, 3, told)
    return found if data is None else found + data_pdu(context, 2, data)


class RawServer:
    """Listens on a free port; the n-th call gets the n-th script, the last script all that follow."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = scripts
        self._listener = create_server(("127.0.0.1", 0))
        self.address = f"RAW@127.0.0.1:{self._listener.getsockname()[1]}"
        self.calls = 0
        self.failures: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self._main = threading.Thread(target=self._accept)
        self._main.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(2)
        self._listener.close()
        self._main.join()
        for thread in self._threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            script = self._scripts[min(self.calls, len(self._scripts) - 1)]
            self.calls += 1
            thread = threading.Thread(target=self._run, args=(script, Caller(connection)))
            self._threads.append(thread)
            thread.start()

    def _run(self, script: Script, caller: Caller) -> None:
        with caller:
            try:
                script(caller)
            except BaseException as error:  # noqa: BLE001  raised again where the server is left
                self.failures.append(error)


__all__ = ["EXPLICIT", "IMPLICIT", "VERIFICATION", "Caller", "RawServer", "response"]
