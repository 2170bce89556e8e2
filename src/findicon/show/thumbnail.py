"""A picture that somebody else made, as an icon: what a web server calls a thumbnail (PS3.18 10.4.1.1.4)."""

import warnings
from io import BytesIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..errors import IconError
from ..icons import Icon


def icon_of_thumbnail(data: bytes, size: int) -> Icon:
    """Make an icon of a JPEG or PNG.

    Parameters
    ----------
    data
        The file's bytes.
    size
        Longest side of the icon in pixels; a smaller picture stays as small as it is.

    Raises
    ------
    IconError
        It is no picture, or one of more than 89 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as image:
                image.draft("L" if image.mode == "L" else "RGB", (size, size))
                made = image.convert("L" if image.mode in ("L", "1", "I;16") else "RGB")
    except UnidentifiedImageError as error:
        raise IconError("The thumbnail cannot be read: it is neither a JPEG nor a PNG") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise IconError(f"The thumbnail cannot be read: {error}") from error
    made.thumbnail((size, size), Image.Resampling.BOX)
    return Icon.from_array(np.asarray(made))
