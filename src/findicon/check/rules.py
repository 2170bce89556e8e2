"""The rules that an answer with an Icon Image Sequence has to obey, each with its place in the Standard."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Parameters
    ----------
    name
        What it is about, in a few words; it stays the same from version to version.
    section
        Where the Standard says so.
    demand
        What it asks, as a statement that is true where it is obeyed.
    """

    name: str
    section: str
    demand: str


_ICON = "PS3.3 C.7.6.1.1.6"
_MACRO = "PS3.3 Table C.7-11b"
_PALETTE = "PS3.3 C.7.6.3.1.5"

# What a peer does with the key
NULL_ASKS = Rule("a null sequence asks", "PS3.4 C.2.2.2.3", "a zero-length (0088,0200) asks for the icon")
EMPTY_ITEM_ASKS = Rule("an empty item asks", "PS3.4 C.2.2.2.6", "(0088,0200) with one empty item asks for the icon")
ONLY_WHEN_ASKED = Rule("only when asked", "PS3.4 C.4.1.1.3.2", "(0088,0200) is in no answer to a request without it")
FAILS_NOTHING = Rule(
    "answered all the same", "PS3.4 C.2.2.1.3", "a request with (0088,0200) is answered, supported or not"
)
SAME_MATCHES = Rule("same matches", "PS3.4 C.2.2.2.3", "asking for the icon does not change what matches")
IN_EVERY_ANSWER = Rule(
    "in every answer", "PS3.4 C.4.1.1.3.2", "a supported key is in every answer, zero-length where there is no value"
)
STATUS = Rule("FF00 or FF01", "PS3.4 Table C.4-1", "the status says whether the key is supported")
BELONGS = Rule("of its image", _ICON, "the icon is representative of its image")
ANSWERS = Rule("answers", "PS3.4 C.4.1.1.3", "there are answers to look at")

# How an answer and the item are encoded
WELL_FORMED = Rule("well formed", "PS3.5 7.1", "the answer can be read to its end")
ASCENDING = Rule("ascending tags", "PS3.5 7.1", "tags ascend and none occurs twice, in the answer and in the item")
ITEMS = Rule("items", "PS3.5 7.5", "the value of (0088,0200) is made of items that can be read")
SEQUENCE_VR = Rule("VR of the sequence", "PS3.6 6", "(0088,0200) has VR SQ")
VRS = Rule("VRs in the item", "PS3.5 7.1.1", "VRs are those of the dictionary")
RESERVED = Rule("reserved bytes", "PS3.5 7.1.2", "the two bytes after a VR with a 32-bit length are zero")
EVEN = Rule("even lengths", "PS3.5 7.1.1", "value lengths are even")
MULTIPLICITY = Rule("value multiplicity", "PS3.6 6", "attributes have as many values as the dictionary says")

# What the item says (the Image Pixel macro, as an icon may use it)
ONE_ITEM = Rule("one item", _ICON, "the sequence has a single item")
NOT_HOLLOW = Rule("not hollow", _MACRO, "Pixel Data (7FE0,0010) is there and has a value")
COMPLETE = Rule("Type 1 attributes", "PS3.3 Table C.7-11c", "every Type 1 attribute is there and has a value")
MACRO_ONLY = Rule("no other attributes", _MACRO, "the item has only attributes of the Image Pixel macro")
SAMPLES = Rule("Samples per Pixel", _ICON, "Samples per Pixel (0028,0002) is 1")
PHOTOMETRIC = Rule("Photometric Interpretation", _ICON, "(0028,0004) is MONOCHROME1, MONOCHROME2 or PALETTE COLOR")
NO_PLANES = Rule("Planar Configuration", _ICON, "Planar Configuration (0028,0006) is absent")
SIZE = Rule("Rows and Columns", "PS3.3 Table C.7-11c", "Rows and Columns are above 0")
ALLOCATED = Rule("Bits Allocated", _ICON, "Bits Allocated (0028,0100) is 1 or 8; with a palette 8")
STORED = Rule("Bits Stored", _ICON, "Bits Stored (0028,0101) equals Bits Allocated")
HIGH_BIT = Rule("High Bit", _ICON, "High Bit (0028,0102) is one less than Bits Stored")
UNSIGNED = Rule("Pixel Representation", _ICON, "Pixel Representation (0028,0103) is 0")
SQUARE = Rule("Pixel Aspect Ratio", _ICON, "Pixel Aspect Ratio (0028,0034) is 1:1, or absent")
NATIVE = Rule("native pixels", "PS3.5 A.4", "Pixel Data is not encapsulated: nothing in an identifier is")
PIXEL_LENGTH = Rule("length of Pixel Data", "PS3.5 8.1.1", "Pixel Data has Rows x Columns pixels, made even")
PALETTE = Rule("palette", "PS3.3 Table C.7-11c", "descriptors and data are there with PALETTE COLOR, and only then")
DESCRIPTORS = Rule("palette descriptors", _PALETTE, "the three descriptors agree, and have 8 or 16 bits for each entry")
TABLES = Rule("palette data", "PS3.3 C.7.6.3.1.6", "each table has as many entries as its descriptor says")

OF_AN_ANSWER = (WELL_FORMED, ASCENDING)
"""Rules that an answer without the key can break too."""
OF_AN_ICON = (
    *OF_AN_ANSWER, SEQUENCE_VR, ITEMS, ONE_ITEM, NOT_HOLLOW, COMPLETE, MACRO_ONLY, VRS, RESERVED, EVEN, MULTIPLICITY,
    SAMPLES, PHOTOMETRIC, NO_PLANES, SIZE, ALLOCATED, STORED, HIGH_BIT, UNSIGNED, SQUARE, NATIVE, PIXEL_LENGTH,
    PALETTE, DESCRIPTORS, TABLES,
)  # fmt: skip
"""Rules that are judged on the bytes of an answer, in the order in which people read them."""
