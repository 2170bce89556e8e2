"""findicon's storage on a free port, in a process of its own: prints the port, ends when its input does."""

import sys
from pathlib import Path

from findicon.archive import FileSource, Storage
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.scp import Server, collect_seldom


def main(folder: Path) -> None:
    with Catalogue(str(folder / "catalogue.sqlite")) as catalogue, Storage(folder / "storage", catalogue) as storage:
        finder = CatalogueFinder(catalogue, retrieve_ae_title="ARCHIVE")
        with Server(finder, ae_title="ARCHIVE", source=FileSource(catalogue), ingest=storage) as server:
            collect_seldom()  # as `findicon serve` does
            print(server.address.port, flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
