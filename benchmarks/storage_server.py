"""findicon's storage on a free port, in a process of its own: prints the port, ends when its input does.

With a second argument it keeps nothing of what it acknowledges: what is left is the exchange and its peer.
"""

import sys
from contextlib import nullcontext
from pathlib import Path

from findicon.archive import FileSource, Storage
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.scp import Server, collect_seldom


class Nowhere:
    """An Ingest, and the stream of each of its instances."""

    def receive(self, *_: str) -> "nullcontext[Nowhere]":
        """Give a stream that keeps nothing."""
        return nullcontext(self)

    def write(self, data: memoryview) -> int:
        """Take some bytes."""
        return len(data)


def main(folder: Path, *, keep: bool) -> None:
    with Catalogue(str(folder / "catalogue.sqlite")) as catalogue, Storage(folder / "storage", catalogue) as storage:
        finder = CatalogueFinder(catalogue, retrieve_ae_title="ARCHIVE")
        ingest = storage if keep else Nowhere()
        with Server(finder, ae_title="ARCHIVE", source=FileSource(catalogue), ingest=ingest) as server:  # type: ignore[arg-type]
            collect_seldom()  # as `findicon serve` does
            print(server.address.port, flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), keep=len(sys.argv) == 2)
