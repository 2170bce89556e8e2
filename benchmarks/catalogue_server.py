"""A catalogue of any database, served from a process of its own: prints the port, ends when its input does."""

import sys

from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.scp import Server


def main(url: str) -> None:
    with (
        Catalogue(url) as catalogue,
        Server(CatalogueFinder(catalogue, retrieve_ae_title="ARCHIVE"), ae_title="ARCHIVE") as server,
    ):
        print(server.address.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
