"""Asking the same question with and without the icon's key, and measuring what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from time import perf_counter

from ..errors import PeerError, PeerRejected
from ..query import ICON_IMAGE_SEQUENCE, Key, Level, Match, Model, Query, vr_of
from ..scu import Client, PeerMatch
from .answers import Answer
from .findings import Measurement


class Form(StrEnum):
    """How a request may name (0088,0200): not at all, zero-length, or with one item that is empty."""

    WITHOUT = "without"
    NULL = "null"
    EMPTY_ITEM = "empty item"

    @property
    def keys(self) -> tuple[Key, ...]:
        """The key as the request carries it."""
        if self is Form.WITHOUT:
            return ()
        return (Key(ICON_IMAGE_SEQUENCE, "SQ", items=((),) if self is Form.EMPTY_ITEM else ()),)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the archive to ask.

    Parameters
    ----------
    above
        The Unique Keys of the levels above, each with its value.
    narrowing
        Keys that keep the question small, at this level only.
    """

    model: Model
    level: Level
    above: tuple[Key, ...] = ()
    narrowing: tuple[Key, ...] = ()

    def query(self, form: Form) -> Query:
        """Ask for the level's Unique Key alone, so that a status can speak of nothing but the icon."""
        keys = (*self.narrowing, *self.above, *form.keys)
        return Query(self.level, model=self.model, keys=keys, defaults=False)

    def below(self, answer: Answer, narrowing: tuple[Key, ...] = ()) -> "Place":
        """Give the place one level further down, inside what was answered."""
        unique = Key(self.level.unique_key, vr_of(self.level.unique_key), (answer.uid(self.level),))
        levels = self.model.levels
        return Place(self.model, levels[levels.index(self.level) + 1], (*self.above, unique), narrowing)


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one question, or of the same one at several places.

    Attributes
    ----------
    places
        Where each answer was found.
    is_cut
        Whether more answers would have come.
    failure
        What ended the answers too early.
    """

    form: Form
    level: Level
    answers: tuple[Answer, ...] = ()
    places: tuple[Place, ...] = ()
    seconds: float = 0.0
    is_cut: bool = False
    failure: PeerError | None = None

    def __add__(self, other: "Asked") -> "Asked":
        """Put what came at two places together."""
        return replace(
            self,
            answers=self.answers + other.answers,
            places=self.places + other.places,
            seconds=self.seconds + other.seconds,
            is_cut=self.is_cut or other.is_cut,
            failure=self.failure or other.failure,
        )

    @property
    def uids(self) -> set[str]:
        """The Unique Keys of what matched."""
        return {answer.uid(self.level) for answer in self.answers}

    @property
    def with_key(self) -> list[Answer]:
        """The answers that have (0088,0200), with or without a value."""
        return [answer for answer in self.answers if answer.sequence is not None]

    @property
    def without_key(self) -> list[Answer]:
        """The answers that can be read and do not have it."""
        return [answer for answer in self.answers if answer.sequence is None and answer.is_readable]

    @property
    def with_item(self) -> list[Answer]:
        """The answers whose (0088,0200) has a value, right or wrong."""
        return [answer for answer in self.answers if answer.has_item]

    def measured(self) -> Measurement:
        """Say what it cost."""
        sizes = [answer.size for answer in self.answers if answer.size]
        return Measurement(
            level=self.level,
            asked=str(self.form),
            answers=len(self.answers),
            icons=len(sizes),
            seconds=round(self.seconds, 6),
            bytes=sum(len(answer.data) for answer in self.answers),
            icon_bytes=sum(len(answer.sequence.value) for answer in self.answers if answer.sequence),
            largest=max(sizes, key=lambda size: size[0] * size[1], default=None),
        )


def ask(client: Client, places: Sequence[Place], form: Form, limit: int) -> Asked:
    """Ask the same at places of one level, for `limit` answers in all; a failure of the peer is part of what came.

    Raises
    ------
    PeerRejected
        The peer does not offer the information model, or no association.
    """
    whole = Asked(form, places[0].level)
    for place in places:
        whole += _ask_at(client, place, form, max(1, limit // len(places)))
        if whole.failure:
            break
    return whole


def _ask_at(client: Client, place: Place, form: Form, limit: int) -> Asked:
    answers: list[Answer] = []
    failure: PeerError | None = None
    is_cut = False
    began = perf_counter()
    try:
        with client.find(place.query(form)) as matches:
            for match in matches:
                is_cut = len(answers) == limit
                if is_cut:
                    break
                answers.append(_answer(match))
            ended = perf_counter()
    except PeerRejected:
        raise
    except PeerError as problem:
        failure, ended = problem, perf_counter()
    return Asked(form, place.level, tuple(answers), (place,) * len(answers), ended - began, is_cut, failure)


def _answer(match: Match) -> Answer:
    assert isinstance(match, PeerMatch)
    syntax = match.transfer_syntax
    return Answer(match.encoded(syntax), syntax, is_warned=not match.all_keys_supported)
