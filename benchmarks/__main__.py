"""Run the measurements: ``python -m benchmarks [name...]``; the page is written only when all of them ran."""

import importlib
import sys
from pathlib import Path

from .report import Row, page

# module -> the title of its section; each has run() -> list[Row]
SECTIONS = {
    "exchange": "The exchange",
    "icons": "Icons",
    "indexing": "Indexing",
    "catalogue": "The catalogue",
    "asking": "Asking",
    "gateway": "The gateway",
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(SECTIONS)
    if unknown:
        print(
            f"No measurement is called {', '.join(sorted(unknown))}: there are {', '.join(SECTIONS)}", file=sys.stderr
        )
        return 2
    results: dict[str, list[Row]] = {}
    for name in names or SECTIONS:
        print(f"-- {name}", file=sys.stderr, flush=True)
        results[SECTIONS[name]] = importlib.import_module(f"benchmarks.{name}").run()
    text = page(results)
    print(text)
    if not names:
        (Path(__file__).parent / "results.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
