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


def test_the_last_of_two_counts() -> None:
    (key,) = parse_keys(["PatientID=1", "PatientID=2"])
    assert key.values == ("2",)


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
