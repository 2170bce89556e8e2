"""What stands before the data set in a DICOM file (PS3.10 7.1): preamble, prefix, File Meta Information."""

import struct

from ..errors import StorageError

_PREAMBLE = bytes(128) + b"DICM"
_UID_CHARACTERS = frozenset("0123456789.")
_LONGEST_UID = 64
_LONGEST_AE_TITLE = 16


def check_uid(uid: str, what: str) -> str:
    """Give a UID back when it is one: digits and dots, at most 64 of them (PS3.5 9.1).

    What passes is safe as part of a file name. Leading zeros in a component break PS3.5 9.1 too, but devices send them.

    Raises
    ------
    StorageError
        It is none; the text says what it was meant to be.
    """
    if not uid or len(uid) > _LONGEST_UID or not _UID_CHARACTERS.issuperset(uid):
        raise StorageError(f"{what} {uid!r} is no UID")
    return uid


def file_meta(
    sop_class: str, sop_instance: str, transfer_syntax: str, sender: str, implementation: tuple[str, str]
) -> bytes:
    """Encode preamble, prefix and File Meta Information.

    Parameters
    ----------
    sop_class, sop_instance, transfer_syntax
        UIDs of what follows.
    sender
        AE title it came from, for (0002,0017) Sending Application Entity Title; left out where it is none.
    implementation
        Our Implementation Class UID and Implementation Version Name.
    """
    class_uid, version_name = implementation
    elements = [
        _element(0x0001, b"OB", b"\0\1"),
        _element(0x0002, b"UI", _uid(sop_class)),
        _element(0x0003, b"UI", _uid(sop_instance)),
        _element(0x0010, b"UI", _uid(transfer_syntax)),
        _element(0x0012, b"UI", _uid(class_uid)),
        _element(0x0013, b"SH", _even(version_name.encode("ascii"), b" ")),
    ]
    if sender and len(sender) <= _LONGEST_AE_TITLE and sender.isascii() and sender.isprintable():
        elements.append(_element(0x0017, b"AE", _even(sender.encode("ascii"), b" ")))
    group = b"".join(elements)
    return _PREAMBLE + _element(0x0000, b"UL", struct.pack("<L", len(group))) + group


def start_of_data_set(head: bytes) -> int:
    """Give where the data set starts in a file that begins with what `file_meta` made.

    Parameters
    ----------
    head
        The file's first 144 bytes.

    Raises
    ------
    StorageError
        It begins with something else.
    """
    if head[128:140] != b"DICM\x02\0\0\0UL\x04\0" or len(head) < 144:
        raise StorageError("The file does not begin with File Meta Information")
    return 144 + int(struct.unpack_from("<L", head, 140)[0])


def _element(number: int, vr: bytes, value: bytes) -> bytes:
    if vr == b"OB":
        return struct.pack("<HH2sHL", 2, number, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", 2, number, vr, len(value)) + value


def _uid(uid: str) -> bytes:
    return _even(uid.encode("ascii"), b"\0")


def _even(value: bytes, padding: bytes) -> bytes:
    return value + padding * (len(value) % 2)
