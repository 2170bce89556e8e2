"""An archive on the network: the catalogue, what makes its pictures, what answers queries, and the server, joined."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..archive import Choice, FileSource, IconMaker, IconQueue, Storage
from ..catalogue import Catalogue, CatalogueFinder
from ..scp import Server
from .settings import Settings


@contextmanager
def serving(settings: Settings, catalogue: Catalogue, *, picture_budget: float = 2.0) -> Iterator[Server]:
    """Serve a catalogue while the block runs.

    Parameters
    ----------
    settings
        Who we are, where to listen, who may call, which pictures.
    catalogue
        What is served.
    picture_budget
        Seconds that one query may spend on pictures that are made for it.

    Raises
    ------
    QueryError
        The address can be reached by others and no peers are named, or it cannot be listened on.
    """
    own = settings.server
    choice = Choice(settings.icons.size, settings.icons.rule, settings.icons.rules)
    with (
        IconMaker(catalogue, choice=choice) as icons,
        IconQueue(icons) as queue,
        Storage(settings.storage, catalogue, stored=queue.wake) as storage,
    ):
        finder = CatalogueFinder(catalogue, retrieve_ae_title=own.ae_title, icons=icons, picture_budget=picture_budget)
        with Server(
            finder,
            ae_title=own.ae_title,
            host=own.host,
            port=own.dicom_port,
            peers=settings.named_peers(),
            source=FileSource(catalogue),
            ingest=storage,
            tls=settings.tls.tls(),
        ) as server:
            yield server


def how_to_ask(server: Server) -> list[str]:
    """Give the command lines that ask the server, with DCMTK and with findicon."""
    address = server.address
    keys = "-k QueryRetrieveLevel=STUDY -k PatientName -k IconImageSequence"
    return [
        f"findscu -S -aec {address.ae_title} {keys} {address.host} {address.port}",
        f"findicon find {address} 'PatientName=DOE*'",
    ]
