"""A catalogue's pages and DICOMweb in a process of their own: prints the port, ends when its input does."""

import sys

from findicon.archive import FileSource, IconMaker
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.web import WebServer, create_app


def main(url: str) -> None:
    with Catalogue(url) as catalogue, IconMaker(catalogue) as icons:
        icons.warm_up()
        finder = CatalogueFinder(catalogue, retrieve_ae_title="ARCHIVE", icons=icons)
        app = create_app(finder, icons, FileSource(catalogue), overview=catalogue)
        with WebServer(app, "127.0.0.1", 0) as server:
            print(server.port, flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
