"""The tables as statements name them. The migrations make them, and their indexes.

Rows of attributes hang below each other by `parent`: patient, study, series, instance. A study carries the attributes
of its patient too, as its own instances give them, so that conflicting patient data stay with their study.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ..query import Level
from .columns import GROUP_NAMES, columns_of

METADATA = MetaData()

# Compared byte by byte in both databases, so that ranges and prefixes mean the same as in Python.
_Text = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite knows only INTEGER as the row's own number.
_Number = BigInteger().with_variant(Integer(), "sqlite")


def _identity() -> Column[int]:
    return Column("id", _Number, primary_key=True, autoincrement=True)


def _text(name: str) -> Column[str]:
    return Column(name, _Text, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, _Number, nullable=False, server_default="0")


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("false"))


def _attributes(*levels: Level) -> list[Column[object]]:
    found: list[Column[object]] = []
    for level in levels:
        for column in columns_of(level):
            if column.kind == "number":
                if level is levels[-1]:
                    found.append(_number(column.name))  # type: ignore[arg-type]
            else:
                found.append(_text(column.name))  # type: ignore[arg-type]
                if column.is_folded:
                    names = (*GROUP_NAMES, "sounds")
                    found += [_text(f"{column.name}_{name}") for name in names]  # type: ignore[misc]
    return found


PATIENT = Table(
    "patient",
    METADATA,
    _identity(),
    Column("key", _Text, nullable=False, unique=True),
    *_attributes(Level.PATIENT),
)
"""One row for each Patient ID with its issuer; its attributes are those of its latest study."""

STUDY = Table(
    "study",
    METADATA,
    _identity(),
    Column("parent", _Number),
    *_attributes(Level.PATIENT, Level.STUDY),
    _text("source"),
    _text("stations"),
    _number("revision"),
    _flag("icon_wanted"),
    _flag("conflict_within"),
    _flag("conflict_with_patient"),
    UniqueConstraint("study_instance_uid"),
)
"""One row for each study; `stations` are the Station Names of its series, for the facets."""

SERIES = Table(
    "series",
    METADATA,
    _identity(),
    Column("parent", _Number, nullable=False),
    *_attributes(Level.SERIES),
    _text("source"),
    _number("revision"),
    _flag("icon_wanted"),
    UniqueConstraint("parent", "series_instance_uid"),
)
"""One row for each series of a study."""

INSTANCE = Table(
    "instance",
    METADATA,
    _identity(),
    Column("parent", _Number, nullable=False),
    *_attributes(Level.IMAGE),
    _text("location"),
    _number("size"),
    Column("modified", Float(53), nullable=False, server_default="0"),
    _text("patient_identity"),
    _text("rank"),
    _text("digest"),
    _text("facts"),
    UniqueConstraint("sop_instance_uid"),
)
"""One row for each instance, as the file at `location` shows it."""

HEADER = Table(
    "header",
    METADATA,
    Column("instance", _Number, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)
"""The data set of each instance without bulk data, compressed."""

FILE = Table(
    "file",
    METADATA,
    Column("path", _Text, primary_key=True),
    _number("size"),
    Column("modified", Float(53), nullable=False, server_default="0"),
    _text("sop_instance_uid"),
    _text("digest"),
    _text("reason"),
)
"""Every file that was read, also those that could not be: then `reason` says why."""

ICON = Table(
    "icon",
    METADATA,
    _identity(),
    _text("origin"),
    _text("level"),
    _text("uid"),
    _text("rule"),
    _text("source"),
    _text("reason"),
    Column("made_at", Float(53), nullable=False, server_default="0"),
    Column("item", LargeBinary),
    Column("preview", LargeBinary),
    UniqueConstraint("level", "uid", "origin"),
)
"""Pictures, by where the entity is from (empty: this archive), level and UID; no item: there is none to give."""

DAY = Table("day", METADATA, Column("study_date", _Text, primary_key=True), _number("studies"))
"""How many studies each day has, kept so that nobody has to count."""

FACET = Table(
    "facet",
    METADATA,
    Column("keyword", _Text, primary_key=True),
    Column("value", _Text, primary_key=True),
    _number("studies"),
)
"""How many studies have each value of a few attributes, kept so that nobody has to count."""

TALLY = Table("tally", METADATA, Column("name", _Text, primary_key=True), _number("count"))
"""How many of everything there are, kept so that nobody has to count."""

TABLES = {Level.PATIENT: PATIENT, Level.STUDY: STUDY, Level.SERIES: SERIES, Level.IMAGE: INSTANCE}
"""The table of each level."""
