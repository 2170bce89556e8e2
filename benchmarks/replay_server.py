"""A bare socket that says what a server said once: what the wire and the asker cost, and nothing else.

Arguments: a file with the bytes of the A-ASSOCIATE-AC, one with those of all answers to a C-FIND. Prints the port, ends
with its input.
"""

import os
import socket
import struct
import sys
import threading
from pathlib import Path

_RELEASE_REPLY = bytes.fromhex("06 00 00 00 00 04 00 00 00 00")
_P_DATA, _RELEASE = 4, 5
_COMMAND, _LAST = 1, 2


def main(accept: bytes, answers: bytes) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as incoming:
            while head := incoming.read(6):
                kind, length = struct.unpack(">BxI", head)
                body = incoming.read(length)
                if hasattr(socket, "TCP_QUICKACK"):
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                if kind == 1:
                    connection.sendall(accept)
                elif kind == _P_DATA and body[5] & (_COMMAND | _LAST) == _LAST:
                    connection.sendall(answers)
                elif kind == _RELEASE:
                    connection.sendall(_RELEASE_REPLY)


if __name__ == "__main__":
    main(Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]).read_bytes())
