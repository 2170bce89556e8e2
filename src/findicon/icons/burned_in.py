"""Pictures with text burned in, which may name the patient: where they may be shown."""

from enum import StrEnum

from .facts import Facts


class BurnedIn(StrEnum):
    """What becomes of pictures whose (0028,0301) Burned In Annotation is YES; the value is what the settings say.

    PS3.18 10.4.3.3.4 wants a thumbnail without patient identification. Nothing of the kind is said about an icon in
    an answer to a named peer, which carries the patient's name beside it.
    """

    UNSET = ""
    KEEP = "keep"
    BLANK = "blank"

    def allows(self, facts: Facts, *, thumbnail: bool) -> bool:
        """Tell whether an instance's picture may be shown.

        Parameters
        ----------
        facts
            The instance that the picture comes from.
        thumbnail
            True for a web thumbnail, which a pictogram replaces; False for an icon over DIMSE, replaced by an empty
            sequence.
        """
        if not facts.burned_in or self is BurnedIn.KEEP:
            return True
        return self is BurnedIn.UNSET and not thumbnail
