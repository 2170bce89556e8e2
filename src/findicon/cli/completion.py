"""What a shell completes: peers in findicon.toml and DICOM keywords."""

from collections.abc import Iterable

from ..errors import FindiconError
from .keys import keywords
from .settings import load_settings
from .walk import usual_keywords


def complete_peer(incomplete: str) -> list[str]:
    """Give the named peers that begin so, in any case."""
    try:
        names = load_settings().peers
    except FindiconError:
        return []
    return _completed(incomplete, names)


def complete_keyword(incomplete: str) -> list[str]:
    """Give the keywords that begin so, in any case: those that people ask for, else any of the dictionary."""
    return _completed(incomplete, usual_keywords()) or _completed(incomplete, sorted(keywords().values()))


def _completed(incomplete: str, names: Iterable[str]) -> list[str]:
    """Give names that begin so; what is typed already stays as it is, because shells take no other."""
    begin = incomplete.casefold()
    return [incomplete + name[len(incomplete) :] for name in names if name.casefold().startswith(begin)]
