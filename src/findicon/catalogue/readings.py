"""What is read from the catalogue by fixed statements, beside the answers to queries."""

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select

from ..query import Level
from .schema import DAY, FACET, FILE, ICON, INSTANCE, SERIES, STUDY, TALLY

# Spelled out, so that the databases see that their partial indexes fit.
NONE: ColumnElement[str] = literal_column("''")

FACTS = (
    select(INSTANCE.c.facts)
    .join(SERIES, SERIES.c.id == INSTANCE.c.parent)
    .where(SERIES.c.series_instance_uid == bindparam("uid"))
    .order_by(INSTANCE.c.sop_instance_uid)
)
SERIES_OF = (
    select(SERIES.c.series_instance_uid)
    .join(STUDY, STUDY.c.id == SERIES.c.parent)
    .where(STUDY.c.study_instance_uid == bindparam("uid"))
    .order_by(SERIES.c.series_instance_uid)
)
LOCATION = select(
    INSTANCE.c.location,
    INSTANCE.c.size,
    INSTANCE.c.modified,
    INSTANCE.c.available_transfer_syntax_uid,
    INSTANCE.c.sop_class_uid,
).where(INSTANCE.c.sop_instance_uid == bindparam("uid"))

FILES = select(FILE.c.path, FILE.c.size, FILE.c.modified).where(
    FILE.c.path >= bindparam("low"), FILE.c.path < bindparam("high")
)
FAILED_FILES = select(FILE.c.path, FILE.c.reason).where(FILE.c.reason != NONE)
FILE_REASONS = select(FILE.c.reason, func.count()).where(FILE.c.reason != NONE).group_by(FILE.c.reason)

_NO_PICTURE = ICON.c.reason != NONE
FAILED_ICONS = select(ICON.c.level, ICON.c.uid, ICON.c.reason).where(_NO_PICTURE)
NO_PICTURES = select(func.count()).select_from(ICON).where(ICON.c.item.is_(None))
ICON_REASONS = select(ICON.c.reason, func.count()).where(_NO_PICTURE).group_by(ICON.c.reason)

_THIS_PICTURE = (
    ICON.c.level == bindparam("level"),
    ICON.c.uid == bindparam("uid"),
    ICON.c.origin == bindparam("origin"),
)
ITEM = select(ICON.c.item).where(*_THIS_PICTURE)
PREVIEW = select(ICON.c.preview).where(*_THIS_PICTURE)

MADE_OF = select(ICON.c.source).where(*_THIS_PICTURE)
FACTS_OF_ONE = select(INSTANCE.c.facts).where(INSTANCE.c.sop_instance_uid == bindparam("uid"))

_OF_STUDY = select(STUDY.c.id).where(STUDY.c.study_instance_uid == bindparam("study"))
_OF_SERIES = (
    select(SERIES.c.id)
    .join(STUDY, STUDY.c.id == SERIES.c.parent)
    .where(STUDY.c.study_instance_uid == bindparam("study"), SERIES.c.series_instance_uid == bindparam("series"))
)
_OF_INSTANCE = (
    select(INSTANCE.c.id)
    .join(SERIES, SERIES.c.id == INSTANCE.c.parent)
    .join(STUDY, STUDY.c.id == SERIES.c.parent)
    .where(
        INSTANCE.c.sop_instance_uid == bindparam("instance"),
        SERIES.c.series_instance_uid == bindparam("series"),
        STUDY.c.study_instance_uid == bindparam("study"),
    )
)
HELD = {Level.STUDY: _OF_STUDY, Level.SERIES: _OF_SERIES, Level.IMAGE: _OF_INSTANCE}

_WANTED: ColumnElement[bool] = literal_column("icon_wanted")
WANTED = {
    Level.STUDY: select(STUDY.c.study_instance_uid).where(_WANTED).order_by(STUDY.c.id).limit(bindparam("most")),
    Level.SERIES: select(SERIES.c.series_instance_uid).where(_WANTED).order_by(SERIES.c.id).limit(bindparam("most")),
}
# A series may be in two studies under one UID, and has one picture: it changed when one of its rows did.
REVISION = {
    Level.STUDY: select(func.sum(STUDY.c.revision)).where(STUDY.c.study_instance_uid == bindparam("uid")),
    Level.SERIES: select(func.sum(SERIES.c.revision)).where(SERIES.c.series_instance_uid == bindparam("uid")),
}
WAITING = tuple(select(func.count()).select_from(table).where(_WANTED) for table in (STUDY, SERIES))

CONFLICTS = select(
    STUDY.c.study_instance_uid,
    STUDY.c.patient_id,
    STUDY.c.patient_name,
    STUDY.c.patient_birth_date,
    STUDY.c.patient_sex,
    STUDY.c.conflict_within,
).where(literal_column("conflict_within or conflict_with_patient"))

TOTALS = select(TALLY.c.name, TALLY.c.count)
DAYS = select(DAY.c.study_date, DAY.c.studies).where(DAY.c.studies > 0).order_by(DAY.c.study_date.desc())
FACET_VALUES = (
    select(FACET.c.value, FACET.c.studies)
    .where(FACET.c.keyword == bindparam("keyword"), FACET.c.studies > 0)
    .order_by(FACET.c.studies.desc(), FACET.c.value)
    .limit(bindparam("most"))
)
