"""What ``findicon find`` says of peers that fail, each in a sentence of its own: real sockets, exit code 1."""

import socket
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from findicon.cli import run
from findicon.query import encode

from .raw_peer import ABORT, pdu
from .raw_server import Caller, RawServer, Script, response


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with no settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def rejecting(source: int, reason: int, result: int = 1) -> Script:
    """Reject the association (PS3.8 Table 9-21)."""

    def script(caller: Caller) -> None:
        caller.receive()
        caller.send(pdu(3, bytes((0, result, source, reason))))

    return script


def aborting(caller: Caller) -> None:
    caller.accept()
    caller.request()
    caller.send(ABORT)


def aborting_the_association_request(caller: Caller) -> None:
    caller.receive()
    caller.send(ABORT)


def closing(caller: Caller) -> None:
    caller.accept()
    caller.request()


def silent_at_first(caller: Caller) -> None:
    caller.receive()
    caller.is_closed()


def silent_when_asked(caller: Caller) -> None:
    caller.accept()
    caller.request()
    caller.is_closed()


def without_find(caller: Caller) -> None:
    caller.accept(results=dict.fromkeys(range(1, 256), 3))
    caller.is_closed()


def talking_nonsense(caller: Caller) -> None:
    caller.receive()
    caller.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def failing(caller: Caller) -> None:
    caller.accept()
    caller.send(response(*caller.request(), 0xA700))
    caller.is_closed()


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (rejecting(1, 7), "rejected the association for good: called AE title not recognized"),
        (rejecting(1, 3), "rejected the association for good: calling AE title not recognized"),
        (rejecting(3, 2, 2), "rejected the association for now: local limit exceeded"),
        (without_find, "accepted none of our presentation contexts"),
        (aborting_the_association_request, "aborted the association request"),
        (aborting, "aborted the association\n"),
        (closing, "the connection was closed"),
        (silent_at_first, "did not answer the association request in 0.3 s"),
        (silent_when_asked, "nothing came in time, the association was aborted"),
        (talking_nonsense, "answered the association request with HTTP, not DICOM"),
        (failing, "C-FIND failed: Refused: Out of Resources, status A700"),
    ],
)
def test_each_failure_has_its_own_sentence(script: Script, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with RawServer(script) as server:
        assert run(["find", server.address, "--timeout", "0.3"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"findicon: {server.address}: ")
    assert sentence in said.err
    assert said.err.count("\n") == 1, said.err


def test_nobody_there(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        address = f"NOBODY@127.0.0.1:{taken.getsockname()[1]}"
        assert run(["find", address]) == 1
    assert capsys.readouterr().err == f"findicon: {address}: cannot be reached: Connection refused\n"


def test_a_host_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", "PACS@no-such-host.invalid:104"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("findicon: PACS@no-such-host.invalid:104: cannot be reached: ")
    assert said.count("\n") == 1


def test_what_came_before_it_broke_off_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Dataset()
    answer.PatientName = "Doe^Jane"

    def breaking_off(caller: Caller) -> None:
        caller.accept()
        context, message = caller.request()
        caller.send(response(context, message, 0xFF00, data=encode(answer, ExplicitVRLittleEndian)))
        caller.send(ABORT)

    with RawServer(breaking_off) as server:
        assert run(["find", server.address, "--format", "csv"]) == 1
    said = capsys.readouterr()
    assert "Doe^Jane" in said.out
    assert "aborted" in said.err
    assert said.err.endswith("1 answer came before that\n")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://127.0.0.1:{port}/dicom-web", "cannot be reached: Connection refused"),
        ("http://", "is no DICOMweb address"),
    ],
)
def test_a_web_server_that_fails(address: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        code = run(["find", address.format(port=taken.getsockname()[1])])
    said = capsys.readouterr().err
    assert code == (1 if "{port}" in address else 2)
    assert sentence in said
    assert said.count("\n") == 1
