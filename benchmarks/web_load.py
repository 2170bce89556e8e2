"""Requests over connections that stay open, as many at once as there are connections."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Load:
    """What a number of requests took."""

    rate: float  # requests a second
    median: float  # seconds
    size: float  # bytes of a body, on average


def load(port: int, paths: Sequence[str], *, accept: str, count: int | None = None, connections: int = 4) -> Load:
    """Ask for the paths in turn, `count` times in all, each once by default; any answer but 200 is an error."""
    numbers, lock = iter(range(count or len(paths))), threading.Lock()
    taken: list[float] = []
    sizes: list[int] = []
    failures: list[BaseException] = []

    def next_number() -> int | None:
        with lock:
            return next(numbers, None)

    def run() -> None:
        try:
            for seconds, size in _asked(port, iter(next_number, None), paths, accept):
                taken.append(seconds)
                sizes.append(size)
        except (OSError, RuntimeError, ValueError) as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failures:
        raise RuntimeError(f"Port {port}: {failures[0]}") from failures[0]
    return Load(len(taken) / seconds, median(taken), sum(sizes) / len(sizes))


def _asked(port: int, numbers: Iterator[int], paths: Sequence[str], accept: str) -> Iterator[tuple[float, int]]:
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as incoming:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in numbers:
            path = paths[number % len(paths)]
            began = time.perf_counter()
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: {accept}\r\n\r\n".encode())
            size = _body(incoming, path)
            yield time.perf_counter() - began, size


def _body(incoming: BinaryIO, path: str) -> int:
    status = incoming.readline()
    if b" 200" not in status:
        raise RuntimeError(f"{path}: {status.decode(errors='replace').strip()}")
    length, is_chunked = 0, False
    while (line := incoming.readline()).strip():
        name, _, value = line.lower().partition(b":")
        if name == b"content-length":
            length = int(value)
        is_chunked |= name == b"transfer-encoding" and b"chunked" in value
    if not is_chunked:
        return len(incoming.read(length))
    total = 0
    while size := int(incoming.readline(), 16):
        total += len(incoming.read(size + 2)) - 2
    incoming.readline()
    return total
