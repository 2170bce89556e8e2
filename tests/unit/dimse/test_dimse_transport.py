import select
import socket
import threading
from collections.abc import Iterator
from time import monotonic

import pytest

from findicon.dimse.transport import Transport, TransportClosedError, TransportTimeoutError
from integration.certificates import CLIENT, SERVER


@pytest.fixture
def pair() -> Iterator[tuple[Transport, socket.socket]]:
    listener = socket.create_server(("127.0.0.1", 0))
    far = socket.create_connection(listener.getsockname())
    near, _ = listener.accept()
    listener.close()
    transport = Transport(near, 64)
    yield transport, far
    transport.close()
    far.close()


def soon() -> float:
    return monotonic() + 20


def test_bytes_arrive_whole_and_in_order(pair: tuple[Transport, socket.socket]) -> None:
    transport, far = pair
    far.sendall(bytes(range(60)))
    transport.need(20, soon())
    assert bytes(transport.take(20)) == bytes(range(20))
    far.sendall(bytes(range(60, 84)))  # has room only where the first 20 were
    transport.need(64, soon())
    assert bytes(transport.take(64)) == bytes(range(20, 84))
    assert not transport.buffered()


def test_nagle_is_off(pair: tuple[Transport, socket.socket]) -> None:
    transport, _ = pair
    assert transport._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_what_comes_too_late_is_a_timeout_and_what_came_stays(pair: tuple[Transport, socket.socket]) -> None:
    transport, far = pair
    far.sendall(b"half")
    with pytest.raises(TransportTimeoutError):
        transport.need(8, monotonic() + 0.05)
    far.sendall(b"whole")
    transport.need(9, soon())
    assert bytes(transport.take(9)) == b"halfwhole"


def test_nothing_is_waited_for_when_nobody_waits(pair: tuple[Transport, socket.socket]) -> None:
    transport, far = pair
    assert not transport.fill()
    assert not transport.wait(0)
    far.sendall(b"x")
    assert transport.wait(20)
    assert transport.fill()
    assert bytes(transport.buffered()) == b"x"


def test_the_other_side_closes(pair: tuple[Transport, socket.socket]) -> None:
    transport, far = pair
    far.sendall(b"bye")
    far.close()
    with pytest.raises(TransportClosedError):
        transport.need(4, soon())
    assert bytes(transport.buffered()) == b"bye"


def test_a_peer_that_takes_nothing_is_a_timeout(pair: tuple[Transport, socket.socket]) -> None:
    transport, _ = pair
    with pytest.raises(TransportTimeoutError):
        transport.send(bytes(1 << 26), 0.1, 1 << 30)


def test_large_writes_reach_a_peer_that_reads(pair: tuple[Transport, socket.socket]) -> None:
    transport, far = pair
    data = bytes(range(256)) * 40000
    received = bytearray()

    def read() -> None:
        while len(received) < len(data):
            received.extend(far.recv(1 << 16))

    reader = threading.Thread(target=read)
    reader.start()
    transport.send(data, 20, 1)
    reader.join()
    assert received == data


@pytest.mark.parametrize("now", [False, True])
def test_an_interrupt_wakes_whoever_waits(pair: tuple[Transport, socket.socket], now: bool) -> None:
    transport, _ = pair
    found: list[Exception] = []

    def wait() -> None:
        try:
            transport.need(1, soon())
        except TransportClosedError as error:
            found.append(error)

    waiter = threading.Thread(target=wait)
    waiter.start()
    transport.interrupt(now=now)
    waiter.join()
    assert len(found) == 1


def test_our_last_words_are_read_though_bytes_were_left_unread(pair: tuple[Transport, socket.socket]) -> None:
    transport, far = pair
    far.sendall(bytes(50))
    transport.send(b"last words", 20, 1)
    reader = threading.Thread(target=transport.finish, args=(20,))
    reader.start()
    assert far.recv(100) == b"last words"
    assert far.recv(100) == b""
    far.close()
    reader.join()


def test_what_is_decrypted_already_is_looked_at_before_the_socket() -> None:
    """A record that is read in part is gone from the socket: nothing would ever wake who polls for its rest."""
    near, far = socket.socketpair()
    server = SERVER.server_context().wrap_socket(near, server_side=True, do_handshake_on_connect=False)
    client = CLIENT.client_context().wrap_socket(far, server_hostname="127.0.0.1", do_handshake_on_connect=False)
    shaking = threading.Thread(target=client.do_handshake)
    shaking.start()
    transport = Transport(server, 64)
    transport.handshake(soon())
    shaking.join()
    while transport.fill():  # what TLS 1.3 sends after its handshake is not for us
        pass
    client.sendall(bytes(range(100)))
    transport.need(64, soon())
    assert not select.select([socket.socket.fileno(server)], [], [], 0)[0]
    assert bytes(transport.take(64)) == bytes(range(64))
    assert transport.wait(0)
    assert transport.fill()
    assert bytes(transport.take(36)) == bytes(range(64, 100))
    assert not transport.wait(0)
    transport.close()
    client.close()
