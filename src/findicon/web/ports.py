"""What the web needs beside the ports of `query`: an optional part of a Finder or of an IconSource, or a function.

Whoever joins the web to the rest may leave each of them out; the page then hides what would need it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..pixels import Picture
from ..query import Level, Query


@dataclass(frozen=True, slots=True)
class Window:
    """A VOI window that somebody asks for instead of the image's own (PS3.18 8.3.5.1.4).

    Parameters
    ----------
    center, width
        In the units of the modality transformation's output.
    function
        ``LINEAR``, ``LINEAR_EXACT`` or ``SIGMOID``: the values of (0028,1056).
    """

    center: float
    width: float
    function: str = "LINEAR"


class Renderer(Protocol):
    """Whatever renders an instance: in this thread, or in a process that can be killed."""

    def __call__(self, sop_instance: str, size: int, frame: int | None, window: Window | None) -> Picture:
        """Render one frame so that its longer side is at most `size` pixels; an image is not magnified.

        Parameters
        ----------
        sop_instance
            SOP Instance UID.
        size
            In pixels.
        frame
            1-based; None for the representative one.
        window
            Replaces the image's own VOI transformation; ignored for colour.

        Raises
        ------
        IconError
            The image cannot be rendered, or not in time.
        StorageError
            There is no such instance, or it cannot be read.
        """
        ...


@runtime_checkable
class Counting(Protocol):
    """A Finder that counts without giving the answers."""

    def count(self, query: Query, most: int) -> int:
        """Count the answers to a query, and stop at `most`."""
        ...


@runtime_checkable
class Holding(Protocol):
    """A Finder that tells without a search whether an entity is where a path says."""

    def holds(self, study: str, series: str = "", instance: str = "") -> bool:
        """Tell whether there is a study of that UID, a series in it, or an instance in that."""
        ...


@runtime_checkable
class Facets(Protocol):
    """An Overview that keeps the number of studies for each value of an attribute."""

    def facet(self, keyword: str, most: int = ...) -> Mapping[str, int]:
        """Give the number of studies by value of Modality, StudyDescription or StationName, the largest first.

        Parameters
        ----------
        keyword
            One of these.
        most
            How many values at most; some dozens unless given.
        """
        ...


@runtime_checkable
class Dated(Protocol):
    """An IconSource that knows when it made a picture."""

    def made_at(self, level: Level, uid: str) -> float | None:
        """Give when the stored picture was made, in seconds since 1970; None when there is none."""
        ...


@runtime_checkable
class BurnedInAware(Protocol):
    """An IconSource that knows whether the image behind a picture has text burned in, (0028,0301)."""

    def is_burned_in(self, level: Level, uid: str) -> bool:
        """Tell whether the picture of an entity was made of an image with Burned In Annotation YES."""
        ...
