"""The answer to a Store request (PS3.18 10.5.3, Annex I)."""

from collections.abc import Sequence

from ..attributes import Attribute
from .store_file import Outcome

_RETRIEVE_URL = 0x00081190
_REFERENCED_SOP_CLASS, _REFERENCED_SOP_INSTANCE = 0x00081150, 0x00081155


def store_response(outcomes: Sequence[Outcome], base: str) -> list[Attribute]:
    """Make the Store Instances Response Module.

    Parameters
    ----------
    outcomes
        What became of each instance.
    base
        Address of our DICOMweb services.
    """
    stored = [outcome for outcome in outcomes if outcome.reason is None]
    failed = [outcome for outcome in outcomes if outcome.reason is not None and outcome.uid]
    nameless = [outcome for outcome in outcomes if outcome.reason is not None and not outcome.uid]
    studies = {outcome.study for outcome in stored}
    address = f"{base}/studies/{studies.pop()}" if len(studies) == 1 else ""
    found = [Attribute(_RETRIEVE_URL, "UR", (address,) if address else ())]
    if failed:
        found.append(Attribute(0x00081198, "SQ", (), [_failure(outcome) for outcome in failed]))
    if stored:
        found.append(Attribute(0x00081199, "SQ", (), [_reference(outcome, base) for outcome in stored]))
    if nameless:
        found.append(Attribute(0x0008119A, "SQ", (), [[_reason(outcome)] for outcome in nameless]))
    return found


def _named(outcome: Outcome) -> list[Attribute]:
    return [
        Attribute(_REFERENCED_SOP_CLASS, "UI", (outcome.sop_class,) if outcome.sop_class else ()),
        Attribute(_REFERENCED_SOP_INSTANCE, "UI", (outcome.uid,)),
    ]


def _reference(outcome: Outcome, base: str) -> list[Attribute]:
    address = f"{base}/studies/{outcome.study}/series/{outcome.series}/instances/{outcome.uid}"
    return [*_named(outcome), Attribute(_RETRIEVE_URL, "UR", (address,))]


def _failure(outcome: Outcome) -> list[Attribute]:
    return [*_named(outcome), _reason(outcome)]


def _reason(outcome: Outcome) -> Attribute:
    return Attribute(0x00081197, "US", (int(outcome.reason or 0),))
