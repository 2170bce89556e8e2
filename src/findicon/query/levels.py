"""The Query/Retrieve information models and their levels (PS3.4 C.3, C.6)."""

from enum import Enum, StrEnum

from pydicom.dataset import Dataset
from pydicom.uid import UID

# (0008,0052) Query/Retrieve Level; (0088,0200) Icon Image Sequence: the two keys that other rooms ask for by tag
QUERY_RETRIEVE_LEVEL = 0x00080052
ICON_IMAGE_SEQUENCE = 0x00880200


class Level(StrEnum):
    """A Query/Retrieve Level; the value is what (0008,0052) carries (PS3.4 C.6.1.1)."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"

    # Set below: asked for many times in every query, where a property would cost more than what is done with it.
    unique_key: int
    """Tag of the level's Unique Key (PS3.4 C.2.2.1.1)."""
    depth: int
    """0 for PATIENT to 3 for IMAGE."""

    @classmethod
    def _missing_(cls, value: object) -> "Level | None":
        return cls.__members__.get(value.upper()) if isinstance(value, str) else None


_LEVELS = tuple(Level)
_UNIQUE_KEYS = {
    Level.PATIENT: 0x00100020,  # Patient ID
    Level.STUDY: 0x0020000D,  # Study Instance UID
    Level.SERIES: 0x0020000E,  # Series Instance UID
    Level.IMAGE: 0x00080018,  # SOP Instance UID
}
for _depth, _level in enumerate(Level):
    _level.depth, _level.unique_key = _depth, _UNIQUE_KEYS[_level]


def uid_of(dataset: Dataset, level: Level) -> str:
    """Give the value that an answer has for a level's Unique Key; "" where it has none."""
    element = dataset.get(level.unique_key)
    return str(element.value or "") if element is not None else ""


class Model(Enum):
    """A Query/Retrieve information model with its three SOP classes (PS3.4 C.6.1.3, C.6.2.3)."""

    PATIENT_ROOT = "1.2.840.10008.5.1.4.1.2.1"
    STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2"

    @property
    def find(self) -> UID:
        """SOP class of its C-FIND."""
        return UID(f"{self.value}.1")

    @property
    def move(self) -> UID:
        """SOP class of its C-MOVE."""
        return UID(f"{self.value}.2")

    @property
    def get(self) -> UID:
        """SOP class of its C-GET."""
        return UID(f"{self.value}.3")

    @property
    def levels(self) -> tuple[Level, ...]:
        """Its levels from the top down; Study Root has no PATIENT level."""
        return _LEVELS if self is Model.PATIENT_ROOT else _LEVELS[1:]

    def levels_above(self, level: Level) -> tuple[Level, ...]:
        """Give the levels whose Unique Keys a hierarchical query at `level` has to fix (PS3.4 C.4.1.2.1)."""
        return _LEVELS[0 if self is Model.PATIENT_ROOT else 1 : level.depth]
