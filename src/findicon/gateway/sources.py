"""Where the picture of one instance comes from: an icon in its file, the image itself, or what a web server renders."""

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from ..errors import IconError, PeerAborted, PeerError, PeerRejected, StorageError
from ..icons import PREVIEW_SIZE, Facts, make_icon
from ..pixels import Picture, read_header
from ..query import Cancel, Level
from ..scu import Upstream, WebClient
from .arrivals import Arrivals
from .jpeg import picture_of_jpeg
from .rendering import Render, Rendered, Rendering, rendered
from .retrieval import Place, Retrieval, TooLarge
from .settings import GatewaySettings

_WITHOUT_BULK_DATA = "get without bulk data"


class Sources(Protocol):
    """Where pictures come from."""

    def whole(self, level: Level, study: str, series: str) -> Rendered | None:
        """Give the picture that upstream chose for a study or series; None when it has none. Raises PeerError."""
        ...

    def of(self, facts: Facts) -> Rendered:
        """Give the picture of an instance, or why there is none; raises PeerError when it cannot be fetched now."""
        ...


class DicomSources:
    """Pictures from a DICOM peer.

    Parameters
    ----------
    client, retrieval, arrivals
        How instances are fetched, and who takes them in.
    render
        Makes pictures of files.
    cancel
        True once everything shall end.
    """

    def __init__(
        self,
        client: Upstream,
        retrieval: Retrieval,
        arrivals: Arrivals,
        render: Render,
        settings: GatewaySettings,
        cancel: Cancel,
    ) -> None:
        self._client = client
        self._retrieval = retrieval
        self._arrivals = arrivals
        self._render = render
        self._settings = settings
        self._cancel = cancel

    def whole(self, level: Level, study: str, series: str) -> Rendered | None:  # noqa: ARG002  a peer chooses nothing
        """Give nothing: upstream's own icons come with its answers."""
        return None

    def of(self, facts: Facts) -> Rendered:
        """Give the picture of an instance, or why there is none; raises PeerError when it cannot be fetched now."""
        stored = self._stored(facts) if facts.frame is None else None
        if stored is not None:
            return stored
        try:
            with self._retrieval.fetched(_place(facts), self._cancel) as path:
                return _shown(self._settings, facts, path, self._render(str(path), self._settings.size, facts.frame))
        except TooLarge as error:
            return Rendered(reason=str(error))

    def _stored(self, facts: Facts) -> Rendered | None:
        """Give the icon inside the file, fetched without the file's pixels, where upstream can do that."""
        if not self._retrieval.offers(_WITHOUT_BULK_DATA):
            return None
        try:
            with self._arrivals.expected(facts.sop_instance) as arrival:
                self._client.get_without_bulk_data(facts.sop_instance, facts.sop_class, self._arrivals, self._cancel)
                path = arrival.wait(0.0)
                if path is None:
                    return None
                icon = make_icon(read_header(path).dataset(), self._settings.size, use_stored=True)
                picture = Picture(icon.to_array(), None)
                return _shown(self._settings, facts, path, rendered(picture, self._settings.size))
        except (IconError, StorageError):
            return None  # there is none in it that will do
        except PeerError as error:
            if error.status is None and not isinstance(error, PeerAborted | PeerRejected):
                raise
            return None


class WebSources:
    """Pictures from a DICOMweb server: thumbnails, rendered instances, frames, whole instances, in this order.

    Parameters
    ----------
    web, retrieval, folder
        How they are asked for, and where files lie meanwhile.
    render
        Makes pictures of files.
    """

    def __init__(
        self,
        web: WebClient,
        retrieval: Retrieval,
        folder: Path,
        render: Render,
        settings: GatewaySettings,
        cancel: Cancel,
    ) -> None:
        self._web = web
        self._retrieval = retrieval
        self._folder = folder
        self._render = render
        self._settings = settings
        self._cancel = cancel

    def whole(self, level: Level, study: str, series: str) -> Rendered | None:
        """Give the thumbnail of a study or series; None when the server has none. Raises PeerError."""
        uids = [study] if level is Level.STUDY else [study, series]
        return self._decoded(self._web.thumbnail(uids, PREVIEW_SIZE))

    def of(self, facts: Facts) -> Rendered:
        """Give the picture of an instance, or why there is none; raises PeerError when it cannot be fetched now."""
        uids = facts.study, facts.series, facts.sop_instance
        ways = [self._frame, self._whole_file]
        if facts.frame is None:
            thumbnail = self._decoded(self._web.thumbnail(uids, PREVIEW_SIZE))
            if thumbnail is not None:
                return thumbnail
        if facts.frame is None and facts.frames == 1:
            of_server = self._decoded(self._web.rendered(*uids, PREVIEW_SIZE))
            if of_server is not None:
                return _allowed(self._settings, facts, of_server)
        if facts.frames == 1:
            ways.reverse()  # the whole file is hardly more than its frame, and renders as it should
        problem: PeerError | None = None
        for way in ways:
            try:
                return way(facts)
            except PeerError as error:
                problem = problem or error
        assert problem is not None
        raise problem

    def _frame(self, facts: Facts) -> Rendered:
        number = facts.frame or facts.frames // 3 + 1
        dataset = self._web.frame(facts.study, facts.series, facts.sop_instance, number)
        if dataset is None:
            raise PeerError(self._web.address, "gives no frames")
        path = self._folder / f"frame {id(dataset)}.dcm"
        try:
            dataset.save_as(path, enforce_file_format=True)
            return _shown(self._settings, facts, path, self._render(str(path), self._settings.size, 1))
        except Exception as error:  # pydicom raises whatever Python raises for what cannot be encoded
            raise PeerError(self._web.address, f"sent a frame that cannot be used: {error}") from error
        finally:
            path.unlink(missing_ok=True)

    def _whole_file(self, facts: Facts) -> Rendered:
        try:
            with self._retrieval.fetched(_place(facts), self._cancel) as path:
                return _shown(self._settings, facts, path, self._render(str(path), self._settings.size, facts.frame))
        except TooLarge as error:
            return Rendered(reason=str(error))

    def _decoded(self, jpeg: bytes | None) -> Rendered | None:
        with suppress(IconError):
            if jpeg:
                return rendered(picture_of_jpeg(jpeg, PREVIEW_SIZE), self._settings.size)
        return None


def _place(facts: Facts) -> Place:
    return Place(facts.study, facts.series, facts.sop_instance, facts.sop_class)


def _shown(settings: GatewaySettings, facts: Facts, path: Path, made: Rendering) -> Rendered:
    """Leave out what may not be shown of the image in a file, and note what upstream did not tell about it."""
    try:
        inside = Facts.from_header(read_header(path))
    except StorageError as error:
        return Rendered(reason=str(error))
    is_localizer = not facts.image_type and "LOCALIZER" in inside.image_type
    return _allowed(settings, inside, made)._replace(is_localizer=is_localizer)


def _allowed(settings: GatewaySettings, facts: Facts, made: Rendering) -> Rendered:
    """Leave out what may not be shown of an image with text burned in."""
    allows = partial(settings.burned_in.allows, facts)
    item = made.item if allows(thumbnail=False) else None
    small = made.preview if allows(thumbnail=True) else None
    reason = "Text is burned into it" if made.item is not None and item is None else made.reason
    return Rendered(item, small, made.frame, made.is_blank, reason)
