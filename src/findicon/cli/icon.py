"""``findicon icon``: the icon of a file, to look at or to keep."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydicom import dcmread

from ..errors import IconError, QueryError, StorageError
from ..icons import Icon, make_icon
from ..pixels import read_header
from ..show import png_of, print_picture
from .complaints import FAILED, WRONG_QUESTION, complain
from .consoles import picture_console

_NUMBER_OF_FRAMES = 0x00280008
_OTHER_PICTURES = {".bmp", ".gif", ".jpeg", ".jpg", ".jxl", ".tif", ".tiff", ".webp"}


class IconFormat(StrEnum):
    """What becomes of an icon."""

    PNG = "png"
    DCM = "dcm"
    TERMINAL = "terminal"


def icon(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="DICOM images.")],
    size: Annotated[int, typer.Option(min=1, max=1024, help="Longest side in pixels.")] = 64,
    frame: Annotated[int | None, typer.Option(min=1, help="Which frame of a multi-frame image, from 1.")] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR|FILE", help="Where to write; a file for one image only.")
    ] = None,
    written: Annotated[
        IconFormat | None,
        typer.Option(
            "--format",
            case_sensitive=False,
            help="png, dcm (a copy of the image with its icon inside) or terminal. Without it: what --output is "
            "named, else png with --output and terminal without.",
        ),
    ] = None,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact",
            help="Decode frames whole: the same bits for an image in every lossless transfer syntax, also in JPEG "
            "2000, which takes up to 200 times as long.",
        ),
    ] = False,
) -> int:
    """Make the icon of an image: to look at, as PNG, or inside a copy of the file."""
    written = written or _format_of(output)
    if written is IconFormat.TERMINAL and output is not None:
        raise QueryError("--format terminal draws on the screen: leave out --output")
    targets = iter(()) if written is IconFormat.TERMINAL else _targets(files, output, written)
    console = picture_console()
    worst = 0
    for path in files:
        target = next(targets, None)
        try:
            _check(path, frame)
            made = make_icon(path, size, frame, exact=exact)
        except (StorageError, QueryError) as error:
            worst = max(worst, complain(str(error), WRONG_QUESTION))
            continue
        except IconError as error:
            worst = max(worst, complain(str(error), FAILED))
            continue
        if target is None:
            print_picture(made, console, str(path))
        else:
            _write(made, path, target, written)
    return worst


def _check(path: Path, frame: int | None) -> None:
    """Tell a file that cannot be read, and a frame that is not there, from an image that cannot be shown."""
    frames = read_header(path).integer(_NUMBER_OF_FRAMES) or 1
    if frame is not None and frame > frames:
        raise QueryError(f"{path} has no frame {frame}: it has {frames} {'frame' if frames == 1 else 'frames'}")


def _format_of(output: Path | None) -> IconFormat:
    if output is None:
        return IconFormat.TERMINAL
    return IconFormat.DCM if output.suffix.lower() == ".dcm" and not output.is_dir() else IconFormat.PNG


def _targets(files: list[Path], output: Path | None, written: IconFormat) -> Iterator[Path]:
    """Say where each icon goes: to the file that --output names, or into a folder under the name of its image."""
    output = output or Path()
    if output.suffix.lower() in _OTHER_PICTURES and not output.is_dir():
        raise QueryError(f"--output {output}: pictures are written as .png, images with their icon as .dcm")
    is_file = output.suffix.lower() in (".png", ".dcm") and not output.is_dir()
    if is_file and len(files) > 1:
        raise QueryError(f"--output {output} is one file, but {len(files)} images are given: name a folder")
    if is_file:
        return iter([output])
    ending = ".png" if written is IconFormat.PNG else ".icon.dcm"
    names = [f"{path.stem}{ending}" for path in files]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise QueryError(f"Two images would both be written as {twice}: write them into two folders")
    return iter([output / name for name in names])


def _write(made: Icon, source: Path, target: Path, written: IconFormat) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if written is IconFormat.PNG:
            target.write_bytes(png_of(made))
            return
        if target.exists() and target.samefile(source):
            raise QueryError(f"{target} is the image itself: findicon does not write into the files it reads")
        dataset = dcmread(source)
        dataset.IconImageSequence = [made.to_item()]
        dataset.save_as(target, enforce_file_format=True)
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror or error}") from error
