"""docs/howto/put-the-gateway-before-a-pacs.md: its settings and its commands, with addresses of this machine."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from findicon.dimse import Peer
from findicon.errors import PeerRejected
from findicon.query import Query
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.test_gateway_answering import ScriptedArchive, images
from peers.programs import free_port

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "put-the-gateway-before-a-pacs.md"
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@contextmanager
def gateway(folder: Path, command: list[str]) -> Iterator[list[str]]:
    """Run the gateway as the page says; gives its log."""
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}
    log: list[str] = []
    ready = threading.Event()
    program = [sys.executable, "-c", "import sys; from findicon.cli import main; sys.exit(main())", *command]
    with subprocess.Popen(program, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:

        def read() -> None:
            assert process.stderr is not None
            for line in process.stderr:
                log.append(line)
                if "ask=" in line:
                    ready.set()
            ready.set()

        reader = threading.Thread(target=read)
        reader.start()
        try:
            assert ready.wait(60)
            assert any("ask=" in line for line in log), "".join(log)
            yield log
        finally:
            process.terminate()
            process.wait(30)
            reader.join()


def test_the_gateway_before_an_archive_that_has_only_c_move(tmp_path: Path) -> None:
    (settings,) = (text for language, text in BLOCKS if language == "toml")
    (command,) = (text.split() for _, text in BLOCKS if text.startswith("findicon gateway"))
    own, web = free_port(), free_port()
    archive, station = ScriptedArchive(*images(3)), MemoryArchive()
    with Server(station, ae_title="STATION1", ingest=station) as workstation:
        # what section 1 says
        peers = [
            Peer.at(f"GATEWAY@127.0.0.1:{own}", verbs=("echo", "find", "move")),
            Peer.at(str(workstation.address), verbs=()),
        ]
        with Server(archive, ae_title="PACS", source=archive, peers=peers) as pacs:
            settings = (
                settings.replace("STATION1@10.0.0.21:104", str(workstation.address))
                .replace("PACS@10.0.0.5:104", str(pacs.address))
                .replace("0.0.0.0", "127.0.0.1")
                .replace("dicom_port = 11112", f"dicom_port = {own}\nweb_port = {web}")
            )
            (tmp_path / "findicon.toml").write_text(settings, encoding="utf-8")
            with gateway(tmp_path, command[1:]) as log:
                with Client(f"GATEWAY@127.0.0.1:{own}", calling_ae_title="STATION1") as client:
                    for _ in range(200):
                        answers = list(client.find(Query("STUDY", icon=True)))
                        if all(match.icon is not None for match in answers):
                            break
                    assert [match.icon is not None for match in answers] == [True] * 3, "".join(log)
                    done = client.move(Query("STUDY", defaults=False, StudyInstanceUID="1.2.1"), "STATION1")
                    assert done.completed == 3
                with Client(f"GATEWAY@127.0.0.1:{own}", calling_ae_title="STRANGER") as client:
                    with pytest.raises(PeerRejected, match="calling AE title not recognized"):
                        client.echo()
    assert sorted(station.files) == ["1.2.1.1.1", "1.2.1.1.2", "1.2.1.1.3"]


def test_the_words_that_the_page_explains_are_those_of_the_log() -> None:
    source = Path(__file__).parents[2] / "src" / "findicon"
    said = "".join(path.read_text(encoding="utf-8") for path in source.rglob("*.py"))
    table = PAGE.read_text(encoding="utf-8").split("## When it does not")[1]
    for words in re.findall(r"^\| `([^`]+)`", table, re.MULTILINE):
        for part in re.split(r": | for good", words.replace("C-FIND", "")):
            assert part.strip() in said, words
