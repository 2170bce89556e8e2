"""What goes wrong, in one sentence on standard error."""

import sys

DONE, FAILED, WRONG_QUESTION = 0, 1, 2
"""Exit codes: it is done; the answer is a failure; the question was wrong."""


def complain(sentence: str, code: int = FAILED) -> int:
    """Say what is wrong, after everything that was printed before; give the exit code back."""
    sys.stdout.flush()
    print(f"findicon: {sentence}", file=sys.stderr)  # noqa: T201
    return code
