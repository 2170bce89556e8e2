"""A client of one DICOM peer, over associations that are kept, and made again when they are gone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, Self

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ..dimse import Address, Association, Limits, Peer, Tls, UserIdentity, commands, open_instance, request_association
from ..errors import StorageError
from ..query import Cancel, Ingest, Model, Options, Query, Retrieved, RetrieveProgress, never
from .answers import Answers
from .asking import Asker, Question, models_for, name_character_set, retrieve_identifier
from .dicomweb import WebClient
from .echoing import echo
from .matches import Matches
from .pool import Pool
from .proposals import Proposed, for_gets, for_moves, for_queries
from .retrieving import Request, retrieve
from .storing import Storer
from .web_session import is_web_address

_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)


class Client:
    """A client of one peer; a Finder over its answers. Any number of threads may use it at once.

    The http(s) address of a DICOMweb server makes a WebClient instead, to which only `timeout` and `tls` mean anything.

    Parameters
    ----------
    address
        ``AET@host:port``, an Address or a Peer; or ``https://host/dicom-web``.
    calling_ae_title
        What we call ourselves.
    timeout
        Seconds to wait for the next answer; connecting and associating have at most 30 of them.
    character_set
        (0008,0005) for answers that do not name theirs; a Peer's own unless given. Requests use it too where it can
        hold them, else UTF-8.
    tls
        How to talk TLS; a Peer's own unless given.
    identity
        Who the user is, for peers that want to know (PS3.7 D.3.3.7).
    transfer_syntaxes
        What to propose for identifiers, the best first.
    limits
        What we bear from the peer.

    Raises
    ------
    QueryError
        The address is none.
    """

    def __new__(cls, address: str | Address | Peer, **settings: Any) -> Any:
        """Make a client of whichever kind the address needs."""
        if cls is Client and is_web_address(address):
            return WebClient(address, **{name: settings[name] for name in ("timeout", "tls") if name in settings})
        return super().__new__(cls)

    def __init__(
        self,
        address: str | Address | Peer,
        *,
        calling_ae_title: str = "FINDICON",
        timeout: float = 60.0,
        character_set: str | None = None,
        tls: Tls | None = None,
        identity: UserIdentity | None = None,
        transfer_syntaxes: Sequence[UID] = _SYNTAXES,
        limits: Limits | None = None,
    ) -> None:
        peer = Peer.at(address)
        self.peer = replace(
            peer,
            tls=tls if tls is not None else peer.tls,
            character_set=peer.character_set if character_set is None else character_set,
        )
        self._calling = calling_ae_title
        self._timeout = timeout
        self._identity = identity
        self._transfer_syntaxes = tuple(str(one) for one in transfer_syntaxes)
        self._limits = limits or replace(Limits(), network=timeout, associate=min(timeout, 30.0))
        self._pool = Pool(self._request, Proposed.suits)
        self._storer = Storer(self._pool, timeout)

    def __enter__(self) -> Self:
        self._pool.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the associations that are kept; a later question makes new ones."""
        self._pool.close()

    def echo(self) -> None:
        """Ask whether the peer is there and talks to us (C-ECHO, PS3.7 9.1.5).

        Raises
        ------
        PeerError
            It is not, or does not.
        """
        wanted = for_queries(self._transfer_syntaxes, Options())
        self._pool.use(wanted, lambda association: echo(association, self._timeout))

    def find(self, query: Query | Dataset, cancel: Cancel = never, *, model: Model | None = None) -> Matches:
        """Ask a question; the answers come as they are found.

        Parameters
        ----------
        query
            A Query, or any data set, which goes out as it is.
        cancel
            Asked between answers, and while none comes.
        model
            The information model for a data set; by default what the peer accepts and the level needs.

        Raises
        ------
        QueryError
            The question cannot be encoded.
        PeerError
            The peer cannot be asked; what fails later is raised where the answers are read.
        """
        return Matches(*self._answers(query, cancel, model))

    def _answers(self, query: Query | Dataset, cancel: Cancel, model: Model | None) -> tuple[Answers, Iterable[int]]:
        """Ask a question; give its answers, and the tags that were asked for."""
        if isinstance(query, Query):
            identifier = query.to_dataset()
            name_character_set(identifier, self.peer.character_set)
            models: tuple[Model, ...] = (query.model,)
            options, offset, limit = query.options, query.offset, query.limit
            asked: Iterable[int] = query.keys
        else:
            identifier = query
            models = (model,) if model else models_for(query)
            options, offset, limit = Options(), 0, None
            asked = query.keys()
        wanted = for_queries(self._transfer_syntaxes, options)
        answers = Answers(
            Asker(self._pool, Question(identifier, tuple(str(one.find) for one in models), wanted)),
            self.find,
            cancel=cancel,
            offset=offset,
            limit=limit,
            timeout=self._timeout,
            character_set=self.peer.character_set,
        )
        return answers, asked

    def store(self, source: str | PathLike[str] | BinaryIO) -> None:
        """Send an instance (C-STORE, PS3.7 9.1.1), as it is or, where the peer takes only that, natively.

        Parameters
        ----------
        source
            A DICOM file, or a stream that can seek with one in it; it is read in constant memory.

        Raises
        ------
        StorageError
            The file cannot be read, or cannot be made native.
        PeerError
            The peer does not take it; a warning of the peer is no failure.
        """
        if not isinstance(source, str | PathLike):
            self._storer.store(open_instance(source))
            return
        try:
            with Path(source).open("rb") as stream:
                self._storer.store(open_instance(stream, str(source)))
        except OSError as error:
            raise StorageError(f"{source} cannot be read: {error.strerror or error}") from error

    def get(
        self,
        query: Query | Dataset,
        ingest: Ingest,
        cancel: Cancel = never,
        *,
        sop_classes: Sequence[str] = (),
        progress: RetrieveProgress | None = None,
    ) -> Retrieved:
        """Retrieve instances on the association that asks for them (C-GET, PS3.4 C.4.3).

        Parameters
        ----------
        query
            A level with its Unique Keys, or a data set that goes out as it is.
        ingest
            Takes the instances.
        cancel
            Asked between instances.
        sop_classes
            What can come; the common ones unless given.
        progress
            Told how far it is.

        Raises
        ------
        PeerError
            The peer failed; failures of single instances are in what is returned.
        """
        wanted = for_gets(self._transfer_syntaxes, sop_classes)
        return self._retrieve(commands.C_GET, query, wanted, ingest=ingest, cancel=cancel, progress=progress)

    def move(
        self,
        query: Query | Dataset,
        destination: str,
        cancel: Cancel = never,
        *,
        progress: RetrieveProgress | None = None,
        timeout: float | None = None,
    ) -> Retrieved:
        """Have the peer send instances to an AE title that it knows (C-MOVE, PS3.4 C.4.2).

        Parameters
        ----------
        query, cancel, progress
            As for `get`.
        destination
            AE title of whoever shall get them.
        timeout
            Seconds that the peer may say nothing, which some do until all is sent; the client's own unless given.

        Raises
        ------
        PeerError
            The peer failed; failures of single instances are in what is returned.
        """
        wanted = for_moves(self._transfer_syntaxes)
        return self._retrieve(
            commands.C_MOVE,
            query,
            wanted,
            cancel=cancel,
            progress=progress,
            destination=destination,
            timeout=timeout,
        )

    def _retrieve(
        self,
        operation: int,
        query: Query | Dataset,
        wanted: Proposed,
        *,
        cancel: Cancel,
        progress: RetrieveProgress | None,
        ingest: Ingest | None = None,
        destination: str = "",
        timeout: float | None = None,
    ) -> Retrieved:
        models = (query.model,) if isinstance(query, Query) else models_for(query)
        request = Request(
            operation=operation,
            identifier=retrieve_identifier(query) if isinstance(query, Query) else query,
            sop_classes=tuple(str(one.get if operation == commands.C_GET else one.move) for one in models),
            destination=destination,
            ingest=ingest,
            cancel=cancel,
            progress=progress,
            timeout=self._timeout if timeout is None else timeout,
        )
        return self._pool.use(wanted, lambda association: retrieve(association, request))

    def _request(self, proposed: Proposed) -> Association:
        return request_association(
            self.peer,
            proposed.syntaxes,
            calling_ae_title=self._calling,
            limits=self._limits,
            options=proposed.extended(),
            roles=proposed.roles(),
            identity=self._identity,
        )
