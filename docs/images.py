"""The page of images: every DICOM file in the wheels of pydicom and pydicom-data, with its icon or why it has none."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pydicom.uid import UID

from findicon.errors import FindiconError
from findicon.icons import Facts, Kind, kind_of, make_icon
from findicon.pixels import read_header

PAGE = Path(__file__).with_name("images.md")
SIZE = 128
# As many files with one reason in one folder are one line of the page.
_TOGETHER = 4

_HEAD = f"""\
# Images that make an icon

Written by `make docs`; a test fails when it does not tell the truth any more.

These are all DICOM files that lie inside the wheels of pydicom and pydicom-data, and what
`findicon.make_icon(file, size={SIZE})` makes of them.

The same image in another transfer syntax gives the same icon. Where nothing was lost it is the same bit for bit, but
for lossless JPEG 2000 of 512 pixels and more, of which not everything is decoded (a mean difference of at most 2 gray
levels of 255, or 3 for a screen full of letters,
[why](decisions/0102-low-resolutions-become-streams-of-their-own.md)). `make_icon(file, exact=True)` decodes all of
these too and gives the same icon bit for bit, in a second for a radiograph. With lossy compression it is within a mean
of 3.
Of frames beyond 4 MB some rows are taken, the same ones in all of them: they differ from the average of all rows by a
mean of 0.2 gray levels ([why](decisions/0103-large-native-frames-are-sampled.md)).
`tests/unit/pixels/test_pixels_families.py` holds these files to it.
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one file: an icon, or the sentence that says why not."""

    name: str
    about: str
    icon: str
    reason: str


def wheels() -> dict[str, Path]:
    """Find the data folders of both wheels; nothing is downloaded."""
    folders = {"pydicom": ("pydicom", "data"), "pydicom-data": ("data_store", "data")}
    found = {}
    for wheel, (module, folder) in folders.items():
        spec = find_spec(module)
        if spec is None or not spec.submodule_search_locations:
            raise FindiconError(f"{wheel} is not installed")
        found[wheel] = Path(next(iter(spec.submodule_search_locations))) / folder
    return found


def outcomes(folder: Path) -> Iterator[Outcome]:
    """Try every DICOM file in a folder, in the order of their names; other files are passed over."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and _may_be_dicom(path):
            yield _outcome(path, path.relative_to(folder).as_posix())


def page(outcomes_of: Mapping[str, Sequence[Outcome]]) -> str:
    """Write the page, wheel by wheel."""
    parts = [_HEAD]
    for wheel, tried in outcomes_of.items():
        made = [one for one in tried if one.icon]
        parts.append(f"\n## {wheel}: {len(made)} of {len(tried)} files\n")
        parts.append("\n| file | what it is | icon |\n|---|---|---|\n")
        parts += [f"| {one.name} | {one.about} | {one.icon} |\n" for one in made]
        if len(made) < len(tried):
            parts.append("\nNo icon:\n\n| file | what it is | why |\n|---|---|---|\n")
            parts += [f"| {name} | {about} | {reason} |\n" for name, about, reason in _without(tried)]
    return "".join(parts)


def write() -> None:
    """Write the page into its file."""
    PAGE.write_text(page({wheel: list(outcomes(folder)) for wheel, folder in wheels().items()}), encoding="utf-8")


def _may_be_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return path.suffix == ".dcm" or file.read(132)[128:] == b"DICM"


def _outcome(path: Path, name: str) -> Outcome:
    about = ""
    try:
        header = read_header(path)
        facts = Facts.from_header(header)
        kind = kind_of(facts.sop_class, modality=facts.modality, transfer_syntax=header.transfer_syntax)
        what = [facts.modality] if kind is Kind.IMAGE and facts.modality else [facts.modality, kind.value]
        about = ", ".join(filter(None, (*what, UID(header.transfer_syntax).name)))
        icon = make_icon(path, SIZE)
    except FindiconError as error:
        return Outcome(name, about, "", str(error).removeprefix(f"{path}: ").replace(str(path), path.name))
    form = "colour" if icon.palette else "gray"
    return Outcome(name, about, f"{icon.columns} x {icon.rows}, {form}", "")


def _without(tried: Sequence[Outcome]) -> Iterator[tuple[str, str, str]]:
    """Give the files without an icon; many with one reason in one folder together."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for one in tried:
        if not one.icon:
            groups[str(Path(one.name).parent), one.about, one.reason].append(one.name)
    for (folder, about, reason), names in groups.items():
        if len(names) > _TOGETHER:
            yield f"{folder}: {len(names)} files", about, reason
        else:
            yield from ((name, about, reason) for name in names)


if __name__ == "__main__":
    write()
