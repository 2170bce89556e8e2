"""What a shell completes, asked as a shell asks."""

from pathlib import Path

import pytest

from findicon.cli import run


@pytest.fixture(autouse=True)
def _two_peers(alone: None) -> None:
    """Have two named peers."""
    Path("findicon.toml").write_text("[peers.MAIN]\naddress = 'A@b:1'\n[peers.Old]\naddress = 'C@d:1'\n")


def completed(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    monkeypatch.setenv("_FINDICON_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", " ".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    with pytest.raises(SystemExit) as ended:
        run([])
    assert ended.value.code == 0
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["findicon", "fi"], ["find"]),
        (["findicon", "find", "MA"], ["MAIN"]),
        (["findicon", "find", "o"], ["old"]),
        (["findicon", "find", "MAIN", "StudyDa"], ["StudyDate"]),
        (["findicon", "find", "MAIN", "modalitiesin"], ["modalitiesinStudy"]),
        (["findicon", "find", "MAIN", "ContrastBolusVol"], ["ContrastBolusVolume"]),
        (["findicon", "find", "MAIN", "--level", "s"], ["study", "series"]),
        (["findicon", "find", "MAIN", "--fal"], ["--fallback"]),
    ],
)
def test_what_is_offered(
    words: list[str], offered: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert completed(words, monkeypatch, capsys) == offered


def test_a_wrong_settings_file_keeps_nobody_from_typing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("findicon.toml").write_text("[server\n")
    assert completed(["findicon", "find", "MA"], monkeypatch, capsys) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_FINDICON_COMPLETE", f"source_{shell}")
    with pytest.raises(SystemExit):
        run([])
    assert "findicon" in capsys.readouterr().out
