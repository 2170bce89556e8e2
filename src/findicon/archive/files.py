"""Instances as the files they lie in."""

from typing import BinaryIO

from ..catalogue import Catalogue
from ..errors import StorageError
from .paths import path_of, printable


class FileSource:
    """Opens instances where the catalogue says they lie; it is an InstanceSource.

    Parameters
    ----------
    catalogue
        What knows where.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def open(self, sop_instance: str) -> BinaryIO:
        """Open the file of an instance for reading, as it is on disk (PS3.10).

        Raises
        ------
        StorageError
            The catalogue does not know it, or its file cannot be opened.
        CatalogueError
            The catalogue cannot be read.
        """
        location = self._catalogue.location(sop_instance)
        if location is None:
            raise StorageError(f"There is no instance {sop_instance}")
        path = path_of(location.path)
        try:
            return open(path, "rb")  # noqa: PTH123 -- whoever asked for it closes it
        except OSError as exc:
            raise StorageError(f"{printable(path)} cannot be opened: {exc.strerror}") from exc
