"""A client of a DICOMweb server: QIDO-RS as a Finder, and the ways to a picture that WADO-RS has (PS3.18 10.4, 10.6).

dicomweb-client is imported when the first client is made: whoever talks DIMSE only does not need it.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Self, TypeVar

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from ..dimse import Tls
from ..errors import FindiconError, QueryError
from ..query import Cancel, Level, Model, Options, Query, never, query_from_identifier, uid_of
from .matches import Matches
from .web_match import Thumbnail, WebMatch, answer_of, has_picture
from .web_session import NotThereError, WebSession

_PAGE = 200
_QUERY_RETRIEVE_LEVEL = 0x00080052
# What a C-FIND identifier has and a search has not: the level, Query/Retrieve View, Timezone Offset From UTC.
_NOT_SEARCHED = {_QUERY_RETRIEVE_LEVEL, 0x00080053, 0x00080201}
_THUMBNAILS_AT_ONCE = 4
_JPEG = ("image/jpeg",)
_NATIVE = (("application/octet-stream", str(ExplicitVRLittleEndian)),)
_Result = TypeVar("_Result")


class WebClient:
    """A client of one DICOMweb server; a Finder over its answers. Any number of threads may use it at once.

    Parameters
    ----------
    address
        The service's root, ``https://host:port/dicom-web``. ``https://name:password@host/...`` says who we are; the
        password is shown nowhere.
    timeout
        Seconds that the server may take to connect, and to say something.
    headers
        Of every request: an authorization, for example.
    largest
        Bytes of an answer, where the server says how long it is.
    tls
        Whom we trust, and our own certificate.
    thumbnail_size
        Longest side in pixels of the pictures of answers that are asked for with pictures.

    Attributes
    ----------
    address
        The service's root, without name and password.

    Raises
    ------
    QueryError
        The address is none, or the files of `tls` cannot be used.
    """

    def __init__(
        self,
        address: str,
        *,
        timeout: float = 60.0,
        headers: Mapping[str, str] | None = None,
        largest: int = 1 << 30,
        tls: Tls | None = None,
        thumbnail_size: int = 128,
    ) -> None:
        from dicomweb_client import DICOMwebClient  # noqa: PLC0415  see the head of this module

        self._web = WebSession(address, timeout=timeout, headers=headers, largest=largest, tls=tls)
        self.address = self._web.address
        self._client = DICOMwebClient(self.address, session=self._web.requests, permissive_uid=True, timeout=timeout)
        self._client.set_http_retry_params(retry=False)
        self._size = thumbnail_size
        self._threads = ThreadPoolExecutor(_THUMBNAILS_AT_ONCE, "thumbnails")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"WebClient({self.address!r})"

    def close(self) -> None:
        """Wait for pictures that are on their way, and close the connections that are kept."""
        self._threads.shutdown()
        self._web.close()

    def find(self, query: Query | Dataset, cancel: Cancel = never) -> Matches:
        """Search (QIDO-RS); the answers come page by page.

        An answer has the attributes that the query asks for, without a value where the server gave none; Query/Retrieve
        Level and the UIDs of the levels above are added. Asked for with pictures, answers that come without get the
        server's thumbnails (PS3.18 10.4.1.1.4), which are fetched meanwhile.

        Raises
        ------
        QueryError
            DICOMweb has no PATIENT level; or a data set that is no identifier.
        PeerError
            While reading: the server failed, or cannot be reached.
        """
        if isinstance(query, Dataset):
            query = query_from_identifier(query, Model.STUDY_ROOT, Options(relational=True))
        if query.level is Level.PATIENT:
            raise QueryError("DICOMweb has no PATIENT level", offending_element=_QUERY_RETRIEVE_LEVEL)
        return Matches(self._answers(query, cancel), query.keys)

    def thumbnail(self, uids: Sequence[str], size: int) -> bytes | None:
        """Give the thumbnail of a study, series or instance (PS3.18 10.4.1.1.4).

        Parameters
        ----------
        uids
            Of the study; of study and series; of study, series and instance.
        size
            Of the longer side in pixels, at most; a server may ignore it.

        Returns
        -------
        bytes or None
            A JPEG; None when the server has none.

        Raises
        ------
        PeerError
            The server failed, or cannot be reached.
        """
        names = ("studies", "series", "instances")
        path = "".join(f"/{name}/{uid}" for name, uid in zip(names, uids, strict=False))
        url = f"{self.address}{path}/thumbnail?viewport={size},{size}"

        def ask() -> bytes:
            answer = self._web.requests.get(url, headers={"Accept": _JPEG[0]}, timeout=self._web.timeout)
            answer.raise_for_status()
            return bytes(answer.content)

        return self._if_there(ask)

    def rendered(self, study: str, series: str, instance: str, size: int) -> bytes | None:
        """Give an instance as the server renders it (PS3.18 10.4.1.1.3): a JPEG; None when it renders none."""
        # Some want whole viewports only, with the region of the image: without one they give the full size.
        viewports: tuple[dict[str, str], ...] = ({"viewport": f"{size},{size}"}, {})
        for params in viewports:
            ask = partial(self._client.retrieve_instance_rendered, study, series, instance, _JPEG, params)
            found = self._if_there(ask)
            if found:
                return found
        return None

    def frame(self, study: str, series: str, instance: str, number: int) -> Dataset | None:
        """Give an instance's attributes with one of its frames, 1-based, uncompressed; None when the server cannot.

        The data set is one that can be written: a single frame, native, Explicit VR Little Endian.
        """
        described = self._if_there(partial(self._client.retrieve_instance_metadata, study, series, instance))
        if not described:
            return None
        frames = self._if_there(
            partial(self._client.retrieve_instance_frames, study, series, instance, [number], _NATIVE)
        )
        if not frames:
            return None
        with self._web.translated():
            dataset = Dataset.from_json(described, bulk_data_uri_handler=_no_bulk_data)
            dataset.NumberOfFrames = 1
            allocated = int(dataset.get("BitsAllocated", 8))
            dataset.add_new(
                0x7FE00010, "OW" if allocated > 8 else "OB", bytes(frames[0]) + b"\0" * (len(frames[0]) % 2)
            )
            return _as_file(dataset)

    def instance(self, study: str, series: str, instance: str) -> Dataset:
        """Retrieve an instance as it is stored (PS3.18 10.4.1.1.1); the data set is one that can be written.

        Raises
        ------
        PeerError
            The server does not give it, or cannot be reached.
        """
        with self._web.translated():
            found: Dataset = self._client.retrieve_instance(study, series, instance)
            return found

    def _answers(self, query: Query, cancel: Cancel) -> Generator[WebMatch]:
        above = _uids_above(query)
        given, offset = 0, query.offset
        unique = f"{query.level.unique_key:08X}"
        search = self._search(query, above)
        before: object = None
        while not cancel():
            wanted = _PAGE if query.limit is None else min(_PAGE, query.limit - given)
            if wanted <= 0:
                return
            with self._web.translated():
                page = search(wanted, offset)[:wanted]
                first = page[0].get(unique) if page else None
                datasets = [answer_of(query, answer, above) for answer in page]
            if not page or (first is not None and first == before):
                return  # the second: a server that does not know offset gives the first page for ever
            before = first
            yield from self._with_pictures(datasets, query, cancel)
            given += len(page)
            offset += len(page)

    def _search(self, query: Query, above: Mapping[Level, str]) -> Callable[[int, int], list[dict[str, Any]]]:
        """Give the function that asks for a page: limit and offset."""
        searches: dict[Level, Callable[..., list[dict[str, Any]]]] = {
            Level.STUDY: self._client.search_for_studies,
            Level.SERIES: self._client.search_for_series,
            Level.IMAGE: self._client.search_for_instances,
        }
        left_out = {*_NOT_SEARCHED, *(level.unique_key for level in above)}
        keys = [key for key in query.keys.values() if key.tag not in left_out]
        search = partial(
            searches[query.level],
            *above.values(),
            fuzzymatching=True if query.options.fuzzy_names else None,
            fields=[f"{key.tag:08X}" for key in keys if key.is_universal],
            search_filters={f"{key.tag:08X}": ",".join(key.values) for key in keys if key.values},
        )
        return lambda limit, offset: search(limit=limit, offset=offset)

    def _with_pictures(self, datasets: Sequence[Dataset], query: Query, cancel: Cancel) -> Generator[WebMatch]:
        """Give answers; where they lack pictures that were asked for, these are fetched meanwhile."""
        pending = [
            self._threads.submit(self._picture, dataset, query.level, cancel)
            if query.icon and not has_picture(dataset)
            else None
            for dataset in datasets
        ]
        try:
            for dataset, thumbnail in zip(datasets, pending, strict=True):
                yield WebMatch(dataset, self.find, thumbnail)
        except GeneratorExit:
            for one in pending:
                if one is not None:
                    one.cancel()
            raise

    def _picture(self, dataset: Dataset, level: Level, cancel: Cancel) -> Thumbnail:
        from ..show import icon_of_thumbnail  # noqa: PLC0415  what shows costs nothing to whoever only asks

        uids = [uid_of(dataset, one) for one in Level if 0 < one.depth <= level.depth]
        if cancel() or not all(uids):
            return None, ""
        try:
            data = self.thumbnail(uids, self._size)
            return (icon_of_thumbnail(data, self._size), "") if data else (None, "")
        except FindiconError as error:
            return None, str(error)

    def _if_there(self, ask: Callable[[], _Result]) -> _Result | None:
        try:
            with self._web.translated():
                return ask()
        except NotThereError:
            return None


def _uids_above(query: Query) -> dict[Level, str]:
    """Give the UIDs that go into the path of a search, from the study down."""
    if query.model is Model.PATIENT_ROOT:
        levels = query.model.levels_above(query.level)[1:]
    else:
        levels = query.model.levels_above(query.level)
    found: dict[Level, str] = {}
    for level in levels:
        key = query.keys.get(level.unique_key)
        if key is None or len(key.values) != 1:
            break
        found[level] = key.values[0]
    return found


def _as_file(dataset: Dataset) -> Dataset:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def _no_bulk_data(_tag: str, _vr: str, _uri: str) -> None:
    """Leave out what the metadata only refers to."""
