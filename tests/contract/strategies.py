"""Random archives and random questions about them, out of few values, so that questions find something."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from contract.making import EXPLICIT
from contract.oracle import INSTANCE, SERIES, STUDY
from findicon.catalogue import InstanceRecord
from findicon.icons import Facts
from findicon.query import UTF_8, Key, Level, Model, Options, Query, Value, encode_value, head, vr_of

VALUES: dict[str, list[str]] = {
    "PatientID": ["", "1", "10", "1A", "a1", "X[1]", "50%"],
    "IssuerOfPatientID": ["", "HOSPITAL"],
    "PatientName": [
        "", "DOE^JOHN", "Doe^Jane", "DOE", "doe^john^m", "Müller^Jürgen", "MULLER^JURGEN", "Roe^", "O'Hara^Scarlett",
        "Yamada^Tarou=山田^太郎=やまだ^たろう", "=山本", "Wang^XiaoDong=王^小東",
        "Łukasz^Ø", "A_B%^C", "De La Cruz^Ana  ",
    ],
    "PatientBirthDate": ["", "19700101", "19991231"],
    "PatientSex": ["", "F", "M"],
    "PatientComments": ["", "note", "two\\lines "],
    "StudyDate": ["", "20200101", "20200102", "20200103", "2020.01.04", "20209999"],
    "StudyTime": ["", "10", "1030", "103000", "103000.5", "10:30:01", "235959.999999", "000000", "9"],
    "AccessionNumber": ["", "A1", "x" * 700, "A12", "a1", "A*"],
    "StudyID": ["", "1", "2"],
    "StudyDescription": ["", "CT CHEST", "ct chest", "CHEST", "Schädel", "50% off", "a\\b"],
    "ReferringPhysicianName": ["", "HOUSE^GREGORY", "House^Gregory=豪斯"],
    "PatientWeight": ["", "70", "70.0", "7E1", "80.5"],
    "PatientAge": ["", "010Y", "010M"],
    "NameOfPhysiciansReadingStudy": ["", "READER^ONE", "READER^ONE\\Reader^Two"],
    "Modality": ["", "CT", "MR", "SR", "KO"],
    "SeriesNumber": ["", "1", "01", "2", "-3"],
    "SeriesDescription": ["", "Axial", "axial 5mm", "[x]"],
    "OperatorsName": ["", "OP^A", "OP^A\\OP^B"],
    "SOPClassUID": ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"],
    "InstanceNumber": ["", "1", "2", "10"],
    "ImageType": ["", "ORIGINAL\\PRIMARY\\AXIAL", "DERIVED\\SECONDARY", "ORIGINAL\\PRIMARY\\LOCALIZER"],
    "AcquisitionDateTime": ["", "20200101103000", "20200101103000.5+0100", "2020"],
    "Rows": ["", "512", "256"],
}  # fmt: skip

# What no column has, or only as a sequence: it comes from the header.
CODES = [
    [],
    [{"CodeValue": "A1", "CodingSchemeDesignator": "99LOCAL", "CodeMeaning": "Thorax"}],
    [{"CodeValue": "B2", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Schädel"}, {"CodeValue": "A1"}],
    [{"CodeValue": "", "CodeMeaning": "山"}],
]
OTHERS: dict[str, list[Any]] = {
    "ProcedureCodeSequence": CODES,
    "IssuerOfAccessionNumberSequence": [[], [{"LocalNamespaceEntityID": "HOSPITAL"}]],
    "RequestAttributesSequence": [
        [],
        [{"RequestedProcedureID": "R1", "ScheduledProcedureStepID": "S1", "RequestedProcedureCodeSequence": CODES[1]}],
        [{"RequestedProcedureID": "R2"}, {"RequestedProcedureID": "R1", "RequestedProcedureCodeSequence": CODES[2]}],
    ],
    "AnatomicRegionSequence": CODES,
    "KVP": ["", "120", "120.0"],
    "ContrastBolusAgent": ["", "Iod", "ioversol"],
    "ExposureTimeInms": ["", "1.5"],
    "ContentQualification": ["PRODUCT", ""],
    "SmallestImagePixelValue": ["0", "17", ""],
    "InstanceCreatorUID": ["", "1.2.3"],
    "DateOfSecondaryCapture": ["", "20200101"],
    "TimeOfSecondaryCapture": ["", "1030"],
}

KEYS: dict[str, list[str]] = {
    "PatientID": ["1", "1*", "?", "1?", "*1*", "x[1]", "X[1]", "X[*", "5?%", "%", "", "*"],
    "IssuerOfPatientID": ["HOSPITAL", "HOSP*", ""],
    "PatientName": [
        "doe", "DOE*", "doe^j*", "DOE^*", "^john", "*john*", "d?e^*", "MÜLLER*", "muller^jurgen", "*ur*",
        "山*", "=山*",
        "*=山本", "Yamada*=山田*", "wang^xiaodong=王^小東", "やまだ*", "lukasz^o", "a_b*", "A%", "o'*", "*",
        "", "doe^^m", "john doe", "mueller", "o?n^d*", "jan smith", "山田^太郎 yamada", "???",
        "de la cruz*", "Roe",
    ],
    "PatientBirthDate": ["19700101", "19700101-", "-19991231", "19700101-19991231", ""],
    "PatientSex": ["F", "?", "f", ""],
    "PatientComments": ["note", "two*", "*lines", ""],
    "StudyDate": ["20200101", "20200102-", "-20200102", "20200101-20200103", "2020.01.04", "20200103-20200101", ""],
    "StudyTime": [
        "10", "1030", "103000", "1030-", "-103000", "103000-103001", "1000-1200", "103000.5-", "00-", "10:30", "",
    ],
    "AccessionNumber": ["A1", "\\A12", "x" * 700, "A1*", "A?", "A\\*", "*1*", ""],
    "StudyID": ["1", "2", "1\\2", "1\\", "\\", ""],
    "StudyDescription": ["CT CHEST", "*CHEST*", "ct*", "*ch?del", "50%*", "", "?????"],
    "ReferringPhysicianName": ["house*", "HOUSE^GREGORY", "豪斯", ""],
    "PatientWeight": ["70", "80.50", "7", ""],
    "PatientAge": ["010Y", "010M", ""],
    "NameOfPhysiciansReadingStudy": ["reader^one", "reader^t*", "", "x"],
    "ModalitiesInStudy": ["CT", "MR", "C*", "CT\\MR", "?R", "T", ""],
    "SOPClassesInStudy": ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4\\1.2.3", ""],
    "NumberOfStudyRelatedInstances": ["1", "2", "3", ""],
    "NumberOfStudyRelatedSeries": ["1", "02", ""],
    "NumberOfPatientRelatedStudies": ["1", "2", ""],
    "Modality": ["CT", "MR", "?R", "C*", "ct", "CT\\SR", ""],
    "SeriesNumber": ["1", "+1", "2", "-3", "1.0", "1\\2", ""],
    "SeriesDescription": ["Axial", "axial*", "[x]", "[*", "*5*", ""],
    "OperatorsName": ["op^b", "op*", ""],
    "NumberOfSeriesRelatedInstances": ["1", "2", ""],
    "SOPClassUID": ["1.2.840.10008.5.1.4.1.1.2", ""],
    "InstanceNumber": ["1", "10", ""],
    "ImageType": ["AXIAL", "ORIGINAL", "*AL", "DERIVED", "ORIGINAL\\AXIAL", ""],
    "AcquisitionDateTime": ["20200101", "20200101103000", "20200101093000-20200101103000", "2020-", ""],
    "Rows": ["512", "256\\512", ""],
    "KVP": ["120", ""],
    "ContrastBolusAgent": ["Iod", "io*", "?od", ""],
    "ExposureTimeInms": ["1.50", ""],
    "ContentQualification": ["PRODUCT", ""],
    "SmallestImagePixelValue": ["17", ""],
    "InstanceCreatorUID": ["1.2.3\\1.2.4", ""],
    "DateOfSecondaryCapture": ["20200101-", ""],
    "TimeOfSecondaryCapture": ["10-11", ""],
}  # fmt: skip
ITEMS: dict[str, list[dict[str, Any]]] = {
    "ProcedureCodeSequence": [
        {}, {"CodeValue": ""}, {"CodeValue": "A1"}, {"CodeValue": "A1", "CodingSchemeDesignator": "SCT"},
        {"CodeMeaning": "*ch*", "CodeValue": ""}, {"CodeMeaning": "山"}, {"LongCodeValue": "x"},
    ],
    "IssuerOfAccessionNumberSequence": [{}, {"LocalNamespaceEntityID": "HOSP*"}],
    "RequestAttributesSequence": [
        {}, {"RequestedProcedureID": "R1"}, {"RequestedProcedureID": "R?", "ScheduledProcedureStepID": ""},
        {"RequestedProcedureCodeSequence": {"CodeValue": "A1"}}, {"RequestedProcedureCodeSequence": {}},
        {"RequestedProcedureID": "R1", "RequestedProcedureCodeSequence": {"CodeValue": "B2", "CodeMeaning": ""}},
    ],
    "AnatomicRegionSequence": [{}, {"CodeValue": "B2", "CodeMeaning": ""}],
}  # fmt: skip


def tag(keyword: str) -> int:
    """Give the tag of a keyword."""
    return Key.named(keyword).tag


File = tuple[InstanceRecord, dict[int, Value]]
"""A record, and what its header has beside its attributes."""


@st.composite
def files(draw: st.DrawFn) -> list[File]:
    """A few instances in few series and studies; now and then two files of one instance."""
    found = []
    for number in range(draw(st.integers(1, 9))):
        study = draw(st.integers(1, 4))
        series = draw(st.integers(1, 2))
        instance = draw(st.integers(1, 3))
        names = sorted(draw(st.sets(st.sampled_from(list(VALUES)))))
        attributes = {tag(name): draw(st.sampled_from(VALUES[name])) for name in names}
        attributes |= {
            INSTANCE: f"1.2.{study}.{series}.{instance}",
            SERIES: f"1.2.{study}.{series}",
            STUDY: f"1.2.{study}",
        }
        others = sorted(draw(st.sets(st.sampled_from(list(OTHERS)), max_size=4)))
        beside = {tag(name): by_tag(draw(st.sampled_from(OTHERS[name]))) for name in others}
        facts = Facts(attributes[INSTANCE], study=attributes[STUDY], series=attributes[SERIES])
        header = encoded({**attributes, **beside})
        found.append((InstanceRecord(attributes, facts, f"/files/{number}.dcm", 1000, 1.0, EXPLICIT, header), beside))
    return found


def by_tag(value: Any) -> Value:
    """Give a value with tags for keywords."""
    if isinstance(value, str):
        return value
    return [{tag(name): by_tag(one) for name, one in item.items()} for item in value]


def encoded(values: Mapping[int, Value]) -> bytes:
    """Encode a header in Explicit VR Little Endian, its text in UTF-8."""
    everything: dict[int, Value] = {0x00080005: UTF_8, **values}
    return b"".join(
        head(tag, vr_of(tag), explicit=True) + encode_value(vr_of(tag), value, (UTF_8,), explicit=True)
        for tag, value in sorted(everything.items())
    )


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """A question at any level, in either model, with a few keys of this level or others."""
    options = Options(
        relational=draw(st.booleans()),
        combined_datetime=draw(st.booleans()),
        empty_value=draw(st.booleans()),
        multiple_value=draw(st.booleans()),
        fuzzy_names=draw(st.booleans()),
    )
    model = draw(st.sampled_from(Model))
    level = draw(st.sampled_from(model.levels))
    names = draw(st.sets(st.sampled_from(list(KEYS)), min_size=1, max_size=5))
    empty = ['""'] if options.empty_value else []
    keys = [Key.named(name, draw(st.sampled_from(KEYS[name] + empty))) for name in sorted(names)]
    sequences = sorted(draw(st.sets(st.sampled_from(list(ITEMS)), max_size=1)))
    keys += [sequence_key(name, draw(st.one_of(st.none(), st.sampled_from(ITEMS[name])))) for name in sequences]
    keys += _unique_keys(draw, model, level, options)
    return Query(level, model=model, keys=keys, defaults=False, options=options)


def sequence_key(name: str, item: dict[str, Any] | None) -> Key:
    """Make a key for a sequence: null, or with one item."""
    if item is None:
        return Key(tag(name), "SQ")
    inner = tuple(
        sequence_key(one, value) if isinstance(value, dict) else Key.named(one, value) for one, value in item.items()
    )
    return Key(tag(name), "SQ", items=(inner,))


def _unique_keys(draw: st.DrawFn, model: Model, level: Level, options: Options) -> list[Key]:
    found = []
    for above in model.levels_above(level):
        if above is Level.PATIENT:
            values = ["1", "10", "1A"]
        elif above is Level.STUDY:
            values = [f"1.2.{number}" for number in range(1, 5)]
        else:
            values = [f"1.2.{study}.{series}" for study in range(1, 5) for series in (1, 2)]
        if options.relational:
            values += ["", "1.2.1\\1.2.2" if above is Level.STUDY else ""]
        found.append(Key.named(_NAMES[above], draw(st.sampled_from(values))))
    found.append(Key(level.unique_key, vr_of(level.unique_key)))
    return found


_NAMES = {Level.PATIENT: "PatientID", Level.STUDY: "StudyInstanceUID", Level.SERIES: "SeriesInstanceUID"}
