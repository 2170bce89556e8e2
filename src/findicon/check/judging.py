"""The judge: walks down an archive, asks every question with and without the icon, and says what is wrong."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TypeVar

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ..dimse import Address, Limits, Peer
from ..errors import PeerRejected, QueryError
from ..query import Key, Level, Model
from ..scu import Client
from . import rules
from .answers import Answer
from .asking import Asked, Form, Place, ask
from .belonging import judge_belonging, seen_icons
from .findings import Finding, Measurement, Report, Support, Verdict, found
from .support import judge_bytes, judge_failure, judge_support, supported

_LARGEST_ANSWER = 64 << 20  # bytes; whoever judges icons has to bear large ones
_Each = TypeVar("_Each")
_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)


def check(
    peer: str | Address | Peer | Client,
    *,
    report: Callable[[str], object] | None = None,
    keys: Iterable[Key] = (),
    calling_ae_title: str = "FINDICON",
    timeout: float = 60.0,
    answers: int = 100,
    places: int = 5,
    images: int = 6,
) -> Report:
    """Judge whether a peer's icons, and its answers to whoever asks for them, are correct DICOM.

    Parameters
    ----------
    peer
        ``AET@host:port``, an Address or a Peer: it is asked in Explicit and in Implicit VR Little Endian. A Client is
        asked as it is.
    report
        Told in a few words what is being asked now.
    keys
        Keys at STUDY level that say which part of a large archive to look at.
    calling_ae_title, timeout
        As for Client; a Client has its own.
    answers
        How many answers to look at, at most, at each level in each form.
    places
        How many studies to go down into, and then how many series.
    images
        How many icons to compare with their images, which are retrieved for it.

    Raises
    ------
    QueryError
        The address is none; or a Client that gives answers without a character set one of its own.
    PeerError
        The peer cannot be asked at all.
    """
    with ExitStack() as stack:
        clients = _clients(peer, calling_ae_title, timeout, stack)
        judge = _Judge(clients, report or (lambda _: None), tuple(keys), (answers, places, images))
        return judge.run()


def _clients(peer: str | Address | Peer | Client, calling: str, timeout: float, stack: ExitStack) -> list[Client]:
    """Give the client to ask with, and one that asks in Implicit VR alone."""
    if isinstance(peer, Client):
        if peer.peer.character_set:
            raise QueryError("A Client with a character set changes the bytes that came: give check the address")
        return [peer]
    made = []
    for syntaxes in (_SYNTAXES, _SYNTAXES[1:]):
        limits = replace(Limits(), network=timeout, associate=min(timeout, 30.0), identifier=_LARGEST_ANSWER)
        client = Client(
            peer,
            calling_ae_title=calling,
            timeout=timeout,
            character_set="",
            transfer_syntaxes=syntaxes,
            limits=limits,
        )
        made.append(stack.enter_context(client))
    return made


class _Judge:
    """One check of one peer."""

    def __init__(
        self,
        clients: Sequence[Client],
        told: Callable[[str], object],
        keys: tuple[Key, ...],
        most: tuple[int, int, int],
    ) -> None:
        self._client, *self._others = clients
        self._told = told
        self._keys = keys
        self._answers, self._places, self._images = most
        self._findings: list[Finding] = []
        self._measurements: list[Measurement] = []
        self._support: dict[Level, Support] = {}
        self._pictured: set[str] = set()  # Unique Keys of what had an icon at the level judged last

    def run(self) -> Report:
        """Judge level by level."""
        of_patients = tuple(key for key in self._keys if key.tag >> 16 == 0x0010)
        patients = [Place(Model.PATIENT_ROOT, Level.PATIENT, (), of_patients)]
        with suppress(PeerRejected):
            self._client.echo()  # so that no measurement has the time to associate in it
        try:
            self._descend([Place(Model.STUDY_ROOT, Level.STUDY, (), self._keys)])
        except PeerRejected:
            if self._support:
                raise
            self._descend(patients)  # it offers Patient Root alone, or nothing, and then says why
        else:
            with suppress(PeerRejected):
                self._judge_level(patients)
        findings = sorted(self._findings, key=lambda finding: finding.level.depth)
        measurements = sorted(self._measurements, key=lambda measurement: measurement.level.depth)
        support = dict(sorted(self._support.items(), key=lambda each: each[0].depth))
        return Report(str(self._client.peer.address), tuple(findings), tuple(measurements), support)

    def _descend(self, places: list[Place]) -> None:
        """Judge a level, and those below it, inside some of what it answered."""
        asked = self._judge_level(places)
        if asked.failure and not self._support:
            raise asked.failure
        while places[0].level is not Level.IMAGE:
            places = self._below(asked)
            if not places:
                return
            asked = self._judge_level(places)

    def _below(self, asked: Asked) -> list[Place]:
        """Choose where to go down, with pictures first; nowhere when nothing has a UID."""
        narrowing = () if asked.level is not Level.PATIENT else self._of_studies()
        inside = [pair for pair in zip(asked.places, asked.answers, strict=True) if pair[1].uid(asked.level)]
        pictured = [pair for pair in inside if pair[1].uid(asked.level) in self._pictured]
        chosen = _spread(pictured if len(pictured) >= self._places else inside, self._places)
        return [place.below(answer, narrowing) for place, answer in chosen]

    def _of_studies(self) -> tuple[Key, ...]:
        return tuple(key for key in self._keys if key.tag != Level.PATIENT.unique_key)

    def _judge_level(self, places: Sequence[Place]) -> Asked:
        """Judge one level; give what it answered without the key."""
        level = places[0].level
        without = self._ask(places, Form.WITHOUT)
        if without.failure or not without.answers:
            if self._support or not without.failure:
                detail = str(without.failure or "nothing matches")
                self._findings.append(found(rules.ANSWERS, level, Verdict.UNKNOWN, detail))
                self._support[level] = Support.UNKNOWN
            return without
        null, empty = self._ask(places, Form.NULL), self._ask(places, Form.EMPTY_ITEM)
        self._measurements += [asked.measured() for asked in (without, null, empty)]
        null, empty = self._caught_up(null, empty, places), self._caught_up(empty, null, places)
        self._support[level] = supported(null, empty)
        self._pictured = {answer.uid(level) for answer in (*null.with_item, *empty.with_item)}
        self._findings += judge_support(without, null, empty, lambda: self._ask(places, Form.WITHOUT))
        implicit = self._ask_in_implicit(places, null)
        self._findings += judge_bytes(level, [*without.answers, *null.answers, *empty.answers, *implicit])
        if level is Level.IMAGE:
            seen = seen_icons(max(null, empty, key=lambda asked: len(asked.with_item)), self._images)
            if seen:
                self._told(f"{len(seen)} icons and their images")
                self._findings.append(judge_belonging(self._client, seen))
        return without

    def _ask(self, places: Sequence[Place], form: Form) -> Asked:
        self._told(f"{places[0].level} level, {form}")
        return ask(self._client, places, form, self._answers)

    def _caught_up(self, asked: Asked, other: Asked, places: Sequence[Place]) -> Asked:
        """Ask once more where no icons came that may come now: some peers make them when they are first asked."""
        is_behind = not asked.with_item and (asked.with_key or other.with_item) and not asked.failure
        return self._ask(places, asked.form) if is_behind else asked

    def _ask_in_implicit(self, places: Sequence[Place], null: Asked) -> tuple[Answer, ...]:
        """Ask once more in Implicit VR, unless that was the transfer syntax anyway, or the peer does not take it."""
        if not null.answers or null.answers[0].transfer_syntax == ImplicitVRLittleEndian:
            return ()
        found_too: tuple[Answer, ...] = ()
        for client in self._others:
            self._told(f"{places[0].level} level, {null.form}, Implicit VR")
            with suppress(PeerRejected):
                asked = ask(client, places, Form.NULL, self._answers)
                if asked.failure:
                    self._findings.append(judge_failure(asked, " in Implicit VR Little Endian"))
                found_too += asked.answers
        return found_too


def _spread(candidates: Sequence[_Each], most: int) -> list[_Each]:
    """Choose so many, as far apart as can be."""
    if len(candidates) <= most:
        return list(candidates)
    if most == 1:
        return [candidates[0]]
    return [candidates[round(number * (len(candidates) - 1) / (most - 1))] for number in range(most)]
