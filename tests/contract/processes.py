"""What tests have done in other processes, which import it by name."""

import random

from contract.making import record
from findicon.catalogue import Catalogue, InstanceRecord


def add_one(url: str, study: int) -> None:
    """Open a catalogue and add an instance."""
    with Catalogue(url) as catalogue:
        catalogue.add([record(study)])


def shared_records() -> list[InstanceRecord]:
    """Give instances of a few studies and patients that many processes bring."""
    return [
        record(
            study,
            series,
            instance,
            PatientID=f"P{study % 2}",
            PatientName=f"NAME^{'ABC'[instance % 3]}",
            Modality=("CT", "MR", "KO")[series],
            StudyDate=f"2020010{study}",
            StudyDescription="CHEST" if instance % 2 else "",
            SeriesDescription=f"Series {series}",
        )
        for study in range(1, 4)
        for series in range(3)
        for instance in range(6)
    ]


def add_in_disorder(url: str, seed: int) -> None:
    """Add all of them, in an order of one's own, a few at a time."""
    mixed = shared_records()
    random.Random(seed).shuffle(mixed)
    with Catalogue(url) as catalogue:
        for start in range(0, len(mixed), 5):
            catalogue.add(mixed[start : start + 5])


def add_and_remove(url: str, seed: int) -> None:
    """Add files of one's own and take some away again."""
    with Catalogue(url) as catalogue:
        for number in range(10):
            own = [record(100 * seed + number, 1, instance, PatientID="SHARED") for instance in range(3)]
            catalogue.add(own)
            catalogue.remove([own[0].location])
