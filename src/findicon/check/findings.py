"""What a check found, for people and for machines."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from ..query import Level
from .rules import Rule


class Verdict(StrEnum):
    """What became of a rule."""

    PASS = "pass"  # noqa: S105  a verdict
    FAIL = "fail"
    NOT_SUPPORTED = "not supported"
    UNKNOWN = "unknown"


class Support(StrEnum):
    """What a peer gives at a level when it is asked for icons."""

    PICTURES = "pictures"
    HOLLOW = "hollow items"
    EMPTY = "no values"
    NONE = "not supported"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of one rule at one level.

    Attributes
    ----------
    rule
        What it is about, in a few words that stay the same.
    section
        Where the Standard says so.
    level
        The Query/Retrieve Level it was judged at.
    verdict
        Whether it is obeyed; an absent support is no violation.
    detail
        What was seen, in words; what the rule demands, where it is obeyed.
    judged
        How many answers were looked at.
    """

    rule: str
    section: str
    level: Level
    verdict: Verdict
    detail: str
    judged: int = 0


def found(rule: Rule, level: Level, verdict: Verdict, detail: str = "", judged: int = 0) -> Finding:
    """Make a finding about a rule; without words of its own it says what the rule demands."""
    return Finding(rule.name, rule.section, level, verdict, detail or rule.demand, judged)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one way of asking cost at one level; ratios say more than values.

    Attributes
    ----------
    asked
        With which key: ``without``, ``null``, ``empty item``.
    answers, icons
        How many came, and how many of them with a picture.
    seconds
        From the question to the last answer.
    bytes, icon_bytes
        Of all identifiers, and of (0088,0200) in them.
    largest
        Rows and columns of the icon with the most pixels; None without icons.
    """

    level: Level
    asked: str
    answers: int
    icons: int
    seconds: float
    bytes: int
    icon_bytes: int
    largest: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found about a peer.

    Attributes
    ----------
    peer
        Its address.
    support
        What it gives at each level that was looked at.
    """

    peer: str
    findings: tuple[Finding, ...]
    measurements: tuple[Measurement, ...]
    support: Mapping[Level, Support] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong; a peer without icons has nothing wrong, one without answers was not judged."""
        return not self.violations and self.is_judged

    @property
    def is_judged(self) -> bool:
        """Whether answers came that tell anything."""
        return not set(self.support.values()) <= {Support.UNKNOWN}

    @property
    def violations(self) -> tuple[Finding, ...]:
        """The findings that are violations."""
        return tuple(finding for finding in self.findings if finding.verdict is Verdict.FAIL)

    @property
    def verdict(self) -> str:
        """One sentence."""
        count = len(self.violations)
        seen = self._seen()
        if count:
            return f"{count} violation{'s' if count > 1 else ''} of the Standard: {seen}"
        if Support.PICTURES in self.support.values():
            return f"correct: {seen}"
        if not self.is_judged:
            return "nothing to judge: no answers came that could be looked at"
        return f"nothing wrong, and no icons: {seen}"

    def _seen(self) -> str:
        levels = {
            support: ", ".join(level for level, its_support in self.support.items() if its_support is support)
            for support in Support
        }
        return "; ".join(f"{support} at {names} level" for support, names in levels.items() if names)

    def to_json(self) -> str:
        """Give it all as one JSON object in ASCII, for programs."""
        told: dict[str, Any] = {
            "peer": self.peer,
            "passed": self.passed,
            "verdict": self.verdict,
            "support": {str(level): str(support) for level, support in self.support.items()},
            "findings": [asdict(finding) for finding in self.findings],
            "measurements": [asdict(measurement) for measurement in self.measurements],
        }
        return json.dumps(told, indent=2)
