"""From studies down to images, for ``findicon find --tree``."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..query import Cancel, Finder, Key, Level, Match, Query, uid_of
from ..show import Branch
from .walk import level_of_key

_NUMBERS = {Level.SERIES: 0x00200011, Level.IMAGE: 0x00200013}  # Series Number, Instance Number

Complete = Callable[[Iterable[Match], Level], Iterable[Match]]
"""Makes the pictures that answers of a level lack."""


@dataclass(frozen=True, slots=True)
class Descent:
    """Asks for studies, for the series of each, for the images of each of those.

    Parameters
    ----------
    finder
        Whom to ask.
    depth
        The lowest level to ask at.
    keys
        Keys of any level; each is asked at its own.
    icon
        Ask for pictures.
    cancel
        Asked between answers.
    complete
        Makes the pictures that answers lack.
    """

    finder: Finder
    depth: Level
    keys: Sequence[Key]
    icon: bool
    cancel: Cancel
    complete: Complete

    def branches(self, limit: int | None = None) -> Iterator[Branch]:
        """Give the studies, each with what is below it; those in which nothing matches a lower key are left out."""
        # all of them first: a peer may not wait for us to read on while we ask it something else
        for match in list(self._answers(Level.STUDY, (), limit)):
            if self.cancel():
                return
            yield from self._branch(match, Level.STUDY, ())

    def _branch(self, match: Match, level: Level, above: tuple[Key, ...]) -> Iterator[Branch]:
        if level is self.depth:
            yield Branch(match, level)
            return
        next_level = Level.SERIES if level is Level.STUDY else Level.IMAGE
        fixed = (*above, Key(level.unique_key, "UI", (uid_of(match.dataset, level),)))
        answers = sorted(self._answers(next_level, fixed), key=lambda one: _number(one, next_level))
        below = tuple(branch for one in answers for branch in self._branch(one, next_level, fixed))
        if below or not self._is_asked_below(level):
            yield Branch(match, level, below)

    def _answers(self, level: Level, fixed: tuple[Key, ...], limit: int | None = None) -> Iterable[Match]:
        keys = (*fixed, *(key for key in self.keys if self._level_of(key) is level))
        found = self.finder.find(Query(level, keys=keys, icon=self.icon, limit=limit), self.cancel)
        return self.complete(found, level)

    def _level_of(self, key: Key) -> Level:
        own = level_of_key(key)
        if own is Level.PATIENT:
            return Level.STUDY
        return own if own.depth <= self.depth.depth else self.depth

    def _is_asked_below(self, level: Level) -> bool:
        return any(not key.is_universal and self._level_of(key).depth > level.depth for key in self.keys)


def _number(match: Match, level: Level) -> tuple[float, str]:
    """Sort by number where there is one, else by UID."""
    element = match.dataset.get(_NUMBERS[level])
    try:
        number = float(element.value) if element is not None else float("inf")
    except (TypeError, ValueError):
        number = float("inf")
    return number, uid_of(match.dataset, level)
