"""What the choice of a picture needs to know about an instance, and nothing else."""

from dataclasses import dataclass
from typing import Self

from ..errors import StorageError
from ..pixels import Header

KEY_OBJECT_SELECTION = "1.2.840.10008.5.1.4.1.1.88.59"
_CONTENT, _REFERENCED_SOP = 0x0040A730, 0x00081199


@dataclass(frozen=True, slots=True)
class Facts:
    """Header facts of one instance; immutable, of plain values so that a catalogue can keep them.

    Parameters
    ----------
    sop_instance, sop_class, study, series
        UIDs.
    modality
        (0008,0060).
    series_number, instance_number
        (0020,0011) and (0020,0013); None when absent.
    image_type
        Values of (0008,0008).
    normal
        Unit normal of the image plane from (0020,0037), rounded to four decimals; empty when unknown.
    position
        (0020,0032) projected on the normal, in mm; None when unknown.
    frames
        (0028,0008), 1 when absent.
    rows, columns
        (0028,0010) and (0028,0011); 0 when absent.
    matrix_rows, matrix_columns
        (0048,0007) and (0048,0006) of a whole-slide image; 0 when absent.
    has_pixels
        Whether there is Pixel Data of any kind at the top level.
    burned_in
        Whether (0028,0301) Burned In Annotation is YES.
    title
        Code value of a Key Object's document title (PS3.16 CID 7010); empty for all else.
    references
        What a Key Object points at: SOP Instance UID and frame number, frame 0 for the whole instance.
    frame
        The frame to show, 1-based, where the choice fixes one; None leaves it to the renderer.
    """

    sop_instance: str
    sop_class: str = ""
    study: str = ""
    series: str = ""
    modality: str = ""
    series_number: int | None = None
    instance_number: int | None = None
    image_type: tuple[str, ...] = ()
    normal: tuple[float, ...] = ()
    position: float | None = None
    frames: int = 1
    rows: int = 0
    columns: int = 0
    matrix_rows: int = 0
    matrix_columns: int = 0
    has_pixels: bool = False
    burned_in: bool = False
    title: str = ""
    references: tuple[tuple[str, int], ...] = ()
    frame: int | None = None

    @classmethod
    def from_header(cls, header: Header) -> Self:
        """Read the facts out of a file's header."""
        normal, position = _plane(header.numbers(0x00200037), header.numbers(0x00200032))
        sop_class = header.text(0x00080016)
        title, references = _key_object(header) if sop_class == KEY_OBJECT_SELECTION else ("", ())
        return cls(
            sop_instance=header.text(0x00080018),
            sop_class=sop_class,
            study=header.text(0x0020000D),
            series=header.text(0x0020000E),
            modality=header.text(0x00080060),
            series_number=header.integer(0x00200011),
            instance_number=header.integer(0x00200013),
            image_type=tuple(value.strip().upper() for value in header.texts(0x00080008)),
            normal=normal,
            position=position,
            frames=max(header.integer(0x00280008) or 1, 1),
            rows=header.integer(0x00280010) or 0,
            columns=header.integer(0x00280011) or 0,
            matrix_rows=header.integer(0x00480007) or 0,
            matrix_columns=header.integer(0x00480006) or 0,
            has_pixels=header.has_pixels,
            burned_in=header.text(0x00280301).strip().upper() == "YES",
            title=title,
            references=references,
        )

    @property
    def flavor(self) -> str:
        """Value 3 of Image Type: AXIAL, LOCALIZER, VOLUME, LABEL ... (PS3.3 C.8.2.1.1.1, C.8.12.4.1.1)."""
        return self.image_type[2] if len(self.image_type) > 2 else ""


def _plane(orientation: tuple[float, ...], position: tuple[float, ...]) -> tuple[tuple[float, ...], float | None]:
    if len(orientation) != 6 or len(position) != 3:
        return (), None
    (a, b, c, d, e, f), (x, y, z) = orientation, position
    cross = (b * f - c * e, c * d - a * f, a * e - b * d)
    length = sum(value * value for value in cross) ** 0.5
    if not 0.5 < length < 2:  # also false for values that are not numbers
        return (), None
    # Adding zero turns -0.0 into 0.0.
    normal = tuple(round(value / length, 4) + 0.0 for value in cross)
    along = sum(one * other for one, other in zip(cross, (x, y, z), strict=True)) / length
    return (normal, round(along, 4)) if abs(along) < float("inf") else ((), None)


def _key_object(header: Header) -> tuple[str, tuple[tuple[str, int], ...]]:
    """Give title and references; what of them is malformed says nothing."""
    try:
        return _title(header), _references(header)
    except StorageError:
        return "", ()


def _title(header: Header) -> str:
    names = header.items(0x0040A043)  # Concept Name Code Sequence of the root: the document title
    return names[0].text(0x00080100) if names else ""


def _references(header: Header) -> tuple[tuple[str, int], ...]:
    found = []
    # A Key Object's content is flat (PS3.16 TID 2010): the references are the root's own children.
    for item in header.items(_CONTENT):
        for reference in item.items(_REFERENCED_SOP):
            uid = reference.text(0x00081155)
            frames = [int(number) for number in reference.numbers(0x00081160)]  # Referenced Frame Number
            found += [(uid, frame) for frame in frames or [0]]
    return tuple(found)
