"""The exchange beside its peers: findscu asks us and others, and our client asks us beside findscu and pynetdicom."""

import os
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from pydicom.dataset import Dataset
from pynetdicom import AE

from benchmarks import exchange_peers as peers
from benchmarks import storing
from benchmarks.report import Row
from findicon.dimse import encode_command
from findicon.dimse.associate import AssociateRequest, ProposedContext, UserInformation, encode_request
from findicon.dimse.pdus import COMMAND, data_pdus
from findicon.query import Model, Query, encode
from findicon.scu import Client

FIND = Model.STUDY_ROOT.find
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"

STUDIES = 2000
SMALL = 500  # studies that dcmqrscp can hold
QUERIES = 100
IDLE = 200
CALLERS = 32
REPEATS = 50
WAVES = 6
ROUNDS = 5


def run() -> list[Row]:
    """Measure every case; each figure is the median of a few rounds, ours and the peer's by turns."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        database = peers.catalogue_of(folder, STUDIES)
        ours, process = stack.enter_context(peers.module("exchange_server", str(database)))
        rows = [*_many_answers(folder, ours), *_single_answers(folder, ours)]
        rows += _our_client(ours)
        rows += _idle(ours, process)
        rows += _crowd(folder, ours)
        stack.close()  # storing has the machine for itself
        rows += storing.rows(folder / "storing")
    return rows


def findscu(port: int, *arguments: str, environment: Mapping[str, str] | None = None) -> float:
    """Run DCMTK's findscu; give its seconds."""
    command = ["findscu", "-q", "-S", "-aec", peers.AE_TITLE, *arguments, "127.0.0.1", str(port)]
    return _findscu_with_files(command, environment)


def _findscu_with_files(command: list[str], environment: Mapping[str, str] | None) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **(environment or {})})
    return time.perf_counter() - began


def by_turns(*measures: Callable[[], float], rounds: int = ROUNDS) -> list[float]:
    """Take each measure in turn, some rounds; give the medians."""
    taken: list[list[float]] = [[] for _ in measures]
    for _ in range(rounds):
        for figures, measure in zip(taken, measures, strict=True):
            figures.append(measure())
    return [statistics.median(figures) for figures in taken]


def row(case: str, ours: str, peer: str, ratio: float | None, at_least: float | None) -> Row:
    goal = "" if at_least is None else f">= {at_least:g}"
    made = Row(case=case, ours=ours, peer=peer, ratio=ratio, goal=goal)
    if ratio is not None and at_least is not None:
        made["met"] = ratio >= at_least
    return made


STUDY_KEYS = (
    "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyDate", "-k", "StudyTime", "-k", "AccessionNumber",
    "-k", "PatientName", "-k", "PatientID", "-k", "PatientBirthDate", "-k", "PatientSex",
    "-k", "StudyInstanceUID", "-k", "StudyID", "-k", "StudyDescription",
)  # fmt: skip
ICON_KEY = ("-k", "IconImageSequence")


def _many_answers(folder: Path, ours: int) -> list[Row]:
    for name, data in zip(("accept", "answers"), peers.recorded(ours, _request()), strict=True):
        (folder / name).write_bytes(data)
    with (
        peers.orthanc(folder / "orthanc", STUDIES, {}) as theirs,
        peers.module("replay_server", str(folder / "accept"), str(folder / "answers")) as (bare, _),
    ):
        us, them, wire = by_turns(
            lambda: findscu(ours, *STUDY_KEYS, *ICON_KEY),
            lambda: findscu(theirs, *STUDY_KEYS),
            lambda: findscu(bare, *STUDY_KEYS, *ICON_KEY),
            rounds=2 * ROUNDS,
        )
    case = f"{STUDIES} STUDY answers with icons to findscu"
    return [
        row(case, f"{us:.3f} s", f"Orthanc, without icons {them:.3f} s", them / us, 3),
        row("the same", f"{us:.3f} s", f"a bare socket that says the same bytes {wire:.3f} s", wire / us, 0.8),
    ]


def _request() -> bytes:
    """Ask for what findscu asks, in bytes."""
    context = ProposedContext(1, str(FIND), (EXPLICIT, IMPLICIT))
    asked = encode_request(AssociateRequest(peers.AE_TITLE, "FINDSCU", (context,), UserInformation(16384)))
    identifier = Dataset()
    for key in (*STUDY_KEYS, *ICON_KEY)[1::2]:
        keyword, _, value = key.partition("=")
        setattr(identifier, keyword, [] if keyword == "IconImageSequence" else value)
    command = encode_command({0x0002: str(FIND), 0x0100: 0x0020, 0x0110: 1, 0x0700: 0, 0x0800: 1})
    question = [
        *data_pdus(1, command, COMMAND, 16384),
        *data_pdus(1, encode(identifier, "1.2.840.10008.1.2.1"), 0, 16384),
    ]
    return asked + b"".join(question)


def _single_answers(folder: Path, ours: int) -> list[Row]:
    files = [str(_query_file(folder, number)) for number in range(QUERIES)]
    rows: list[Row] = []
    for environment, title, goals in (
        ({}, "findscu as shipped", (40, 40)),
        (peers.NO_DELAY, "TCP_NODELAY=1 on both sides", (4, 1.5)),
    ):
        with (
            peers.orthanc(folder / "orthanc", STUDIES, environment) as orthanc,
            peers.dcmqrscp(folder / "dcmqrscp", SMALL, environment) as dcmqrscp,
        ):
            asks = (partial(_ask_files, port, files, environment) for port in (ours, orthanc, dcmqrscp))
            us, one, other = by_turns(*asks, rounds=ROUNDS if environment else 2)
        case = f"{QUERIES} single-match queries on one association, {title}"
        rows.append(row(case, f"{us:.3f} s", f"Orthanc {one:.3f} s", one / us, goals[0]))
        rows.append(row("the same", f"{us:.3f} s", f"dcmqrscp ({SMALL} studies) {other:.3f} s", other / us, goals[1]))
    return rows


def _ask_files(port: int, files: Sequence[str], environment: Mapping[str, str]) -> float:
    command = ["findscu", "-q", "-S", "-aec", peers.AE_TITLE, "127.0.0.1", str(port), *files]
    return _findscu_with_files(command, environment)


def _query_file(folder: Path, number: int) -> Path:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.PatientID = peers.patient_id(number)
    identifier.PatientName = ""
    identifier.StudyInstanceUID = ""
    path = folder / f"query{number}.dcm"
    identifier.save_as(path, implicit_vr=False, little_endian=True)
    return path


def _our_client(ours: int) -> list[Row]:
    with Client(f"{peers.AE_TITLE}@127.0.0.1:{ours}") as client:
        client.echo()
        query = Query("STUDY", defaults=False, icon=True, **{key.partition("=")[0]: "" for key in STUDY_KEYS[3::2]})

        def we() -> float:
            began = time.perf_counter()
            count = sum(1 for _ in client.find(query))
            assert count == STUDIES
            return time.perf_counter() - began

        def pynetdicom() -> float:
            entity = AE()
            entity.add_requested_context(FIND)
            association = entity.associate("127.0.0.1", ours)
            began = time.perf_counter()
            count = sum(1 for _ in association.send_c_find(query.to_dataset(), FIND))
            seconds = time.perf_counter() - began
            association.release()
            assert count >= STUDIES * 0.95, count  # it loses some
            return seconds

        us, findscu_ = by_turns(we, lambda: findscu(ours, *STUDY_KEYS, *ICON_KEY), rounds=2 * ROUNDS)
        (other,) = by_turns(pynetdicom, rounds=2)
    case = f"our client taking {STUDIES} answers with icons, undecoded"
    return [
        row(case, f"{us:.3f} s", f"findscu {findscu_:.3f} s", findscu_ / us, 0.7),
        row("the same", f"{us:.3f} s", f"pynetdicom {other:.2f} s", other / us, 20),
    ]


def _idle(ours: int, process: int) -> list[Row]:
    with Client(f"{peers.AE_TITLE}@127.0.0.1:{ours}") as client, ExitStack() as stack:
        alone = _latencies(client, 300)
        for number in range(IDLE):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", ours)))
            connection.sendall(_request()[: 6 + int.from_bytes(_request()[2:6], "big")])
            assert connection.recv(6)[0] == 2, number
        before, began = _processor_seconds(process), time.perf_counter()
        time.sleep(5)
        share = (_processor_seconds(process) - before) / (time.perf_counter() - began)
        crowded = _latencies(client, 300)
    median, other = statistics.median(alone), statistics.median(crowded)
    return [
        Row(
            case=f"{IDLE} idle associations, processor use",
            ours=f"{share:.2%} of a core",
            peer="-",
            ratio=None,
            goal="< 2 %",
            met=share < 0.02,
        ),
        row("a query beside them", f"{other * 1e3:.2f} ms", f"without them {median * 1e3:.2f} ms", median / other, 0.8),
    ]


def _latencies(client: Client, count: int) -> list[float]:
    taken = []
    for number in range(count):
        query = Query("STUDY", PatientID=peers.patient_id(number), icon=True)
        began = time.perf_counter()
        assert sum(1 for _ in client.find(query)) == 1
        taken.append(time.perf_counter() - began)
    return taken


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _crowd(folder: Path, ours: int) -> list[Row]:
    """Let 32 findscu ask at once, and one client more whose own latencies are taken."""
    with peers.orthanc(folder / "orthanc", STUDIES, {}) as theirs:
        waves = [(_crowd_at(ours), _crowd_at(theirs)) for _ in range(WAVES)]
    rate, other_rate = (statistics.median(wave[side][0] for wave in waves) for side in (0, 1))
    latencies, other_latencies = ([one for wave in waves for one in wave[side][1]] for side in (0, 1))
    (p50, p99), (other50, other99) = (_percentiles(one) for one in (latencies, other_latencies))
    return [
        row(
            f"{CALLERS} findscu at once, {REPEATS} queries each",
            f"{rate:.0f} queries/s",
            f"Orthanc {other_rate:.0f} queries/s",
            rate / other_rate,
            1,
        ),
        Row(
            case="the p99 of a query while all of them are connected, in p50",
            ours=f"{p99 / p50:.1f} (p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms)",
            peer=f"Orthanc {other99 / other50:.1f} (p50 {other50 * 1e3:.1f} ms, p99 {other99 * 1e3:.1f} ms)",
            ratio=None,
            goal="< 10",
            met=p99 / p50 < 10,
        ),
    ]


def _crowd_at(port: int) -> tuple[float, list[float]]:
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"PatientID={peers.patient_id(7)}", "-k", "PatientName")
    command = ["findscu", "-q", "-S", "-aec", peers.AE_TITLE, "--repeat", str(REPEATS), *keys, "127.0.0.1", str(port)]
    latencies: list[float] = []
    over = threading.Event()

    def probe() -> None:
        with Client(f"{peers.AE_TITLE}@127.0.0.1:{port}") as client:
            while not over.is_set():
                taken = _latencies(client, 1)
                if _connections(port) > CALLERS:  # not while they start or end: that is the machine's time, not ours
                    latencies.extend(taken)

    prober = threading.Thread(target=probe)
    prober.start()
    began = time.perf_counter()
    callers = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(CALLERS)]
    codes = [caller.wait() for caller in callers]
    seconds = time.perf_counter() - began
    over.set()
    prober.join()
    assert not any(codes), codes
    return CALLERS * REPEATS / seconds, latencies


def _connections(port: int) -> int:
    """Count the connections to a port of this machine."""
    there = f"0100007F:{port:04X} 01"
    return sum(there in line for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines())


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(values, n=100)
    return cuts[49], cuts[98]
