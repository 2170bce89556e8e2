"""Pictures for answers: the item of (0088,0200), its palette, and what stands for a series or a study.

Pure: no socket, no thread, no clock, no database.
"""

from .attaching import attach_icon
from .burned_in import BurnedIn
from .choice import RULES, series_candidates, study_candidates
from .facts import Facts
from .icon import Icon
from .item import icon_element
from .kinds import Kind, kind_of
from .making import make_icon
from .pictograms import Pictogram, pictogram
from .preview import PREVIEW_SIZE, preview
from .reading import icon_from_dataset

__all__ = [
    "PREVIEW_SIZE",
    "RULES",
    "BurnedIn",
    "Facts",
    "Icon",
    "Kind",
    "Pictogram",
    "attach_icon",
    "icon_element",
    "icon_from_dataset",
    "kind_of",
    "make_icon",
    "pictogram",
    "preview",
    "series_candidates",
    "study_candidates",
]
