from pathlib import Path

import pytest

from findicon.archive import FileSource
from findicon.archive.reading import read_record
from findicon.archive.walk import walk
from findicon.catalogue import Catalogue
from findicon.errors import StorageError
from support.samples import write_series


def test_an_instance_is_opened_as_the_file_it_is(tmp_path: Path, catalogue: Catalogue) -> None:
    (path,) = write_series(tmp_path / "files", 1)
    catalogue.add([read_record(file) for file in walk(str(tmp_path / "files"))])
    with FileSource(catalogue).open(path.stem) as file:
        assert file.read() == path.read_bytes()
    path.unlink()
    with pytest.raises(StorageError, match="cannot be opened: No such file"):
        FileSource(catalogue).open(path.stem)


def test_what_is_not_known_is_an_error(catalogue: Catalogue) -> None:
    with pytest.raises(StorageError, match=r"no instance 1\.2\.3"):
        FileSource(catalogue).open("1.2.3")
