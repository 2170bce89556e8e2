"""Where an attribute of one frame stands: in its own functional groups, the shared ones, or the data set.

PS3.3 C.7.6.16.
"""

from .header import Header

_SHARED = 0x52009229
_PER_FRAME = 0x52009230


class FrameAttributes:
    """The macros that hold for one frame.

    Parameters
    ----------
    header
        Of the image.
    index
        The frame, 0-based; None for what all frames share.
    """

    def __init__(self, header: Header, index: int | None) -> None:
        self._header = header
        shared = header.item(_SHARED) if _SHARED in header else None
        own = header.item(_PER_FRAME, index) if index is not None and _PER_FRAME in header else None
        self._groups = [group for group in (own, shared) if group is not None]

    def macro(self, sequence: int) -> Header | None:
        """Give the item of a functional group: the frame's own, else the shared one; None when there is neither."""
        for group in self._groups:
            item = group.item(sequence)
            if item is not None:
                return item
        return None

    def holder(self, sequence: int, attribute: int) -> Header | None:
        """Give whatever holds `attribute` for this frame: the functional group, else the data set; else None."""
        item = self.macro(sequence)
        if item is not None and attribute in item:
            return item
        return self._header if attribute in self._header else None
