"""The answers of an archive as Python sees them: read one by one, shown all at once, and a way down from each."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

from ..errors import FindiconError, QueryError
from ..query import ICON_IMAGE_SEQUENCE, Key, Level, Match, Query, uid_of, vr_of

if TYPE_CHECKING:
    from ..show import Picture

_MOST_KEPT = 1000  # answers that are kept for showing while somebody reads them one by one
_LEVELS = tuple(Level)
# What an answer says beside what was asked
_NO_KEYS = {0x00080005, 0x00080052, 0x00080054, 0x00080056, ICON_IMAGE_SEQUENCE}


class Source(Protocol):
    """Answers as they come: a generator, for one."""

    def __next__(self) -> "FoundMatch":
        """Give the next one."""
        ...

    def close(self) -> None:
        """Want no more."""
        ...


class Matches(Iterator["FoundMatch"]):
    """The answers to a query.

    They are read one by one, as they come, or shown all at once; showing them uses nothing up, and once all have come
    every loop begins at the first. Whoever reads more than 1,000 one by one has them let go, so that memory does not
    grow. Leaving them early (`close`, or dropping the last reference) cancels the query at the peer.

    Parameters
    ----------
    answers
        Where they come from.
    asked
        The tags of the question: those that an answer does not show anyway are shown because somebody asked.

    Raises
    ------
    PeerError
        While reading: the peer failed; its answers before that have been given, and are still shown in a notebook.
    """

    def __init__(self, answers: Source, asked: Iterable[int] = ()) -> None:
        self._answers = answers
        self._asked = asked
        self._kept: list[FoundMatch] = []
        self._given = 0
        self._is_complete = self._is_let_go = False
        self._failure: FindiconError | None = None

    def __iter__(self) -> "Iterator[FoundMatch]":
        return iter(tuple(self._kept)) if self._is_complete and not self._is_let_go else self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __next__(self) -> "FoundMatch":
        if self._given < len(self._kept):  # they were read already, to be shown
            match = self._kept[self._given]
        else:
            match = self._read()
            if self._given < _MOST_KEPT:
                self._kept.append(match)
            else:
                self._kept, self._is_let_go = [], True
        self._given += 1
        return match

    def __repr__(self) -> str:
        count = max(self._given, len(self._kept))
        if not count and not self._is_complete:
            return "<Matches: none read yet>"
        return f"<Matches: {count} {'answer' if count == 1 else 'answers'}{'' if self._is_complete else ' so far'}>"

    def _repr_html_(self) -> str:
        """Show them in a notebook, as cards with pictures."""
        from ..show import notebook_html  # noqa: PLC0415  what shows costs nothing to whoever only asks

        problem = ""
        try:
            self._all()
        except FindiconError as error:
            problem = str(error)
        return notebook_html(self._kept, wanted=self._wanted(), problem=problem)

    def show(self) -> None:
        """Show them with their pictures: as cards in a notebook, else as a table in the terminal.

        Raises
        ------
        PeerError
            The peer failed.
        QueryError
            More than 1,000 have been read one by one, and let go.
        """
        from ..show import show  # noqa: PLC0415

        show(self._all(), wanted=self._wanted())

    def to_dataframe(self, keywords: Sequence[str] = ()) -> Any:
        """Give them as a pandas data frame, a row for each; its column ``icon`` has the pictures.

        Parameters
        ----------
        keywords
            The columns: DICOM keywords, or paths into sequences as ``RequestAttributesSequence.RequestedProcedureID``;
            without any, everything that the answers have.

        Returns
        -------
        pandas.DataFrame
            Dates are ``datetime64``, numbers ``Int64`` and ``Float64``, all others text; ``icon`` has Icons and None.
            ``frame.style.format({"icon": findicon.show.picture_html})`` shows it with its pictures.

        Raises
        ------
        PeerError, QueryError
            As for `show`; or pandas is not installed.
        """
        from ..show import data_frame  # noqa: PLC0415

        return data_frame(self._all(), keywords)

    def contact_sheet(self, *, columns: int | None = None, size: int = 160) -> "Picture":
        """Draw them on one sheet: a grid of pictures with a few words below each.

        Parameters
        ----------
        columns
            Pictures in a row; so many that the sheet is a little wider than high unless given.
        size
            Side of the square that each picture has, in pixels, 32 to 1024.

        Returns
        -------
        PIL.Image.Image
            RGB.

        Raises
        ------
        PeerError, QueryError
            As for `show`; or the sheet would have more than 100 million pixels.
        """
        from ..show import contact_sheet  # noqa: PLC0415

        return contact_sheet(self._all(), columns=columns, size=size)

    def close(self) -> None:
        """Want no more answers: cancel the query at the peer, or abort when it does not stop in time."""
        self._answers.close()

    def _all(self) -> "list[FoundMatch]":
        """Give all answers, those that were read before too; they stay."""
        if self._is_let_go:
            raise QueryError(f"More than {_MOST_KEPT} answers have been read and let go: ask again to show them")
        if self._failure is not None:
            raise self._failure
        try:
            while True:
                self._kept.append(self._read())
        except StopIteration:
            return self._kept

    def _read(self) -> "FoundMatch":
        try:
            return next(self._answers)
        except StopIteration:
            self._is_complete = True
            raise
        except FindiconError as error:
            self._failure = error
            raise

    def _wanted(self) -> list[str]:
        """Name what was asked beyond what the level's answers usually have."""
        if not self._kept:
            return []
        usual = {*Query(self._kept[0].level).keys, *_NO_KEYS}
        return [Key(int(tag), "").keyword for tag in self._asked if int(tag) not in usual]


Find: TypeAlias = Callable[[Query], Matches]


class FoundMatch(Match):
    """An answer of an archive that can be asked for what is below it."""

    _find: Find

    @property
    def level(self) -> Level:
        """Its level: the one it names, or that of its deepest UID."""
        from ..show import level_of  # noqa: PLC0415

        return level_of(self.dataset)

    def studies(self, *, icon: bool = True, **keywords: str) -> Matches:
        """Ask for the studies of this patient; otherwise as `images`."""
        return self._below(Level.STUDY, icon, keywords)

    def series(self, *, icon: bool = True, **keywords: str) -> Matches:
        """Ask for the series of this patient or study; otherwise as `images`."""
        return self._below(Level.SERIES, icon, keywords)

    def images(self, *, icon: bool = True, **keywords: str) -> Matches:
        """Ask for the images of this patient, study or series, level by level (PS3.4 C.4.1.2.1).

        Parameters
        ----------
        icon
            Ask for their pictures.
        **keywords
            DICOM keywords and what they shall match, as for Query.

        Raises
        ------
        QueryError
            There is nothing such below this answer's level, or it has no UID to ask with.
        PeerError
            The peer cannot be asked; what fails later is raised where the answers are read.
        """
        return self._below(Level.IMAGE, icon, keywords)

    def _below(self, target: Level, icon: bool, keywords: dict[str, str]) -> Matches:
        own = self.level
        if own.depth >= target.depth:
            raise QueryError(f"An answer of the {own} level has nothing of the {target} level below it")
        above = tuple(self._unique_key(level) for level in _LEVELS[1 : own.depth])
        keys = [Key.named(name, value) for name, value in keywords.items()]
        return self._down(own, above, Query(target, icon=icon, keys=keys))

    def _down(self, own: Level, above: tuple[Key, ...], last: Query) -> Matches:
        """Ask inside this answer, which is of level `own`, for what `last` asks."""
        inside = (*above, self._unique_key(own))
        below = _LEVELS[own.depth + 1]
        if below is last.level:
            return self._find(_with_keys(last, inside))
        between = self._find(Query(below, keys=inside, defaults=False))
        return Matches(_each(between, below, inside if own is not Level.PATIENT else (), last), last.keys)

    def _unique_key(self, level: Level) -> Key:
        value = uid_of(self.dataset, level)
        key = Key(level.unique_key, vr_of(level.unique_key), (value,))
        if not value:
            raise QueryError(f"This answer has no {key.keyword}, so what is below it cannot be asked for")
        return key


def _each(between: Matches, level: Level, above: tuple[Key, ...], last: Query) -> Generator[FoundMatch]:
    # all of them first: a peer may not wait for us to read on while we ask it something else
    for match in list(between):
        yield from match._down(level, above, last)


def _with_keys(query: Query, keys: tuple[Key, ...]) -> Query:
    return Query(query.level, keys=(*query.keys.values(), *keys), defaults=False)
