"""Patient data that disagree stay with their study and are reported."""

from contract.making import record
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.query import Query


def names(catalogue: Catalogue, level: str) -> list[str]:
    finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON")
    return sorted(str(match.dataset.PatientName) for match in finder.find(Query(level, PatientName="")))


def test_each_study_keeps_its_own_name_and_the_patient_has_the_latest(catalogue: Catalogue) -> None:
    catalogue.add(
        [
            record(1, PatientID="7", PatientName="MAIDEN^ANNA", StudyDate="20100101"),
            record(2, PatientID="7", PatientName="MARRIED^ANNA", StudyDate="20200101"),
        ]
    )
    assert names(catalogue, "STUDY") == ["MAIDEN^ANNA", "MARRIED^ANNA"]
    assert names(catalogue, "PATIENT") == ["MARRIED^ANNA"]
    (conflict,) = catalogue.conflicts()
    assert (conflict.study, conflict.patient_name, conflict.within) == ("1.2.1", "MAIDEN^ANNA", False)


def test_a_later_study_turns_the_conflict_around(catalogue: Catalogue) -> None:
    catalogue.add([record(1, PatientID="7", PatientName="A", StudyDate="20100101")])
    catalogue.add([record(2, PatientID="7", PatientName="B", StudyDate="20200101")])
    catalogue.add([record(3, PatientID="7", PatientName="A", StudyDate="20210101")])
    assert [conflict.study for conflict in catalogue.conflicts()] == ["1.2.2"]


def test_instances_of_one_study_that_disagree(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1, PatientName="A", PatientSex="F"), record(1, 1, 2, PatientName="B")])
    (conflict,) = catalogue.conflicts()
    assert conflict.within
    assert conflict.patient_name == "A", "the instance that says most speaks for the study"


def test_case_and_trailing_delimiters_are_no_conflict_within(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1, PatientName="DOE^JOHN"), record(1, 1, 2, PatientName="Doe^John^^")])
    assert catalogue.conflicts() == []


def test_a_conflict_ends_with_its_cause(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1, PatientName="A"), record(1, 1, 2, PatientName="B")])
    catalogue.remove(["/files/1/1/2.dcm"])
    assert catalogue.conflicts() == []
    catalogue.add([record(2, PatientID="P1", PatientName="C", StudyDate="20200101")])
    assert len(catalogue.conflicts()) == 1
    catalogue.remove(["/files/2/1/1.dcm"])
    assert catalogue.conflicts() == []
