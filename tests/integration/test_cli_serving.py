"""``findicon index``, ``serve``, ``status`` and ``demo`` as people run them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from findicon.query import Query
from findicon.scu import Client
from support.samples import real_file, write_series

# A pool of spawned processes needs a main module that it can import.
SCRIPT = "from findicon.cli import main\n\nif __name__ == '__main__':\n    main()\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive, files that are none, and a program to run."""
    folder = tmp_path_factory.mktemp("serving")
    (folder / "findicon_program.py").write_text(SCRIPT)
    images = folder / "images"
    write_series(images, 5)
    (images / "truncated.dcm").write_bytes(real_file("CT_small.dcm").read_bytes()[:600])
    (images / "notes.txt").write_text("not an image")
    return folder


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    return os.environ | {
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "PYTHONUNBUFFERED": "1",
    }


def findicon(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "findicon_program.py", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def indexed(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_DATA_HOME": str(folder / "data")}
    return findicon(folder, environment, "index", "images", "--workers", "1")


def test_index_says_what_it_did(indexed, folder: Path) -> None:
    assert indexed.returncode == 0, indexed.stderr
    assert re.match(r"7 files: 5 indexed, 1 not DICOM, 1 unreadable; pictures: 2 made; \d", indexed.stdout)
    assert "truncated.dcm" in indexed.stderr
    assert "Traceback" not in indexed.stderr
    assert (folder / "data" / "findicon" / "catalogue.sqlite").exists()


def test_index_again_as_json(indexed, folder: Path, environment) -> None:
    done = findicon(folder, environment, "index", "images", "--json", "--workers", "1")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert (told["indexed"], told["unchanged"], told["skipped"], told["failed"]) == (0, 5, 1, 1)
    assert [Path(failure["path"]).name for failure in told["failures"]] == ["truncated.dcm"]


def test_status(indexed, folder: Path, environment) -> None:
    done = findicon(folder, environment, "status")
    assert done.returncode == 0
    assert "patients: 1  studies: 1  series: 1  images: 5" in done.stdout
    assert "pictures: 2 made, 0 waiting" in done.stdout
    assert "truncated.dcm" in done.stdout


def test_status_as_json(indexed, folder: Path, environment) -> None:
    told = json.loads(findicon(folder, environment, "status", "--json").stdout)
    assert (told["studies"], told["images"], told["icons_made"], told["icons_waiting"]) == (1, 5, 2, 0)
    assert told["bytes"] > 0
    assert [Path(failure["subject"]).name for failure in told["failures"]] == ["truncated.dcm"]


@contextmanager
def listening(
    folder: Path, environment: dict[str, str], *arguments: str
) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run `findicon serve` or `gateway`; gives the process, its DICOM address and its web address."""
    with subprocess.Popen(
        [sys.executable, "findicon_program.py", *arguments],
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            assert process.stderr is not None
            log = []
            for line in process.stderr:
                log.append(line)
                asked = re.search(r"findscu -S -aec (\S+) .* (\S+) (\d+)'", line)
                web = re.search(r"web=(\S+)", line)
                if asked and web:
                    yield process, f"{asked[1]}@{asked[2]}:{asked[3]}", web[1]
                    return
            pytest.fail("".join(log))
        finally:
            process.kill()


@contextmanager
def serving(folder: Path, environment: dict[str, str], *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `findicon serve` on free ports; gives the process and the address it says it listens on."""
    with listening(folder, environment, "serve", "--dicom-port", "0", "--web-port", "0", *arguments) as (
        process,
        address,
        _,
    ):
        yield process, address


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGINT])
def test_serve_answers_with_pictures_and_ends_in_order(indexed, folder: Path, environment, way: signal.Signals) -> None:
    with serving(folder, environment, "--ae-title", "HERE") as (process, address):
        assert address.startswith("HERE@127.0.0.1:")
        with Client(address) as client:
            (match,) = client.find(Query("STUDY", PatientName="DOE*", icon=True))
        assert match.icon is not None
        process.send_signal(way)
        _, log = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "Traceback" not in log
        assert "DOE" not in log, "patients stay out of the log"
    assert "DOE" in (folder / "data" / "findicon" / "audit.jsonl").read_text()


def test_serve_takes_instances_in_and_pictures_them(folder: Path, environment, tmp_path: Path) -> None:
    own = ["--database", str(tmp_path / "own.sqlite"), "--storage", str(tmp_path / "storage")]
    with serving(folder, environment, *own) as (process, address):
        with Client(address) as client:
            client.store(real_file("MR_small.dcm"))
            question = Query("IMAGE", icon=True, **_uids(client))
            # a slow machine may take longer for its first picture than a query waits
            pictures = (next(client.find(question)).icon for _ in range(60))
            assert any(picture is not None for picture in pictures)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert [path for path in (tmp_path / "storage").rglob("*.dcm") if path.is_file()]


def _uids(client: Client) -> dict[str, str]:
    (study,) = client.find(Query("STUDY"))
    (series,) = client.find(Query("SERIES", StudyInstanceUID=study.dataset.StudyInstanceUID))
    return {name: series.dataset[name].value for name in ("StudyInstanceUID", "SeriesInstanceUID")}


def test_serve_needs_peers_to_be_reached_by_others(indexed, folder: Path, environment) -> None:
    done = findicon(folder, environment, "serve", "--host", "0.0.0.0", "--dicom-port", "0")
    assert done.returncode == 2
    assert "peers" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_on_a_port_in_use(indexed, folder: Path, environment) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = findicon(folder, environment, "serve", "--dicom-port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_demo_shows_pictures_at_three_levels(folder: Path, environment, tmp_path: Path) -> None:
    done = findicon(folder, environment | {"TMPDIR": str(tmp_path), "COLUMNS": "80"}, "demo", "--once")
    assert done.returncode == 0, done.stderr
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    pictures = dict(re.findall(r"(STUDY|SERIES|IMAGE) level: \d+ answers, (\d+) pictures", text))
    assert int(pictures["STUDY"]) >= 14
    assert (pictures["SERIES"], pictures["IMAGE"]) == ("2", "60")
    assert "▀" * 10 in text
    assert re.search(r"findscu -S -aec FINDICON -k QueryRetrieveLevel=STUDY .* 127.0.0.1 \d+", text)
    assert list(tmp_path.iterdir()) == [], "what it made is gone"


def test_the_demo_stays_up_until_it_is_ended(folder: Path, environment, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "findicon_program.py", "demo"],
        cwd=folder,
        env=environment | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C ends it" in line:
                break
        found = re.search(r"findicon find (\S+) ", said)
        assert found
        with Client(found[1]) as client:
            assert len(list(client.find(Query("STUDY")))) == 17
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_serve_answers_with_several_processes_and_over_http(indexed, folder: Path, environment) -> None:
    with serving(folder, environment, "--workers", "2") as (process, address):
        with Client(address) as client:
            (match,) = client.find(Query("STUDY", PatientName="DOE*", icon=True))
        assert match.icon is not None
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "Traceback" not in log


def test_serve_has_pages(indexed, folder: Path, environment) -> None:
    with listening(folder, environment, "serve", "--dicom-port", "0", "--web-port", "0") as (_, _, web):
        with urllib.request.urlopen(f"{web}/", timeout=60) as page:
            text = page.read().decode()
    assert "DOE, JANE" in text


def test_a_gateway_gives_another_archives_answers_with_pictures(indexed, folder: Path, environment, tmp_path) -> None:
    own = ["--dicom-port", "0", "--web-port", "0"]
    with listening(folder, environment, "serve", *own) as (_, upstream, _):
        cache = ["--database", str(tmp_path / "cache.sqlite")]
        with listening(folder, environment, "gateway", "--upstream", upstream, *own, *cache) as (process, address, _):
            with Client(address) as client:
                matches = list(client.find(Query("STUDY", PatientName="DOE*", icon=True)))
                assert [match.dataset.PatientID for match in matches] == ["P1"]
                # what was asked for once is there for the next asker
                pictures = (next(client.find(Query("STUDY", icon=True))).icon for _ in range(200))
                assert any(picture is not None for picture in pictures)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--upstream"),
        (["--upstream", "nowhere"], "nowhere"),
        (["--upstream", "A@127.0.0.1"], "A@127.0.0.1"),
        (["--upstream", "A@no.such.host.invalid:104"], "no.such.host.invalid"),
        (["--upstream", "https://me:secret@no.such.host.invalid/dicom-web"], "no.such.host.invalid"),
    ],
)
def test_a_gateway_needs_an_archive_to_stand_before(folder: Path, environment, arguments: list[str], said: str) -> None:
    done = findicon(folder, environment, "gateway", "--dicom-port", "0", "--web-port", "0", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_the_web_is_opened_for_named_users_alone(folder: Path, environment: dict[str, str], tmp_path: Path) -> None:
    printed = subprocess.run(
        [sys.executable, "findicon_program.py", "password"],
        cwd=folder, env=environment, input="secret\n", capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    settings = tmp_path / "findicon.toml"
    users = f'[web.users]\njane = "{printed.stdout.strip()}"\n'
    settings.write_text(
        f'[server]\nhost = "0.0.0.0"\ndicom_port = 0\nweb_port = 0\n[peers.A]\naddress = "A@127.0.0.1:4"\n{users}'
    )
    refused = findicon(folder, environment, "serve", "--config", str(settings))
    assert refused.returncode == 2
    assert "in the clear" in refused.stderr
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[web.users]\njane = "secret"\n')
    refused = findicon(folder, environment, "serve", "--config", str(wrong), "--dicom-port", "0", "--web-port", "0")
    assert refused.returncode == 2
    assert "[web.users] jane" in refused.stderr
