"""Which pictures the settings want; apart from them, because most commands make none and need not load what does."""

from ..archive import Choice
from ..icons import BurnedIn
from .settings import IconSettings


def choice_of(icons: IconSettings) -> Choice:
    """Give what an archive makes pictures by."""
    return Choice(icons.size, icons.rule, icons.rules, BurnedIn(icons.burned_in))
