"""An archive in plain Python: what every Finder has to answer, by the Standard's words and nothing faster."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from findicon.catalogue import InstanceRecord
from findicon.query import Key, Level, Options, Query, Value, clean, matches, name_groups, vr_of

PATIENT_ID, ISSUER, NAME, BIRTH_DATE = 0x00100020, 0x00100021, 0x00100010, 0x00100030
STUDY, SERIES, INSTANCE = 0x0020000D, 0x0020000E, 0x00080018
DATE, MODALITY, SOP_CLASS = 0x00080020, 0x00080060, 0x00080016
NOT_KEYS = {0x00080005, 0x00080052, 0x00080053, 0x00080054, 0x00080201}
ICON = 0x00880200


@dataclass
class Entity:
    """A patient, study, series or instance, with everything that may be asked of it."""

    values: dict[int, Value]
    below: list["Entity"] = field(default_factory=list)


# Which attributes belong to which level, beside those that are counted or collected. What is not named is an image's.
LEVELS: dict[Level, set[str]] = {
    Level.PATIENT: {
        "PatientID", "PatientName", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientComments",
    },
    Level.STUDY: {
        "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyID", "StudyDescription",
        "ReferringPhysicianName", "PatientWeight", "PatientAge", "NameOfPhysiciansReadingStudy",
        "ProcedureCodeSequence", "IssuerOfAccessionNumberSequence",
    },
    Level.SERIES: {
        "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "OperatorsName",
        "RequestAttributesSequence",
    },
}  # fmt: skip


class Archive:
    """What the files of an archive amount to.

    Parameters
    ----------
    files
        The record of each, and what its header has beside the record's attributes.
    """

    def __init__(self, files: Iterable[tuple[InstanceRecord, Mapping[int, Value]]]) -> None:
        first: dict[str, tuple[InstanceRecord, Mapping[int, Value]]] = {}
        for one in sorted(files, key=lambda one: one[0].location, reverse=True):
            first[one[0].attributes[INSTANCE]] = one
        self.levels: dict[Level, list[Entity]] = {level: [] for level in Level}
        self._build([self._cleaned(*one) for one in first.values()])

    @staticmethod
    def _cleaned(record: InstanceRecord, others: Mapping[int, Value]) -> dict[int, Value]:
        values: dict[int, Value] = {tag: clean(vr_of(tag), text) for tag, text in record.attributes.items()}
        return values | dict(others) | {0x00083002: record.transfer_syntax}

    def _build(self, instances: list[dict[int, Value]]) -> None:
        by_study = _grouped(instances, STUDY)
        patients: dict[tuple[str, ...], list[Entity]] = {}
        for of_study in by_study.values():
            study = Entity(dict(_spokesman(of_study)))
            for of_series in _grouped(of_study, SERIES).values():
                series = Entity(dict(_spokesman(of_series)))
                series.below = [Entity(dict(instance)) for instance in of_series]
                series.values[0x00201209] = str(len(of_series))
                study.below.append(series)
            study.values[0x00201206] = str(len(study.below))
            study.values[0x00201208] = str(len(of_study))
            study.values[0x00080061] = _joined(one.values.get(MODALITY, "") for one in study.below)
            study.values[0x00080062] = _joined(one.get(SOP_CLASS, "") for one in of_study)
            patients.setdefault(_patient(study.values), []).append(study)
        for studies in patients.values():
            self._patient(studies)

    def _patient(self, studies: list[Entity]) -> None:
        latest = max(studies, key=lambda one: (one.values.get(DATE, ""), one.values[STUDY]))
        patient = Entity(dict(latest.values), studies)
        counts = {
            0x00201200: str(len(studies)),
            0x00201202: str(sum(int(one.values[0x00201206]) for one in studies)),
            0x00201204: str(sum(int(one.values[0x00201208]) for one in studies)),
        }
        patient.values |= counts
        self.levels[Level.PATIENT].append(patient)
        for study in studies:
            study.values |= counts
            self.levels[Level.STUDY].append(study)
            for series in study.below:
                series.values = _inherited(study.values, series.values, Level.SERIES)
                self.levels[Level.SERIES].append(series)
                for instance in series.below:
                    instance.values = _inherited(series.values, instance.values, Level.IMAGE)
                    self.levels[Level.IMAGE].append(instance)

    def answers(self, query: Query) -> list[dict[int, Value]]:
        """Give the values of every answer, by tag."""
        found = []
        for entity in self.levels[query.level]:
            if self._matches(query, entity):
                tags = [tag for tag in query.keys if tag not in NOT_KEYS and supported(tag, query.level)]
                tags += [level.unique_key for level in query.model.levels_above(query.level)]
                found.append(
                    {tag: shown(query.keys.get(tag), entity.values.get(tag, ""), query.options) for tag in tags}
                )
        return found

    @staticmethod
    def _matches(query: Query, entity: Entity) -> bool:
        keys = [key for key in query.keys.values() if key.tag not in NOT_KEYS and key.tag != ICON]
        at = [key for key in keys if supported(key.tag, query.level)]
        if not matches(at, entity.values, query.options):
            return False
        if not query.options.relational:
            return True
        below = {}
        for key in keys:
            level = level_of(key.tag)
            if level is not None and level.depth > query.level.depth and not key.is_universal:
                below.setdefault(level, []).append(key)
        return not below or _some_below(entity, query.level.depth + 1, below, query)


def shown(key: Key | None, value: Value, options: Options) -> Value:
    """Give what an answer has of a value: of a sequence the matching items with what was asked (PS3.4 C.2.2.2.6)."""
    if key is None or key.vr != "SQ":
        return value
    items = [] if isinstance(value, str) else value
    if not key.items or not key.items[0]:
        return items
    (asked,) = key.items
    return [
        {one.tag: shown(one, item.get(one.tag, ""), options) for one in asked}
        for item in items
        if matches(asked, item, options)
    ]


def _some_below(entity: Entity, depth: int, keys: Mapping[Level, list[Key]], query: Query) -> bool:
    """Tell whether some descendants, one of each level, match the keys of their levels."""
    here = next((found for level, found in keys.items() if level.depth == depth), [])
    deeper = any(level.depth > depth for level in keys)
    return any(
        matches(here, one.values, query.options) and (not deeper or _some_below(one, depth + 1, keys, query))
        for one in entity.below
    )


def supported(tag: int, level: Level) -> bool:
    """Tell whether an attribute may be asked at a level: it belongs to that one or to one above."""
    own = level_of(tag)
    return own is not None and own.depth <= level.depth


def level_of(tag: int) -> Level | None:
    """Give the level that an attribute belongs to, of those that the tests ask for."""
    if tag in _COUNTED:
        return _COUNTED[tag]
    key = Key(tag, vr_of(tag)).keyword
    for level, names in LEVELS.items():
        if key in names:
            return level
    return None if tag == ICON else Level.IMAGE


_COUNTED = {
    0x00201200: Level.PATIENT,
    0x00201202: Level.PATIENT,
    0x00201204: Level.PATIENT,
    0x00201206: Level.STUDY,
    0x00201208: Level.STUDY,
    0x00080061: Level.STUDY,
    0x00080062: Level.STUDY,
    0x00201209: Level.SERIES,
    0x00083002: Level.IMAGE,
}


def _inherited(above: Mapping[int, Value], own: Mapping[int, Value], level: Level) -> dict[int, Value]:
    """Give what belongs to an entity's level or below from itself, what belongs above from what is above."""
    from_above = {tag: value for tag, value in above.items() if (level_of(tag) or Level.IMAGE).depth < level.depth}
    return from_above | {
        tag: value for tag, value in own.items() if (level_of(tag) or Level.IMAGE).depth >= level.depth
    }


def _spokesman(instances: list[dict[int, Value]]) -> dict[int, Value]:
    """The instance that says most about patient, study and series; the smallest UID decides."""

    def rank(instance: Mapping[int, Value]) -> tuple[int, Value]:
        said = sum(bool(text) for tag, text in instance.items() if (level_of(tag) or Level.IMAGE) is not Level.IMAGE)
        names = [str(instance.get(NAME, "")), str(instance.get(0x00080090, ""))]
        folded = sum(map(bool, [group for name in names for group in name_groups(name)] + names))
        return -said - folded, instance[INSTANCE]

    return min(instances, key=rank)


def _patient(values: Mapping[int, Value]) -> tuple[str, ...]:
    if values.get(PATIENT_ID):
        return values[PATIENT_ID], values.get(ISSUER, "")
    return "", "", name_groups(values.get(NAME, ""))[0], values.get(BIRTH_DATE, "")


def _grouped(instances: list[dict[int, Value]], tag: int) -> dict[str, list[dict[int, Value]]]:
    groups: dict[str, list[dict[int, Value]]] = {}
    for instance in instances:
        groups.setdefault(instance[tag], []).append(instance)
    return groups


def _joined(values: Iterable[str]) -> str:
    return "\\".join(sorted({value for value in values if value}))
