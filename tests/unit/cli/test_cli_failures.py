"""What went wrong with many files, told in a few lines."""

from findicon.cli.failures import failed_lines


def test_a_thousand_failures_take_a_few_lines() -> None:
    failures = [(f"/a/{number}", "It is truncated") for number in range(1000)] + [("/b", "It is empty")]
    lines = failed_lines(failures, "unreadable")
    assert lines[:3] == ["unreadable:", "  1000 x It is truncated", "      /a/0"]
    assert lines[-2:] == ["  1 x It is empty", "      /b"]
    assert "      and 997 more; --json lists them all" in lines
    assert len(lines) == 8


def test_no_failures_take_none() -> None:
    assert failed_lines([], "unreadable") == []
