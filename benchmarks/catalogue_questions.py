"""Questions to a filled catalogue that one to ten of its studies match, whatever its size."""

import random
from collections.abc import Iterable, Iterator

from benchmarks.archive_life import patient_id, study_uid
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.query import Query

FEW = range(1, 11)
COUNT = 20


def questions(catalogue: Catalogue, studies: int) -> dict[str, list[Query]]:
    """Give some questions of each kind, with the icon among what is asked for."""
    finder = CatalogueFinder(catalogue, retrieve_ae_title="ARCHIVE", limit=50)
    chance = random.Random(studies)
    numbers = chance.sample(range(studies), min(200, studies))
    samples = [
        match.dataset for number in numbers for match in finder.find(Query("STUDY", StudyInstanceUID=study_uid(number)))
    ]
    names = [str(sample.PatientName).partition("=")[0] for sample in samples]
    days = [(str(sample.StudyDate), _main(sample["ModalitiesInStudy"].value)) for sample in samples]
    return {
        "PatientID": _few(finder, ({"PatientID": patient_id(number // 3)} for number in numbers)),
        "date and modality": _few(finder, ({"StudyDate": day, "ModalitiesInStudy": kind} for day, kind in days)),
        "name prefix": _few(finder, ({"PatientName": part} for part in _prefixes(names))),
        "name infix": _few(finder, ({"PatientName": part} for part in _infixes(names))),
    }


def _main(modalities: str | Iterable[str]) -> str:
    """Give the modality that a workstation would ask for: a dose report is not what anybody looks for."""
    return modalities if isinstance(modalities, str) else next(one for one in modalities if one != "SR")


def _prefixes(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        family, _, given = name.partition("^")
        yield f"{family}^{given[:2]}*"
        yield f"{family}^{given[:4]}*"


def _infixes(names: list[str]) -> Iterator[str]:
    # The shorter ones first: in a large archive three letters are in many names.
    for length in (3, 4, 5, 6):
        for name in names:
            yield f"*{name[1 : 1 + length]}*"


def _few(finder: CatalogueFinder, keys: Iterable[dict[str, str]]) -> list[Query]:
    found: list[Query] = []
    for one in keys:
        query = Query("STUDY", icon=True, limit=FEW.stop, **one)
        if sum(1 for _ in finder.find(query)) in FEW:
            found.append(Query("STUDY", icon=True, **one))
            if len(found) == COUNT:
                break
    return found
