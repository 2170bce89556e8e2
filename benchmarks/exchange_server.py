"""A catalogue, served from a process of its own: prints the port, ends when its input does."""

import sys
from pathlib import Path

from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.scp import Server


def main(database: Path) -> None:
    with (
        Catalogue(str(database)) as catalogue,
        Server(CatalogueFinder(catalogue, retrieve_ae_title="ARCHIVE"), ae_title="ARCHIVE") as server,
    ):
        print(server.address.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
