"""Images that keep a C codec busy: nothing inside its process can end it, so the process is ended and replaced."""

from pathlib import Path

from faults import charls_alone
from findicon.archive import FileRenderer
from unit.pixels.making import JPEG_LS, described, encoded, scene, with_frames


def cut_scan() -> bytes:
    """Give a JPEG-LS stream that ends inside its scan, in front of any marker: CharLS looks for one for ten seconds."""
    stream = encoded(scene(512, 512, 8), JPEG_LS, 8)
    return stream[: stream.index(b"\xff\xda") + 11]


def test_a_codec_that_hangs_is_killed_at_the_limit_and_its_worker_replaced(tmp_path: Path) -> None:
    broken, whole = tmp_path / "broken.jls", tmp_path / "whole.dcm"
    broken.write_bytes(cut_scan())
    whole.write_bytes(with_frames(described(scene(64, 64, 8)), [encoded(scene(64, 64, 8), JPEG_LS, 8)], JPEG_LS).read())
    with FileRenderer(limit=30, workers=1, render=charls_alone.decode) as renderer:
        assert renderer(str(whole), 64, None).item
    with FileRenderer(limit=1, workers=1, render=charls_alone.decode) as renderer:
        for _ in range(2):
            assert renderer(str(broken), 64, None).reason == "It took longer than 1 s and was stopped"
            assert renderer(str(whole), 64, None).item


def test_a_scan_that_is_cut_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "cut.dcm"
    path.write_bytes(with_frames(described(scene(512, 512, 8)), [cut_scan()], JPEG_LS).read())
    with FileRenderer(limit=30, workers=1) as renderer:
        assert "does not decode as JPEG-LS" in renderer(str(path), 64, None).reason
