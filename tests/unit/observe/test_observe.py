import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from findicon.observe import Figures, audit, configure, log


@pytest.fixture
def settings() -> Iterator[None]:
    """Put the loggers back as they were, for the other tests."""
    loggers = [logging.getLogger(name) for name in ("findicon", "findicon.audit")]
    before = [(list(one.handlers), one.level) for one in loggers]
    yield
    for logger, (handlers, level) in zip(loggers, before, strict=True):
        for handler in logger.handlers:
            if handler not in handlers:
                handler.close()
        logger.handlers[:] = handlers
        logger.setLevel(level)


@pytest.mark.usefixtures("settings")
def test_the_log_goes_to_standard_error_as_json(capfd: pytest.CaptureFixture[str]) -> None:
    configure("info", json=True)
    log.bind(peer="A@h:1").info("association accepted", contexts=3)
    log.debug("not at this level")
    (line,) = capfd.readouterr().err.splitlines()
    event = json.loads(line)
    assert (event["event"], event["peer"], event["contexts"], event["level"]) == (
        "association accepted",
        "A@h:1",
        3,
        "info",
    )
    assert event["timestamp"].endswith("Z")


@pytest.mark.usefixtures("settings")
def test_the_log_for_people_has_text_and_values(capfd: pytest.CaptureFixture[str]) -> None:
    configure("debug")
    log.debug("release unanswered", peer="A@h:1")
    text = capfd.readouterr().err
    assert "release unanswered" in text
    assert "A@h:1" in text


@pytest.mark.usefixtures("settings")
def test_an_exception_comes_with_its_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    configure("info", json=True)
    try:
        int("what went wrong")
    except ValueError:
        log.exception("find failed")
    event = json.loads(capfd.readouterr().err)
    assert "ValueError: invalid literal" in event["exception"]


@pytest.mark.usefixtures("settings")
def test_the_audit_log_has_a_file_of_its_own(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "audit.jsonl"
    configure("debug", audit_file=path)
    audit("find", caller="A", keys=lambda: {"PatientName": "DOE*"}, answers=2)
    event = json.loads(path.read_text(encoding="utf-8"))
    assert (event["event"], event["caller"], event["keys"], event["answers"]) == (
        "find",
        "A",
        {"PatientName": "DOE*"},
        2,
    )
    assert "DOE" not in capfd.readouterr().err
    configure("debug", audit_file=path)
    audit("find", caller="B")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.usefixtures("settings")
def test_nobody_asks_for_values_when_nobody_writes_them() -> None:
    logging.getLogger("findicon.audit").handlers[:] = [logging.NullHandler()]
    called: list[bool] = []
    audit("find", keys=lambda: called.append(True))
    assert called == []


@pytest.mark.usefixtures("settings")
def test_a_program_that_uses_findicon_keeps_its_own_logging(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="findicon"):
        log.info("listening", address="A@h:1")
    (record,) = caplog.records
    assert record.getMessage() == "listening"
    assert record.address == "A@h:1"  # type: ignore[attr-defined]


@pytest.mark.usefixtures("settings")
def test_no_name_of_a_fact_is_an_exception(capfd: pytest.CaptureFixture[str]) -> None:
    configure("info", json=True)
    log.info("a worker died", process=17, name="w", args=(1,), message="m", level="IMAGE")
    event = json.loads(capfd.readouterr().err)
    assert (event["process_"], event["name_"], event["args_"], event["message_"]) == (17, "w", [1], "m")


def test_figures_in_the_words_of_prometheus() -> None:
    figures, state = Figures(), {"made": 3.0}
    figures.counter("requests", "How many", "route").labels("/a").inc()
    figures.seconds("took", "How long", "route", limits=(0.1, 1)).labels("/a").observe(0.5)
    figures.state("icons", "By state", "state", lambda: state)
    state["made"] = 4.0
    text = figures.text().decode()
    assert 'requests_total{route="/a"} 1.0' in text
    assert 'took_bucket{le="0.1",route="/a"} 0.0' in text
    assert 'took_bucket{le="1.0",route="/a"} 1.0' in text
    assert 'icons{state="made"} 4.0' in text, "asked when somebody looks"


def test_a_state_that_cannot_be_told_is_left_out() -> None:
    figures = Figures()
    figures.state("icons", "By state", "state", dict)
    assert "icons" not in figures.text().decode()
