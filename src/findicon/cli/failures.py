"""What went wrong with many files, told in a few lines."""

from collections import Counter
from collections.abc import Sequence

_FIRST_FEW = 3


def failed_lines(failures: Sequence[tuple[str, str]], heading: str) -> list[str]:
    """List failures in a few lines.

    Parameters
    ----------
    failures
        What failed and the reason.
    heading
        What they have in common; the first line.
    """
    lines = [f"{heading}:"] if failures else []
    for reason, count in Counter(reason for _, reason in failures).most_common():
        subjects = [subject for subject, its_reason in failures if its_reason == reason]
        lines.append(f"  {count} x {reason}")
        lines += [f"      {subject}" for subject in subjects[:_FIRST_FEW]]
        if count > _FIRST_FEW:
            lines.append(f"      and {count - _FIRST_FEW} more; --json lists them all")
    return lines
