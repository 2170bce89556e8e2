"""What is new at an archive, for ``findicon find --watch``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic, sleep

from rich.console import Console

from ..errors import PeerError
from ..query import Cancel, Finder, Key, Level, Match, uid_of
from .complaints import complain
from .walk import ask

_LOOK = 0.1  # seconds between two looks whether it shall end


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Asks the same again and again, and gives what was not there before.

    Parameters
    ----------
    finder
        Whom to ask.
    level, keys
        What to ask.
    icon
        Ask for pictures: of what is new, not of everything each time.
    seconds
        How long to wait between two questions.
    cancel
        True once it shall end.
    """

    finder: Finder
    level: Level
    keys: Sequence[Key]
    icon: bool
    seconds: float
    cancel: Cancel

    def batches(self) -> Iterator[list[Match]]:
        """Give the new answers of each time that there are any; what is there at the beginning is not new.

        Raises
        ------
        PeerError
            The first question failed; later ones are complained about, and asked again.
        """
        console = Console(stderr=True)
        with console.status("asking what is there already; Ctrl-C ends it"):
            seen = {uid_of(match.dataset, self.level) for match in self._ask(self.keys)}
        problem = ""
        while self._wait(console, len(seen)):
            try:
                found = {uid_of(match.dataset, self.level): match for match in self._ask(self.keys)}
                new = {uid: match for uid, match in found.items() if uid not in seen}
                batch = [self._in_full(match) for match in new.values()]
            except PeerError as error:
                if str(error) != problem:
                    problem = str(error)
                    complain(f"{problem}; asking again")
                continue
            problem = ""
            seen |= new.keys()
            if batch and not self.cancel():
                yield batch

    def _ask(self, keys: Sequence[Key], *, icon: bool = False) -> Iterator[Match]:
        return ask(self.finder, self.level, keys, icon=icon, cancel=self.cancel)

    def _in_full(self, match: Match) -> Match:
        """Ask for one answer again, with its picture."""
        if not self.icon:
            return match
        levels = [one for one in Level if 0 < one.depth <= self.level.depth] or [Level.PATIENT]
        uids = [Key(one.unique_key, "UI", (uid_of(match.dataset, one),)) for one in levels]
        tags = {one.tag for one in uids}
        others = [key for key in self.keys if key.tag not in tags]
        return next(self._ask([*others, *uids], icon=True), match)

    def _wait(self, console: Console, count: int) -> bool:
        """Wait until it is time to ask again; False when it shall end."""
        until = monotonic() + self.seconds
        with console.status(f"{count} known, waiting for new ones; Ctrl-C ends it"):
            while not self.cancel() and (left := until - monotonic()) > 0:
                sleep(min(left, _LOOK))
        return not self.cancel()
