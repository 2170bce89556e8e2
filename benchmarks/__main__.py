"""Run the measurements: ``python -m benchmarks [name...]``; each writes its page into benchmarks/results."""

import compileall
import importlib
import sys
from pathlib import Path

from .report import page

RESULTS = Path(__file__).parent / "results"
# module -> the title of its section; each has run() -> list[Row]
SECTIONS = {
    "exchange": "The exchange",
    "icons": "Icons",
    "indexing": "Indexing",
    "catalogue": "The catalogue",
    "asking": "Asking",
    "gateway": "The gateway",
    "web": "The web",
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(SECTIONS)
    if unknown:
        print(
            f"No measurement is called {', '.join(sorted(unknown))}: there are {', '.join(SECTIONS)}", file=sys.stderr
        )
        return 2
    # As an installer does, so that no process that is measured compiles what it imports.
    compileall.compile_dir(str(Path(__file__).parents[1] / "src"), quiet=1)
    for name in names or SECTIONS:
        print(f"-- {name}", file=sys.stderr, flush=True)
        text = page(SECTIONS[name], importlib.import_module(f"benchmarks.{name}").run())
        print(text)
        (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
