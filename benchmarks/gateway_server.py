"""A gateway in a process of its own: prints its port, tells on request how much waits, ends when its input does."""

import sys

from findicon.catalogue import Catalogue
from findicon.gateway import Gateway
from findicon.scp import Server
from findicon.scu import Upstream


def main(upstream: str, database: str) -> None:
    with (
        Upstream(upstream) as client,
        Catalogue(database) as catalogue,
        Gateway(client, catalogue) as gateway,
        Server(gateway, ae_title="GATEWAY", source=gateway, ingest=gateway) as server,
    ):
        print(server.address.port, flush=True)
        while sys.stdin.readline():
            print(gateway.waiting, client.associations, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
