"""One query that wants pictures: answers leave in order, each with its picture when that is there in time."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from time import monotonic
from typing import NamedTuple

from ..icons import icon_from_dataset
from ..pixels import Picture
from ..query import Cancel, Match, decode
from .ahead import Ahead, close_answers
from .answers import Answer, Entity, Reader, Subject
from .fetches import Ticket, Urgency
from .pictures import Known, Pictures, State
from .places import Places
from .questions import Question
from .rendering import rendered
from .settings import GatewaySettings

_MOST_HELD = 2000  # answers that wait behind one whose picture is being made
_MOST_CHECKED = 5000  # of one list that are checked for new instances; the others when they are listed again
_FEW = 1000  # pictures that are being made
_LOOK = 0.02  # seconds between two questions to the asker's Cancel while nothing happens


class _Held(NamedTuple):
    """An answer on its way.

    Attributes
    ----------
    item
        The picture that it can have at once.
    ticket
        For a better one that is being made; None when there is nothing to wait for.
    """

    answer: Answer
    item: bytes | None
    ticket: Ticket | None


class Answering:
    """Answers one query.

    Parameters
    ----------
    question
        What is asked upstream for it.
    number
        Of the query: pictures of later ones are made first.
    reader, places, pictures
        Read the answers, remember where everything is, give the pictures and have them made.
    """

    def __init__(
        self,
        question: Question,
        number: int,
        reader: Reader,
        places: Places,
        pictures: Pictures,
        settings: GatewaySettings,
    ) -> None:
        self._question = question
        self._number = number
        self._reader = reader
        self._places = places
        self._pictures = pictures
        self._settings = settings
        self._happened = threading.Event()
        self._held: deque[_Held] = deque()
        self._tickets: dict[str, Ticket] = {}
        self._most_tickets = _FEW
        self._unsure: dict[Entity, int | None] = {}
        self._left = settings.budget
        self._read = 0
        self._ahead: Ahead | None = None

    def run(self, ask: Callable[[Cancel], Iterator[Match]], cancel: Cancel) -> Generator[Match]:
        """Give the answers; raises what asking raises, after those that came before.

        As long as every picture is at hand there is nothing to wait for, and this thread reads the answers itself. With
        the first one that is not, another thread goes on reading.

        Parameters
        ----------
        ask
            Asks upstream.
        cancel
            The asker's.
        """
        matches = ask(lambda: self._ahead.is_unwanted if self._ahead else cancel())
        is_wanted = False
        read, remembered, learn = self._reader.read, self._pictures.remembered, self._places.learn
        try:
            for match in matches:
                answer = read(match)
                known = remembered(answer.subject)
                if known is None:
                    self._ahead = Ahead(matches, self._happened)
                    self._take([answer])
                    break
                learn(answer.subject)
                if known.state is State.UNSURE:
                    self._note_unsure(answer.subject.entity, known)
                yield self._pictured(answer, known.item)
            if self._ahead is not None:
                self._ahead.start()
                yield from self._wait_and_give(self._ahead, cancel)
            is_wanted = not cancel()
        finally:
            if self._ahead is not None:
                self._ahead.close()
            else:
                close_answers(matches)
            self._leave(is_wanted=is_wanted)

    def _wait_and_give(self, ahead: Ahead, cancel: Cancel) -> Generator[Match]:
        while not cancel():
            self._happened.clear()
            if len(self._held) < _MOST_HELD:
                self._take([self._reader.read(match) for match in ahead.take()])
            while self._held and self._is_ready(self._held[0]):
                yield self._match(self._held.popleft())
            if self._held:
                began = monotonic()
                self._happened.wait(min(_LOOK, self._left))
                self._left -= monotonic() - began
            elif ahead.is_over:
                return
            else:
                self._happened.wait(_LOOK)

    def _take(self, answers: Sequence[Answer]) -> None:
        """Look up the pictures of what has come, and have made what is not there."""
        if not answers:
            return
        subjects = [answer.subject for answer in answers]
        for answer, known in zip(answers, self._pictures.known(self._question.query.level, subjects), strict=True):
            self._places.learn(answer.subject)
            self._held.append(self._hold(answer, known))
            self._read += 1

    def _hold(self, answer: Answer, known: Known) -> _Held:
        subject = answer.subject
        if not subject.entity.uid or known.state is State.FRESH:
            return _Held(answer, known.item, None)
        if known.state is State.UNSURE:
            self._note_unsure(subject.entity, known)
            return _Held(answer, known.item, None)
        item = self._from_upstream(answer) if answer.icon_of_upstream else None
        if item is not None:
            return _Held(answer, item, None)
        return _Held(answer, known.item, self._wanted(subject))

    def _wanted(self, subject: Subject) -> Ticket:
        uid = subject.entity.uid
        ticket = self._tickets.get(uid)
        if ticket is None:
            ticket = self._pictures.want(subject, Urgency.LISTED, self._number, self._read, self._happened.set)
            if len(self._tickets) >= self._most_tickets:
                self._tickets = {uid: one for uid, one in self._tickets.items() if not one.is_done}
                self._most_tickets = 2 * len(self._tickets) + _FEW
            self._tickets[uid] = ticket
        return ticket

    def _note_unsure(self, entity: Entity, known: Known) -> None:
        if len(self._unsure) < _MOST_CHECKED:
            self._unsure[entity] = known.instances

    def _from_upstream(self, answer: Answer) -> bytes | None:
        """Give the icon that came with an answer when it can be decoded and shows something; it goes into the cache."""
        try:
            icon = icon_from_dataset(decode(answer.icon_of_upstream, answer.transfer_syntax))
        except Exception:  # noqa: BLE001  an IconError, or whatever pydicom raises: a picture is made instead
            return None
        picture = Picture(icon.to_array(), None) if icon else None
        if picture is None or picture.is_blank:
            return None
        made = rendered(picture, self._settings.size)
        self._pictures.keep(answer.subject, made, "upstream")
        return made.item

    def _is_ready(self, held: _Held) -> bool:
        return held.ticket is None or not held.ticket.is_worth_waiting or self._left <= 0

    def _match(self, held: _Held) -> Match:
        item = held.item
        if held.ticket is not None and held.ticket.is_done:
            item = held.ticket.made.item or item
        return self._pictured(held.answer, item)

    def _pictured(self, answer: Answer, item: bytes | None) -> Answer:
        answer.item, answer.has_icon = item, True
        if not self._question.all_keys_supported:
            answer.all_keys_supported = False
        return answer

    def _leave(self, *, is_wanted: bool) -> None:
        """Let what is not made yet be made for the next asker, or forget it when this one went away."""
        for ticket in self._tickets.values():
            if is_wanted:
                ticket.keep()
            else:
                ticket.forget()
        if is_wanted and self._unsure:
            self._pictures.check(self._question.query.level, list(self._unsure.items()))
