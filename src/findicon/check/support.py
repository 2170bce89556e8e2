"""Whether a peer takes the key, gives it when it is asked and only then, and says so (PS3.4 C.2.2, C.4.1)."""

from collections.abc import Callable, Iterator, Sequence

from ..errors import PeerAborted, PeerTimeout
from ..query import Level
from . import rules
from .answers import Answer
from .asking import Asked, Form
from .findings import Finding, Support, Verdict, found

_OUT_OF_RESOURCES = 0xA700
_RULE_OF = {Form.NULL: rules.NULL_ASKS, Form.EMPTY_ITEM: rules.EMPTY_ITEM_ASKS}


def judge_support(without: Asked, null: Asked, empty: Asked, again: Callable[[], Asked]) -> Iterator[Finding]:
    """Judge the same question, asked in all three forms at one level.

    Parameters
    ----------
    without, null, empty
        What came without the key, with a zero-length one, and with one empty item.
    again
        Asks without the key once more: a difference may be the archive's, not the key's.
    """
    unasked = without.with_key
    detail = _count(len(unasked), without, "have (0088,0200), which the request did not have") if unasked else ""
    verdict = Verdict.FAIL if unasked else Verdict.PASS
    yield found(rules.ONLY_WHEN_ASKED, without.level, verdict, detail, len(without.answers))
    yield from _tolerance(null, empty)
    yield _of_form(null, empty)
    yield _of_form(empty, null)
    yield from _same_matches(without, (null, empty), again)
    yield from _in_every_answer(null, empty)
    yield from _status(null, empty)


def supported(null: Asked, empty: Asked) -> Support:
    """Say in a word what the peer gives."""
    answers = (*null.answers, *empty.answers)
    items = [answer for answer in answers if answer.has_item]
    if any(answer.size for answer in items):
        return Support.PICTURES
    if any(answer.judgement.get(rules.NOT_HOLLOW) for answer in items):
        return Support.HOLLOW
    if items or any(not answer.is_readable for answer in answers):
        return Support.UNKNOWN
    if any(answer.sequence for answer in answers):
        return Support.NONE if _all_warned(answers) else Support.EMPTY
    return Support.NONE if answers or _is_refusal(null) or _is_refusal(empty) else Support.UNKNOWN


def _tolerance(null: Asked, empty: Asked) -> Iterator[Finding]:
    """Judge whether the query is answered at all; what failed is not judged further."""
    level = null.level
    failed = [asked for asked in (null, empty) if asked.failure]
    if not failed:
        yield found(rules.FAILS_NOTHING, level, Verdict.PASS, judged=len(null.answers) + len(empty.answers))
    for asked in failed:
        yield judge_failure(asked)


def judge_failure(asked: Asked, how: str = "") -> Finding:
    """Judge what ended the answers to a request with the key; `how` adds words on how it was asked."""
    detail = f"asked by {_spoken(asked.form)}{how}: {asked.failure}"
    return found(rules.FAILS_NOTHING, asked.level, _verdict_of_failure(asked), detail)


def _verdict_of_failure(asked: Asked) -> Verdict:
    """Tell what a failure is: at IMAGE level the icon is a key of the Standard, above it is an extension."""
    if isinstance(asked.failure, PeerAborted):
        return Verdict.FAIL
    if not _is_refusal(asked):
        return Verdict.UNKNOWN
    return Verdict.FAIL if asked.level is Level.IMAGE else Verdict.NOT_SUPPORTED


def _is_refusal(asked: Asked) -> bool:
    failure = asked.failure
    if failure is None or isinstance(failure, PeerAborted | PeerTimeout):
        return False
    return failure.status is not None and failure.status != _OUT_OF_RESOURCES


def _of_form(asked: Asked, other: Asked) -> Finding:
    rule, level, judged = _RULE_OF[asked.form], asked.level, len(asked.answers)
    if asked.failure or not asked.answers:
        return found(rule, level, Verdict.UNKNOWN, "there are no answers to look at")
    if asked.with_item:
        return found(rule, level, Verdict.PASS, _count(len(asked.with_item), asked, "have an item"), judged)
    if asked.with_key:
        if other.with_item:
            detail = _count(judged, asked, f"have it without a value; {_spoken(other.form)} gets items")
            return found(rule, level, Verdict.FAIL, detail, judged)
        if _all_warned(asked.with_key):
            return found(rule, level, Verdict.NOT_SUPPORTED, "zero-length, and FF01 says not supported", judged)
        detail = "every answer has it without a value: there are no icons, or nothing but the key is known"
        return found(rule, level, Verdict.UNKNOWN, detail, judged)
    if any(not answer.is_readable for answer in asked.answers):
        return found(rule, level, Verdict.UNKNOWN, "there are answers that cannot be read", judged)
    if other.with_key:
        detail = _count(judged, asked, f"are without (0088,0200); {_spoken(other.form)} gets it")
        return found(rule, level, Verdict.FAIL, detail, judged)
    return found(rule, level, Verdict.NOT_SUPPORTED, f"none of {judged} answers has (0088,0200)", judged)


def _same_matches(without: Asked, forms: Sequence[Asked], again: Callable[[], Asked]) -> Iterator[Finding]:
    level = without.level
    comparable = [asked for asked in forms if not asked.failure and "" not in asked.uids | without.uids]
    comparable = [asked for asked in comparable if not asked.answers or not (asked.is_cut or without.is_cut)]
    different = [asked for asked in comparable if asked.uids != without.uids]
    if not different:
        if comparable:
            yield found(rules.SAME_MATCHES, level, Verdict.PASS, judged=len(without.answers))
        return
    if again().uids != without.uids:
        yield found(rules.SAME_MATCHES, level, Verdict.UNKNOWN, "the archive changes while it is asked")
        return
    for asked in different:
        detail = f"{len(without.uids)} matches without the key, {len(asked.uids)} with {_spoken(asked.form)}"
        yield found(rules.SAME_MATCHES, level, Verdict.FAIL, detail, len(asked.answers))


def _in_every_answer(null: Asked, empty: Asked) -> Iterator[Finding]:
    judged = 0
    for asked in (null, empty):
        absent = [answer for answer in asked.without_key if not answer.is_warned]
        if asked.with_key and absent:
            where = f"asked by {_spoken(asked.form)}, {_count(len(absent), asked, 'are without it, with status FF00')}"
            first = f"first {absent[0].uid(asked.level)}"
            yield found(rules.IN_EVERY_ANSWER, asked.level, Verdict.FAIL, f"{where}; {first}", len(asked.answers))
            return
        judged += len(asked.answers) if asked.with_key else 0
    if judged:
        yield found(rules.IN_EVERY_ANSWER, null.level, Verdict.PASS, judged=judged)


def judge_bytes(level: Level, answers: Sequence[Answer]) -> Iterator[Finding]:
    """Judge the answers' bytes rule by rule; a rule that applies to none of them says nothing."""
    for rule in rules.OF_AN_ICON:
        judged = [(answer, answer.judgement[rule]) for answer in answers if rule in answer.judgement]
        wrong = [(answer, detail) for answer, detail in judged if detail]
        if wrong:
            answer, detail = wrong[0]
            words = f"{len(wrong)} of {len(judged)} answers: {detail} (first {answer.uid(level) or 'without UID'})"
            yield found(rule, level, Verdict.FAIL, words, len(judged))
        elif judged:
            yield found(rule, level, Verdict.PASS, judged=len(judged))


def _status(null: Asked, empty: Asked) -> Iterator[Finding]:
    level = null.level
    answers = (*null.answers, *empty.answers)
    judged = len(answers)
    if not answers or any(not answer.is_readable for answer in answers):
        return
    with_key = [answer for answer in answers if answer.sequence]
    if not with_key:
        if all(answer.is_warned for answer in answers):
            yield found(rules.STATUS, level, Verdict.PASS, "FF01 says that the key is not supported", judged)
            return
        detail = "the key is ignored: FF00 says that every optional key is supported, FF01 would fit"
        verdict = Verdict.FAIL if level is Level.IMAGE else Verdict.NOT_SUPPORTED
        yield found(rules.STATUS, level, verdict, detail, judged)
        return
    doubtful = [answer for answer in with_key if answer.has_item and answer.is_warned]
    if doubtful:
        detail = (
            f"{len(doubtful)} answers with an icon have status FF01: not supported. Until 2020 that could also mean "
            "that the key cannot be matched; FF00 fits"
        )
        yield found(rules.STATUS, level, Verdict.UNKNOWN, detail, judged)
        return
    yield found(rules.STATUS, level, Verdict.PASS, judged=judged)


def _all_warned(answers: Sequence[Answer]) -> bool:
    return all(answer.is_warned for answer in answers)


def _spoken(form: Form) -> str:
    return {Form.NULL: "a null sequence", Form.EMPTY_ITEM: "one empty item"}.get(form, str(form))


def _count(count: int, asked: Asked, what: str) -> str:
    return f"{count} of {len(asked.answers)} answers {what}"
