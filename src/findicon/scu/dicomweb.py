"""A client of a DICOMweb server: QIDO-RS as a Finder, and the ways to a picture that WADO-RS has (PS3.18 10.4, 10.6).

dicomweb-client is imported when the first client is made: whoever talks DIMSE only does not need it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from ..errors import PeerError, PeerTimeout, QueryError
from ..query import Cancel, Level, Match, Query, encode, never

_PAGE = 200
_UTF_8 = "ISO_IR 192"
_QUERY_RETRIEVE_LEVEL, _RETRIEVE_AE_TITLE, _INSTANCE_AVAILABILITY = 0x00080052, 0x00080054, 0x00080056
# Bad request, not found, method not allowed, not acceptable, media type, not implemented: it has no such resource
_NOT_THERE = {400, 404, 405, 406, 415, 501}
_JPEG = ("image/jpeg",)
_NATIVE = (("application/octet-stream", str(ExplicitVRLittleEndian)),)
_Result = TypeVar("_Result")


class WebMatch(Match):
    """An answer that came as DICOM JSON."""

    def __init__(self, dataset: Dataset) -> None:
        self.__dict__["dataset"] = dataset  # in the place of the property that would decode it

    def encoded(self, transfer_syntax: UID) -> bytes:
        """Give the answer's identifier encoded."""
        return encode(self.dataset, transfer_syntax)


class WebClient:
    """A client of one DICOMweb server; a Finder over its answers. Any number of threads may use it at once.

    Parameters
    ----------
    address
        The service's root, ``http://host:port/dicom-web``.
    timeout
        Seconds that the server may take to connect, and to say something.
    headers
        Of every request: an authorization, for example.
    largest
        Bytes of an answer, where the server says how long it is.

    Raises
    ------
    QueryError
        The address is none, or dicomweb-client is not installed.
    """

    def __init__(
        self,
        address: str,
        *,
        timeout: float = 60.0,
        headers: dict[str, str] | None = None,
        largest: int = 1 << 30,
    ) -> None:
        try:
            from dicomweb_client import DICOMwebClient  # noqa: PLC0415  see the head of this module
            from dicomweb_client.session_utils import create_session  # noqa: PLC0415
        except ImportError as error:
            raise QueryError(f"{address} needs the package dicomweb-client: pip install dicomweb-client") from error
        self.address = address.rstrip("/")
        self._timeout = timeout
        self._session = create_session()
        self._session.hooks["response"].append(partial(_check_length, self.address, largest))
        try:
            self._client = DICOMwebClient(
                self.address, session=self._session, headers=headers, permissive_uid=True, timeout=timeout
            )
        except ValueError as error:
            raise QueryError(
                f"{address!r} is no DICOMweb address: write http://host:port/path, as in "
                "http://127.0.0.1:8042/dicom-web"
            ) from error
        self._client.set_http_retry_params(retry=False)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._session.close()

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        """Search (QIDO-RS); the answers come page by page.

        An answer has the attributes that the query asks for, without a value where the server gave none; Query/Retrieve
        Level is added.

        Raises
        ------
        QueryError
            DICOMweb has no PATIENT level.
        PeerError
            The server failed, or cannot be reached.
        """
        if query.level is Level.PATIENT:
            raise QueryError("DICOMweb has no PATIENT level", offending_element=_QUERY_RETRIEVE_LEVEL)
        return self._answers(query, self._search(query), cancel)

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
            answer = self._session.get(url, headers={"Accept": _JPEG[0]}, timeout=self._timeout)
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
        with self._translated():
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
        with self._translated():
            found: Dataset = self._client.retrieve_instance(study, series, instance)
            return found

    def _search(self, query: Query) -> Callable[[int, int], list[dict[str, Any]]]:
        """Give the function that asks for a page: limit and offset."""
        above = [query.keys.get(level.unique_key) for level in query.model.levels_above(query.level)]
        path = [key.values[0] for key in above if key is not None and len(key.values) == 1]
        in_path = {level.unique_key for level in (Level.STUDY, Level.SERIES)[: len(path)]}
        if query.model.levels_above(query.level)[:1] == (Level.PATIENT,):
            path, in_path = [], set()
        keys = [key for key in query.keys.values() if key.tag not in in_path and key.tag != _QUERY_RETRIEVE_LEVEL]
        searches: dict[Level, Callable[..., list[dict[str, Any]]]] = {
            Level.STUDY: self._client.search_for_studies,
            Level.SERIES: self._client.search_for_series,
            Level.IMAGE: self._client.search_for_instances,
        }
        search = partial(
            searches[query.level],
            *path,
            fuzzymatching=True if query.options.fuzzy_names else None,
            fields=[f"{key.tag:08X}" for key in keys if key.is_universal],
            search_filters={f"{key.tag:08X}": ",".join(key.values) for key in keys if key.values},
        )
        return lambda limit, offset: search(limit=limit, offset=offset)

    def _answers(
        self, query: Query, search: Callable[[int, int], list[dict[str, Any]]], cancel: Cancel
    ) -> Iterator[Match]:
        given, offset = 0, query.offset
        unique = f"{query.level.unique_key:08X}"
        before: object = None
        while not cancel():
            wanted = _PAGE if query.limit is None else min(_PAGE, query.limit - given)
            if wanted <= 0:
                return
            with self._translated():
                page = search(wanted, offset)
                first = page[0].get(unique) if page else None
            if not page or (first is not None and first == before):
                return  # the second: a server that does not know offset gives the first page for ever
            before = first
            for answer in page[: None if query.limit is None else query.limit - given]:
                with self._translated():
                    dataset = _answer(query, answer)
                yield WebMatch(dataset)
                given += 1
            offset += len(page)

    def _if_there(self, ask: Callable[[], _Result]) -> _Result | None:
        try:
            with self._translated():
                return ask()
        except _NotThereError:
            return None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        import requests  # noqa: PLC0415  comes with dicomweb-client

        try:
            yield
        except PeerError:
            raise
        except requests.Timeout as error:
            raise PeerTimeout(self.address, f"did not answer in {self._timeout:g} s") from error
        except requests.HTTPError as error:
            answer = error.response
            kind = _NotThereError if answer is not None and answer.status_code in _NOT_THERE else PeerError
            raise kind(self.address, f"answered {str(error).partition(' for url')[0]}") from error
        except requests.ConnectionError as error:
            raise PeerError(self.address, f"cannot be reached: {_innermost(error)}") from error
        except Exception as error:  # whatever odd JSON or odd parts make of dicomweb-client and pydicom
            raise PeerError(self.address, f"sent an answer that cannot be decoded: {error}") from error


class _NotThereError(PeerError):
    """The server has no such resource."""


def _answer(query: Query, answer: dict[str, Any]) -> Dataset:
    found = Dataset.from_json({tag: element for tag, element in answer.items() if tag.upper() != "00080005"})
    dataset = Dataset()
    for tag in {*query.keys, *(level.unique_key for level in query.model.levels_above(query.level))}:
        if tag in found:
            dataset.add(found[tag])
        elif tag in query.keys:
            dataset.add_new(tag, query.keys[tag].vr, None)
    for tag in (_RETRIEVE_AE_TITLE, _INSTANCE_AVAILABILITY):
        if tag in found:
            dataset.add(found[tag])
    dataset.QueryRetrieveLevel = str(query.level)
    dataset.SpecificCharacterSet = _UTF_8
    return dataset


def _as_file(dataset: Dataset) -> Dataset:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def _no_bulk_data(_tag: str, _vr: str, _uri: str) -> None:
    """Leave out what the metadata only refers to."""


def _check_length(address: str, largest: int, response: Any, **_: object) -> None:
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > largest:
        response.close()
        raise PeerError(address, f"answers with {length} bytes, beyond the limit of {largest}")


def _innermost(error: BaseException) -> str:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return getattr(error, "strerror", None) or str(error)
