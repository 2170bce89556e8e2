"""Instances that somebody waits for."""

from pathlib import Path

import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from findicon.errors import StorageError
from findicon.gateway.arrivals import Arrivals
from findicon.query import encode
from support.samples import instance

UID = "1.2.3"


def bring(arrivals: Arrivals, data: bytes, uid: str = UID) -> None:
    with arrivals.receive(CTImageStorage, uid, ExplicitVRLittleEndian, "PACS") as stream:
        stream.write(data[:100])
        stream.write(data[100:])


def data() -> bytes:
    return encode(instance(SOPInstanceUID=UID), ExplicitVRLittleEndian)


def test_it_is_a_file_while_it_is_waited_for(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, 1 << 20)
    with arrivals.expected(UID) as arrival:
        assert arrival.wait(0) is None
        bring(arrivals, data())
        path = arrival.wait(0)
        assert path is not None
        assert pydicom.dcmread(path).SOPInstanceUID == UID
        assert pydicom.dcmread(path).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert list(tmp_path.iterdir()) == []


def test_what_nobody_waits_for_is_not_taken(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, 1 << 20)
    with pytest.raises(StorageError, match="waits"):
        bring(arrivals, data())
    with arrivals.expected(UID):
        pass
    with pytest.raises(StorageError, match="waits"):
        bring(arrivals, data())
    assert list(tmp_path.iterdir()) == []


def test_two_who_wait_for_the_same_get_one_each(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, 1 << 20)
    with arrivals.expected(UID) as one, arrivals.expected(UID) as other:
        bring(arrivals, data())
        bring(arrivals, data())
        paths = {one.wait(0), other.wait(0)}
    assert len(paths) == 2
    assert None not in paths
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_large_is_not_kept(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, 300)
    with arrivals.expected(UID) as arrival:
        with pytest.raises(StorageError, match="more than 300 bytes"):
            bring(arrivals, data())
        assert arrival.wait(0) is None
        assert "300" in arrival.problem
        assert list(tmp_path.iterdir()) == []


def test_what_breaks_off_is_not_kept(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, 1 << 20)
    with arrivals.expected(UID) as arrival:
        receiving = arrivals.receive(CTImageStorage, UID, ExplicitVRLittleEndian, "PACS")
        receiving.__enter__().write(b"half")
        assert not receiving.__exit__(ConnectionError, ConnectionError(), None)
        assert arrival.wait(0) is None
    assert list(tmp_path.iterdir()) == []


def test_what_comes_after_its_waiter_went_is_gone(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, 1 << 20)
    waiting = arrivals.expected(UID)
    waiting.__enter__()
    with arrivals.receive(CTImageStorage, UID, ExplicitVRLittleEndian, "PACS") as stream:
        stream.write(data())
        waiting.__exit__(None, None, None)
    assert list(tmp_path.iterdir()) == []
