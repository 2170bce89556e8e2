"""Putting an icon into an answer, for any SCP that builds its answers as data sets (PS3.4 C.4.1.1.3.2)."""

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from .icon import Icon

ICON_IMAGE_SEQUENCE = 0x00880200


def attach_icon(request: Dataset, response: Dataset, icon: Icon | None) -> None:
    """Add (0088,0200) Icon Image Sequence to an answer when the request asks for it, and only then.

    Parameters
    ----------
    request
        The C-FIND request's identifier; a null sequence and one empty item ask alike (PS3.4 C.2.2.2.3, C.2.2.2.6).
    response
        The answer's identifier, changed in place.
    icon
        The picture; None gives a zero-length sequence: supported, but no value (PS3.4 C.4.1.1.3.2 Note 2).
    """
    if ICON_IMAGE_SEQUENCE in request:
        items = Sequence([icon.to_item()] if icon else [])
        response[ICON_IMAGE_SEQUENCE] = DataElement(ICON_IMAGE_SEQUENCE, "SQ", items)
