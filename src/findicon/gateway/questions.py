"""What goes upstream: the asker's keys as they are, with those of ours and without the icon (PS3.4 C.4.1)."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from pydicom.dataset import Dataset

from ..query import ICON_IMAGE_SEQUENCE, Cancel, Key, Level, Match, Model, Options, Query, never
from ..scu import Answers, Upstream
from .answers import COUNTS


class Asked(Protocol):
    """Whatever can be asked upstream: `DicomPeer`, or a WebClient."""

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        """Give the answers one by one."""
        ...


class DicomPeer:
    """A peer that is asked with exactly the keys of a query: nothing is added, not even a character set.

    Only a query with options, which the gateway asks for itself, goes the usual way, with the negotiation it needs.
    """

    def __init__(self, client: Upstream) -> None:
        self._client = client

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        """Give the answers one by one; leaving them early cancels the query.

        Raises
        ------
        QueryError
            The question cannot be encoded.
        PeerError
            The peer failed; with its own status and comment where it gave them.
        """
        if query.options != Options():
            return self._client.find(query, cancel)
        answers = self._client.answers(identifier_of(query), cancel, model=query.model)
        if not query.offset and query.limit is None:
            return answers
        return _part(answers, query)


def _part(answers: Answers, query: Query) -> Iterator[Match]:
    end = None if query.limit is None else query.offset + query.limit
    with closing(answers):
        yield from islice(answers, query.offset, end)


def identifier_of(query: Query) -> Dataset:
    """Make the C-FIND identifier that has the keys of a query and nothing else."""
    identifier = Dataset()
    if query.character_sets:
        identifier.SpecificCharacterSet = list(query.character_sets)
    identifier.QueryRetrieveLevel = str(query.level)
    for key in query.keys.values():
        identifier.add(key.to_element())
    return identifier


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked upstream for one query.

    Attributes
    ----------
    query
        As it goes upstream.
    own
        Tags of the keys that the asker did not have.
    wants_pictures
        Whether answers shall have pictures.
    all_keys_supported
        Whether everything that the asker wants of the icon is done: not at PATIENT level, and not the matching of keys
        inside its item.
    known
        UIDs above the level that the query fixes.
    """

    query: Query
    own: frozenset[int]
    wants_pictures: bool
    all_keys_supported: bool
    known: dict[int, str]

    @classmethod
    def of(cls, query: Query, *, keeps_icon: bool) -> "Question":
        """Make the question for a query.

        Parameters
        ----------
        keeps_icon
            Upstream has icons worth asking for at this level.
        """
        icon = query.keys.get(ICON_IMAGE_SEQUENCE)
        keys = dict(query.keys)
        wants_pictures = icon is not None and query.level is not Level.PATIENT
        if not (wants_pictures and keeps_icon):
            keys.pop(ICON_IMAGE_SEQUENCE, None)
        if wants_pictures:
            # Of series there are few in a list, so how many instances they have is asked along with them. Counting for
            # every study of a long list takes some archives as long again as the list: Pictures.check does it later.
            own = [level.unique_key for level in (Level.STUDY, Level.SERIES) if level.depth < query.level.depth]
            own += [query.level.unique_key, *([COUNTS[Level.SERIES]] if query.level is Level.SERIES else [])]
            for tag in own:
                keys.setdefault(tag, Key.named(f"{tag:08X}"))
        fixed = {
            level.unique_key: keys[level.unique_key].values[0]
            for level in (Level.STUDY, Level.SERIES)
            if level.depth < query.level.depth and len(keys.get(level.unique_key, _NOTHING).values) == 1
        }
        return cls(
            with_keys(query, keys.values(), options=Options()),
            frozenset(set(keys) - set(query.keys)),
            wants_pictures,
            icon is None or (wants_pictures and icon.is_universal),
            fixed,
        )


_NOTHING = Key(0, "UN")


def with_keys(
    query: Query, keys: Iterable[Key], *, model: Model | None = None, options: Options | None = None
) -> Query:
    """Give the same query with other keys, in another information model, or with other options."""
    return Query(
        query.level,
        model=model or query.model,
        keys=keys,
        defaults=False,
        options=query.options if options is None else options,
        order=query.order,
        offset=query.offset,
        limit=query.limit,
        character_sets=query.character_sets,
    )
