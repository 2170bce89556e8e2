"""Keys as people write them on the command line."""

import pytest

from findicon.cli.keys import parse_keys, paths_of
from findicon.errors import QueryError


@pytest.mark.parametrize(
    ("argument", "keyword", "values"),
    [
        ("PatientName=DOE*", "PatientName", ("DOE*",)),
        ("PatientName", "PatientName", ()),
        ("PatientName=", "PatientName", ()),
        ("00100010=DOE^J", "PatientName", ("DOE^J",)),
        ("(0010,0010)=DOE", "PatientName", ("DOE",)),
        ("StudyDate=20240101-20240131", "StudyDate", ("20240101-20240131",)),
        ("StudyDate=-20240131", "StudyDate", ("-20240131",)),
        ("StudyTime=0800-1200", "StudyTime", ("0800-1200",)),
        ("StudyInstanceUID=1.2\\1.3", "StudyInstanceUID", ("1.2", "1.3")),
        ("StudyDescription=a=b", "StudyDescription", ("a=b",)),
        ("ModalitiesInStudy=CT", "ModalitiesInStudy", ("CT",)),
        ("IconImageSequence", "IconImageSequence", ()),
        ("patientname=DOE*", "PatientName", ("DOE*",)),
        ("MODALITIESINSTUDY=CT", "ModalitiesInStudy", ("CT",)),
    ],
)
def test_keys_are_read(argument: str, keyword: str, values: tuple[str, ...]) -> None:
    (key,) = parse_keys([argument])
    assert (key.keyword, key.values) == (keyword, values)


def test_elements_of_sequences_share_one_item() -> None:
    (key,) = parse_keys(
        [
            "RequestAttributesSequence.RequestedProcedureID=R1",
            "RequestAttributesSequence.ScheduledProcedureStepID",
            "RequestAttributesSequence.RequestedProcedureCodeSequence.CodeValue=X",
        ]
    )
    assert key.keyword == "RequestAttributesSequence"
    (item,) = key.items
    assert [(one.keyword, one.values) for one in item[:2]] == [
        ("RequestedProcedureID", ("R1",)),
        ("ScheduledProcedureStepID", ()),
    ]
    assert item[2].items[0][0].values == ("X",)


@pytest.mark.parametrize("twice", [["PatientID=1", "PatientID"], ["PatientID", "PatientID=1"], ["PatientID=1"] * 2])
def test_a_key_that_is_shown_and_matched(twice: list[str]) -> None:
    (key,) = parse_keys(twice)
    assert key.values == ("1",)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        (["PatientID=1", "00100020=2"], "PatientID is given twice, as 1 and as 2"),
        (
            [f"RequestAttributesSequence.RequestedProcedureID={one}" for one in (1, 2)],
            "RequestedProcedureID is given twice",
        ),
    ],
)
def test_two_values_of_one_key(keys: list[str], sentence: str) -> None:
    with pytest.raises(QueryError, match=sentence):
        parse_keys(keys)


def test_a_key_of_which_no_vr_is_known_can_only_be_asked_for() -> None:
    (key,) = parse_keys(["00091001"])
    assert (key.keyword, key.vr, key.values) == ("00091001", "UN", ())


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("PatientNam=x", "did you mean PatientName"),
        ("patientnames=x", "did you mean PatientName"),
        ("PATIENTIDS=x", "did you mean PatientID"),
        ("StudyDesc=x", "did you mean StudyDescription"),
        ("RequestAttributesSequence.RequestedProcedurID=x", "did you mean RequestedProcedureID"),
        ("qqqqqqq=x", "neither a DICOM keyword nor a tag"),
        ("StudyDate=2024-01-31", "20240131"),
        ("StudyDate=20241301", "write a date"),
        ("StudyDate=2024", "write a date"),
        ("StudyTime=25", "write a time"),
        ("StudyInstanceUID=abc", "digits and full stops"),
        ("ModalitiesInStudy=ct", "CT"),
        ("SeriesNumber=one", "write a number"),
        ("IconImageSequence=x", "is a sequence"),
        ("PatientName.PatientID=1", "no sequence"),
        ("QueryRetrieveLevel=STUDY", "--level"),
        ("=x", "names no attribute"),
        ("00091001=x", "00091001 is not in the dictionary of DICOM"),
        ("0008FFFE=x", "0008FFFE is not in the dictionary of DICOM"),
        ("PatientName=M\udcfcller", "is not text in the encoding"),
        ("RequestAttributesSequence.=x", "names no attribute"),
    ],
)
def test_a_wrong_key_is_one_sentence(argument: str, sentence: str) -> None:
    with pytest.raises(QueryError, match=sentence) as caught:
        parse_keys([argument])
    assert "\n" not in str(caught.value)


def test_paths_of_keys() -> None:
    keys = parse_keys(["PatientName=DOE*", "RequestAttributesSequence.RequestedProcedureID", "IconImageSequence"])
    keys += parse_keys(["RequestAttributesSequence.RequestedProcedureCodeSequence.CodeValue=X"])
    assert [path for key in keys for path in paths_of(key)] == [
        "PatientName",
        "RequestAttributesSequence.RequestedProcedureID",
        "IconImageSequence",
        "RequestAttributesSequence.RequestedProcedureCodeSequence.CodeValue",
    ]
