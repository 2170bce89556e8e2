"""What a worker does for one picture: one decode, and from it the icon's item and the preview."""

from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Protocol

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from ..errors import IconError, StorageError
from ..icons import PREVIEW_SIZE, Icon, preview
from ..pixels import Picture


class Render(Protocol):
    """Whatever makes a small picture of an image file: `findicon.pixels.render`, or a test's stand-in."""

    def __call__(self, source: str | BinaryIO, size: int, *, frame: int | None = None) -> Picture:
        """Render a file; raises IconError or StorageError."""
        ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came of rendering one image.

    Parameters
    ----------
    item
        Content of the icon's item, Explicit VR Little Endian; None when there is no picture.
    preview
        JPEG of at most 256 px; None when there is no picture.
    frame
        The frame that is shown, 1-based; None where it was put together from several.
    is_blank
        Whether there is next to nothing on it.
    reason
        Why there is no picture.
    """

    item: bytes | None = None
    preview: bytes | None = None
    frame: int | None = None
    is_blank: bool = False
    reason: str = ""


def render_nothing(render: Render) -> None:
    """Make a picture that nobody sees, so that the first one that somebody waits for finds all modules loaded."""
    render_icon(render, _smallest_image(), PREVIEW_SIZE, None)


def _smallest_image() -> BinaryIO:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID = CTImageStorage
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = UID("1.2.3")
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.Rows = image.Columns = 8
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
    image.WindowCenter, image.WindowWidth = 32, 64
    image.PixelData = bytes(range(128))
    file = BytesIO()
    image.save_as(file, enforce_file_format=True)
    file.seek(0)
    return file


def render_icon(render: Render, path: str | BinaryIO, size: int, frame: int | None) -> Rendered:
    """Render a file once and make both sizes of it; what goes wrong is told, not raised."""
    try:
        picture = render(path, max(size, PREVIEW_SIZE), frame=frame)
        icon = Icon.from_picture(picture.shrunk(size))
        return Rendered(icon.encoded(), preview(picture), picture.frame, picture.is_blank)
    except (IconError, StorageError) as exc:
        return Rendered(reason=str(exc))
    except MemoryError:
        return Rendered(reason="The image takes more memory than there is")
    except Exception as exc:  # noqa: BLE001 -- a codec may raise anything, and a query must not fail for a picture
        return Rendered(reason=f"{type(exc).__name__}: {exc}")
