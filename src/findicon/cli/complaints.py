"""What goes wrong, in one sentence on standard error."""

import sys
from contextlib import suppress

DONE, FAILED, WRONG_QUESTION = 0, 1, 2
"""Exit codes: it is done; the answer is a failure; the question was wrong."""


def complain(sentence: str, code: int = FAILED) -> int:
    """Say what is wrong, after everything that was printed before; give the exit code back."""
    with suppress(OSError):  # what cannot be written is complained about at the end, if that can be
        sys.stdout.flush()
    with suppress(OSError):
        print(f"findicon: {sentence}", file=sys.stderr)  # noqa: T201
    return code
