"""From a file to both sizes of its picture, in one decode."""

from typing import NamedTuple, Protocol

from ..errors import IconError, StorageError
from ..icons import PREVIEW_SIZE, Icon, preview
from ..pixels import Picture, render


class Rendering(Protocol):
    """What came of rendering one image."""

    @property
    def item(self) -> bytes | None:
        """Content of the icon's item, Explicit VR Little Endian; None when there is no picture."""
        ...

    @property
    def preview(self) -> bytes | None:
        """JPEG of at most 256 px; None when there is no picture."""
        ...

    @property
    def frame(self) -> int | None:
        """The frame that is shown, 1-based; None where it was put together from several."""
        ...

    @property
    def is_blank(self) -> bool:
        """Whether there is next to nothing on it."""
        ...

    @property
    def reason(self) -> str:
        """Why there is no picture."""
        ...


class Render(Protocol):
    """Whatever renders a file: in this thread, or in a process that can be killed. It raises nothing."""

    def __call__(self, path: str, size: int, frame: int | None) -> Rendering:
        """Make the icon of `size` pixels and the preview."""
        ...


class Rendered(NamedTuple):
    """A Rendering.

    Attributes
    ----------
    is_localizer
        Whether the file says that it is one, where upstream's answer did not.
    """

    item: bytes | None = None
    preview: bytes | None = None
    frame: int | None = None
    is_blank: bool = False
    reason: str = ""
    is_localizer: bool = False


def render_here(path: str, size: int, frame: int | None) -> Rendered:
    """Render a file in this thread; nothing stops it when a codec hangs."""
    try:
        return rendered(render(path, max(size, PREVIEW_SIZE), frame=frame), size)
    except (IconError, StorageError) as error:
        return Rendered(reason=str(error))
    except Exception as error:  # noqa: BLE001  a codec may raise anything; the answer goes without the picture
        return Rendered(reason=f"{type(error).__name__}: {error}")


def rendered(picture: Picture, size: int) -> Rendered:
    """Make both sizes of a picture."""
    icon = Icon.from_picture(picture.shrunk(size))
    return Rendered(icon.encoded(), preview(picture), picture.frame, picture.is_blank)
