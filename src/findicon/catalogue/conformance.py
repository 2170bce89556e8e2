"""What the catalogue answers, as a conformance statement has to say it (PS3.2; PS3.4 C.2.2.1.3, C.2.2.2)."""

from collections.abc import Iterator

from pydicom.datadict import dictionary_description

from ..query import MULTIPLE_VALUE_VRS, NUMBER_VRS, WILDCARD_VRS, Level, Model
from .columns import COLUMNS, Column
from .finder import CatalogueFinder

_REQUIRED = {
    Level.PATIENT: ("PatientName",),
    Level.STUDY: ("StudyDate", "StudyTime", "AccessionNumber", "StudyID", "PatientName", "PatientID"),
    Level.SERIES: ("Modality", "SeriesNumber"),
    Level.IMAGE: ("InstanceNumber",),
}
_NEGOTIATED = {
    "relational": "Relational queries",
    "combined_datetime": "Combined date-time matching",
    "fuzzy_names": "Fuzzy semantic matching of person names",
    "timezone": "Timezone query adjustment",
    "enhanced_multiframe": "Enhanced multi-frame image conversion",
    "empty_value": "Empty value matching",
    "multiple_value": "Multiple value matching",
}
_TITLES = {Level.PATIENT: "PATIENT", Level.STUDY: "STUDY", Level.SERIES: "SERIES", Level.IMAGE: "IMAGE"}

_RULES = """\
## Answers

- An answer has the keys that were asked and are supported, zero-length where there is no value; the Query/Retrieve
  Level; the Unique Keys of the levels above; Retrieve AE Title (0008,0054). Instance Availability (0008,0056) is ONLINE
  and there only when asked.
- A key that is not supported is left out, and the status of the answers is FF01. So it is when a key that cannot be
  matched has a value: the icon, Instance Availability.
- Patient attributes at the levels below come from the study itself. Studies of one Patient ID that name the patient
  differently each keep what they say; at PATIENT level the latest study speaks. `findicon status` reports them.
- A study or series says what the one of its instances says that says most; the smallest SOP Instance UID decides.
- What a header gives that its VR forbids, such as a date that is none or a value ten times as long as it may be, is
  left empty. Dates and times written as in ACR-NEMA are answered as DICOM writes them.
- A limit that ends the answers early gives status A700 with an Error Comment after the last one.

## Icons

Icon Image Sequence (0088,0200) is an optional key of the IMAGE level (PS3.4 C.3.1). At STUDY and SERIES level it makes
these SOP classes Standard Extended ones (PS3.2 7.3): the picture of one instance stands for the whole. A null sequence
and one empty item ask alike; what else an item has is ignored, with status FF01. It is answered only when asked: one
item as PS3.3 C.7.6.1.1.6 says, uncompressed, or a zero-length sequence when there is no picture. At PATIENT level it is
not supported.

## Matching

- **Single value**: in its case, and exactly. Numbers match by value: `1`, `01` and `+1` are one number.
- **Wildcards** `*` and `?`: for VRs {wildcards}. An asterisk alone matches everything in any VR.
- **Names** (PN): without regard to case, to diacritics of Latin, Greek and Cyrillic letters, to width, to blanks around
  components and to delimiters at the end of a group. A value without `=` matches any component group; with `=` group by
  group, an empty one any. A component that is empty, or missing in front, matches any: `^JOHN` finds DOE^JOHN. `DOE` is
  not DOE^JOHN; `DOE^*` is.
- **Fuzzy names**, once negotiated: also every name that has, in any order and group, words of the same sound
  (Metaphone) as the words asked for.
- **Dates and times**: a single value matches what begins within the stretch it names, so the time `2230` matches
  22:30:45. Ranges include both ends; their ends are read the same way. A date-time without an offset is taken for UTC.
  A range whose end comes before its start matches nothing.
- **Several values in a key**: any of them, as a list of UIDs is read (PS3.4 leaves it undefined for others); each of
  them for VRs {multiple}, once Multiple Value Matching is negotiated. An empty one among them asks for nothing.
- **Attributes with several values** match by any of them.
- **No value in the entity** matches only a universal key, or `""` once Empty Value Matching is negotiated. PS3.4
  C.2.2.1.2 has unknown values match everything; a search by accession number would then find every study without one.
- **Sequences**: one item, whose keys some item of the entity matches; then the answer has the matching items with the
  attributes asked for.
- Values that cannot be matched, such as a date that is none, a range of numbers, a wildcard inside a UID or a number of
  the wrong length, give status A900 with the element as Offending Element (0000,0901). So do an element that is there
  twice, and text where a sequence should be.
- Levels above the query's may have keys beside their Unique Keys, negotiated or not. Levels below may have them in
  relational queries: then something below has to match all of them.

## Character sets

Requests: every value of (0008,0005) of PS3.3 C.12.1.1.2, code extensions included, and common misspellings. A value
that is none gives status A900 when there is text beyond ASCII, and is ignored otherwise. Text beyond ASCII without
(0008,0005) is read as UTF-8 where it is that, else as ISO 8859-1. Answers use the request's character sets where these
can hold all of their text, else UTF-8 (ISO_IR 192), and have no (0008,0005) when all is ASCII.
"""


def conformance() -> str:
    """Write the page: keys of each level, rules of matching, extended negotiation, character sets; in Markdown."""
    parts = ["# Queries: conformance\n", "Written by `make docs` from the code.\n", _services()]
    parts += [_level(level) for level in Level]
    numbers = ", ".join(sorted(WILDCARD_VRS))
    parts.append(_RULES.format(wildcards=numbers, multiple=", ".join(sorted(MULTIPLE_VALUE_VRS))))
    return "\n".join(parts)


def _services() -> str:
    lines = ["| information model | SOP class of C-FIND | levels |", "|---|---|---|"]
    for model in Model:
        name = model.name.replace("_", " ").title()
        lines.append(f"| {name} | {model.find} | {', '.join(model.levels)} |")
    lines += ["", "| extended negotiation (PS3.4 C.5.1.1) | |", "|---|---|"]
    for option, name in _NEGOTIATED.items():
        lines.append(f"| {name} | {'accepted' if getattr(CatalogueFinder.options, option) else 'refused'} |")
    return "\n".join(lines) + "\n"


def _level(level: Level) -> str:
    lines = [
        f"## Keys at {_TITLES[level]} level",
        "",
        "| attribute | tag | VR | type | matching |",
        "|---|---|---|---|---|",
    ]
    own = sorted((one for one in COLUMNS.values() if one.level is level), key=lambda one: one.tag)
    lines += [_row(column, level) for column in own]
    above = ", ".join(one.value for one in Level if one.depth < level.depth)
    if above:
        lines += ["", f"Also every key of the levels above ({above})."]
    if level is Level.IMAGE:
        lines += [
            "",
            "Also every other attribute of PS3.6 that the instance has in its header, as an optional key with matching:"
            " except private attributes, file meta information, bulk data (OB, OD, OF, OL, OV, OW, UN), values longer"
            " than 1 kB and the longest sequences (functional groups, contours, waveforms, digital signatures).",
        ]
    return "\n".join(lines) + "\n"


def _row(column: Column, level: Level) -> str:
    kind = "U" if column.tag == level.unique_key else "R" if column.keyword in _REQUIRED[level] else "O"
    tag = f"({column.tag >> 16:04X},{column.tag & 0xFFFF:04X})"
    name = dictionary_description(column.tag).replace("'s", "\u2019s")
    return f"| {name} | {tag} | {column.vr} | {kind} | {', '.join(_matching(column))} |"


def _matching(column: Column) -> Iterator[str]:
    if column.vr == "SQ":
        yield "sequence"
    elif column.vr == "UI":
        yield "list of UID"
    elif column.vr in {"DA", "TM", "DT"}:
        yield "range"
    elif column.vr == "PN":
        yield "name, wildcards, sound"
    elif column.vr in NUMBER_VRS:
        yield "number"
    elif column.vr in WILDCARD_VRS:
        yield "wildcards"
    else:
        yield "single value"
    if column.is_multiple:
        yield "any value"
