"""Run a target of this folder with atheris, from inputs that are right."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import atheris


def fuzz(one_input: Callable[[bytes], None], seeds: Mapping[str, bytes]) -> None:
    """Fuzz until libFuzzer's flags end it.

    Inputs that reach something new are kept in a folder of build/ for the next run, what fails lies beside it.
    """
    corpus = Path(__file__).parents[2] / "build" / f"fuzz-{Path(sys.argv[0]).stem}"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (corpus / name).write_bytes(data)
    atheris.Setup([sys.argv[0], f"-artifact_prefix={corpus}-", *sys.argv[1:], str(corpus)], one_input)
    atheris.Fuzz()
