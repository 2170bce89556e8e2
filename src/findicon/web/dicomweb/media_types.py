"""Media types of pixel data as it is stored (PS3.18 Table 8.7.3-5)."""

OCTET_STREAM = "application/octet-stream"
DICOM = "application/dicom"

_JPEG, _RLE, _JLS, _JP2, _JPX, _JPHC, _JXL = (
    "image/jpeg", "image/dicom-rle", "image/jls", "image/jp2", "image/jpx", "image/jphc", "image/jxl",
)  # fmt: skip
_BY_TRANSFER_SYNTAX = {
    "1.2.840.10008.1.2.4.50": _JPEG,
    "1.2.840.10008.1.2.4.51": _JPEG,
    "1.2.840.10008.1.2.4.57": _JPEG,
    "1.2.840.10008.1.2.4.70": _JPEG,
    "1.2.840.10008.1.2.5": _RLE,
    "1.2.840.10008.1.2.4.80": _JLS,
    "1.2.840.10008.1.2.4.81": _JLS,
    "1.2.840.10008.1.2.4.90": _JP2,
    "1.2.840.10008.1.2.4.91": _JP2,
    "1.2.840.10008.1.2.4.92": _JPX,
    "1.2.840.10008.1.2.4.93": _JPX,
    "1.2.840.10008.1.2.4.201": _JPHC,
    "1.2.840.10008.1.2.4.202": _JPHC,
    "1.2.840.10008.1.2.4.203": _JPHC,
    "1.2.840.10008.1.2.4.110": _JXL,
    "1.2.840.10008.1.2.4.111": _JXL,
    "1.2.840.10008.1.2.4.112": _JXL,
}
_VIDEO = {
    "1.2.840.10008.1.2.4.100": "video/mpeg",
    "1.2.840.10008.1.2.4.101": "video/mpeg",
    "1.2.840.10008.1.2.4.107": "video/H265",
    "1.2.840.10008.1.2.4.108": "video/H265",
    **{f"1.2.840.10008.1.2.4.10{last}": "video/mp4" for last in range(2, 7)},
}


def media_type_of(transfer_syntax: str) -> str:
    """Give the media type of a frame as it is stored; ``application/octet-stream`` where there is no other."""
    base = transfer_syntax.removesuffix(".1") if is_video(transfer_syntax) else transfer_syntax
    return _BY_TRANSFER_SYNTAX.get(base) or _VIDEO.get(base, OCTET_STREAM)


def is_video(transfer_syntax: str) -> bool:
    """Tell whether a transfer syntax is a video's, whose frames cannot be told apart (PS3.5 A.4.5 to A.4.9)."""
    return transfer_syntax in _VIDEO or transfer_syntax.removesuffix(".1") in _VIDEO
