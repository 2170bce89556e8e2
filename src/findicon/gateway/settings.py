"""What a gateway may be told."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..icons import BurnedIn


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """How a gateway makes pictures; times in seconds.

    Parameters
    ----------
    budget
        How long one query may wait for pictures, all its answers together.
    fetches
        How many associations upstream sees of us, and so how many pictures are fetched at once; while queries are
        answered fewer, but one at least.
    size
        Longest side of an icon in pixels.
    rule, rules
        Where in a series the picture is taken, and the same by SOP Class UID, which wins.
    burned_in
        What becomes of images with text burned in.
    cache_bytes, memory_bytes
        How many bytes of pictures are kept, in the database and in memory beside it.
    largest
        Bytes of an instance that is fetched for a picture, at most.
    check_after
        How old the knowledge may be of how many instances a study has, where answers do not say it.
    patience
        How long a page waits for one picture.
    retries
        Pauses before a picture that could not be fetched is tried again.
    forgotten_after
        How long one that could not be fetched is left alone after the last try.
    """

    budget: float = 0.3
    fetches: int = 4
    size: int = 64
    rule: str = "third"
    rules: Mapping[str, str] | None = None
    burned_in: BurnedIn = BurnedIn.UNSET
    cache_bytes: int = 1 << 30
    memory_bytes: int = 1 << 24
    largest: int = 1 << 28
    check_after: float = 60.0
    patience: float = 10.0
    retries: tuple[float, ...] = (1.0, 5.0, 30.0)
    forgotten_after: float = 300.0

    @property
    def choice(self) -> str:
        """What is noted beside a picture: one that was chosen otherwise is made again."""
        classes = [f"{uid}={rule}" for uid, rule in sorted((self.rules or {}).items())]
        return " ".join([self.rule, str(self.size), *classes, *([self.burned_in.value] if self.burned_in else [])])
