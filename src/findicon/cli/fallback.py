"""The pictures that a peer does not send, made here: from a DICOMweb server's thumbnails, or from one image of each."""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import islice
from threading import Lock

from pydicom.dataset import Dataset
from pydicom.uid import UID

from ..errors import FindiconError, IconError, PeerError, PeerRejected
from ..icons import Facts, Icon, make_icon
from ..query import Cancel, Level, Match, Query, encode
from ..scu import Client, WebClient
from ..show import icon_of_thumbnail
from .receiving import OneInstance
from .representative import Representatives
from .settings import IconSettings

_AT_ONCE = 4  # pictures that are made at the same time, each on an association of its own
_TRIED = 3  # images that are tried for one picture
_REASONS = 3  # that are told
_MOST = 1000  # images that one command retrieves


class Fallback:
    """Makes the pictures that answers lack.

    Parameters
    ----------
    client
        Whom the answers are from. Those of a DICOMweb server fetch its thumbnails themselves (PS3.18 10.4.1.1.4).
    settings
        How large pictures are, and which image of a series is taken.
    retrieves
        Retrieve an image where nothing else gives a picture.
    cancel
        Asked between pictures; the answers that are left go without.

    """

    def __init__(self, client: Client | WebClient, settings: IconSettings, *, retrieves: bool, cancel: Cancel) -> None:
        self._client = client
        self._size = settings.size
        self._retrieves = retrieves
        self._cancel = cancel
        self._representatives = Representatives(client, settings, cancel)
        self._lock = Lock()
        self._left = _MOST
        self._refused = ""
        self._problems: Counter[str] = Counter()

    def complete(self, matches: Iterable[Match], level: Level) -> Iterator[Match]:
        """Give the answers, each with its picture: the peer's own, or one that is made now."""
        if not self._retrieves and not isinstance(self._client, WebClient):
            yield from matches
            return
        answers = list(matches)  # all of them first: a peer may not wait for us to read on while it is asked for images
        with ThreadPoolExecutor(_AT_ONCE, "fallback") as threads:
            yield from threads.map(lambda match: self._pictured(match, level), answers)

    def complaints(self) -> Iterator[str]:
        """Say how many pictures could not be made, and the commonest reasons."""
        for reason, count in self._problems.most_common(_REASONS):
            yield f"{count} {'picture' if count == 1 else 'pictures'} could not be made: {reason}"
        others = sum(self._problems.values()) - sum(count for _, count in self._problems.most_common(_REASONS))
        if others:
            yield f"{others} more could not be made for other reasons"

    def _pictured(self, match: Match, level: Level) -> Match:
        if self._cancel():
            return match
        if match.icon is not None:
            return match if match.dataset.get("IconImageSequence") else _Pictured(match, match.icon)
        try:
            icon = self._retrieved(match.dataset, level) if self._retrieves else None
            problem = match.icon_problem if icon is None and isinstance(self._client, WebClient) else ""
        except FindiconError as error:
            icon, problem = None, str(error)
        if problem:
            with self._lock:
                self._problems[problem] += 1
        return match if icon is None else _Pictured(match, icon)

    def _retrieved(self, answer: Dataset, level: Level) -> Icon | None:
        problem: FindiconError | None = None
        for instance in islice(self._representatives.of(answer, level), _TRIED):
            if self._cancel():
                return None
            try:
                return self._icon_of(instance)
            except IconError as error:
                problem = error
        if problem is not None:
            raise problem
        return None

    def _icon_of(self, instance: Facts) -> Icon:
        with self._lock:
            if self._refused:
                raise IconError(self._refused)
            if not self._left:
                raise IconError(f"{_MOST} images have been retrieved, which is the limit")
            self._left -= 1
        if isinstance(self._client, WebClient):
            return self._icon_of_web(self._client, instance)
        with OneInstance() as received:
            self._get(self._client, instance, received)
            return make_icon(received.file(), self._size, instance.frame)

    def _icon_of_web(self, client: WebClient, instance: Facts) -> Icon:
        place = (instance.study, instance.series, instance.sop_instance)
        try:
            rendered = client.rendered(*place, self._size)
        except PeerError:
            rendered = None  # what it cannot render it may still give as it is
        if rendered:
            return icon_of_thumbnail(rendered, self._size)
        return make_icon(client.instance(*place), self._size, instance.frame)

    def _get(self, client: Client, instance: Facts, received: OneInstance) -> None:
        query = Query(
            Level.IMAGE,
            defaults=False,
            StudyInstanceUID=instance.study,
            SeriesInstanceUID=instance.series,
            SOPInstanceUID=instance.sop_instance,
        )
        classes = [instance.sop_class] if instance.sop_class else []
        try:
            client.get(query, received, self._cancel, sop_classes=classes)
        except PeerRejected as error:
            with self._lock:  # it will not give the next one either
                self._refused = f"{error.peer} gives no images by C-GET: it {error.reason}"
            raise IconError(self._refused) from error


class _Pictured(Match):
    """An answer with a picture that was made here."""

    def __init__(self, match: Match, icon: Icon) -> None:
        self._match = match
        self._made = icon
        self.all_keys_supported = match.all_keys_supported

    def encoded(self, transfer_syntax: UID) -> bytes:
        """Give the whole, encoded."""
        return encode(self.dataset, transfer_syntax)

    @cached_property
    def dataset(self) -> Dataset:
        """The answer's identifier with the picture in it."""
        whole = Dataset()
        whole.update(self._match.dataset)
        whole.IconImageSequence = [self._made.to_item()]
        return whole
