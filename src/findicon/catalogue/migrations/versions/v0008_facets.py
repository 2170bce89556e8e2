"""How many studies have each modality, station and description, for pages that offer them to choose from."""

from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

COLUMNS = {"Modality": "modalities_in_study", "StationName": "stations", "StudyDescription": "study_description"}

Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FACET = sa.table("facet", sa.column("keyword"), sa.column("value"), sa.column("studies"))


def upgrade() -> None:
    """Make the table, and count what is there."""
    op.add_column("study", sa.Column("stations", Text, nullable=False, server_default=""))
    op.create_table(
        "facet",
        sa.Column("keyword", Text, primary_key=True),
        sa.Column("value", Text, primary_key=True),
        sa.Column("studies", Number, nullable=False, server_default="0"),
    )
    op.create_index("series_by_station", "series", ["station_name"])
    op.create_index("facet_by_studies", "facet", ["keyword", "studies"])
    if op.get_context().dialect.name == "postgresql":
        op.execute(_stations("string_agg(station_name, E'\\\\' ORDER BY station_name)"))
    else:
        op.execute(_stations("group_concat(station_name, '\\')"))
    _count(op.get_bind())


def _stations(joined: str) -> str:
    return (
        f"UPDATE study SET stations = found.names FROM (SELECT parent, {joined} AS names FROM "  # noqa: S608 - ours
        "(SELECT DISTINCT parent, station_name FROM series WHERE station_name <> '' ORDER BY parent, station_name) "
        "AS one GROUP BY parent) AS found WHERE found.parent = study.id"
    )


def _count(connection: sa.Connection) -> None:
    """Count the values of all studies."""
    for keyword, name in COLUMNS.items():
        column: sa.ColumnClause[str] = sa.column(name)
        values: Counter[str] = Counter()
        for text, studies in connection.execute(
            sa.select(column, sa.func.count()).select_from(sa.table("study")).group_by(column)
        ):
            values.update(dict.fromkeys(filter(None, text.split("\\")), studies))
        rows = [{"keyword": keyword, "value": value, "studies": studies} for value, studies in values.items()]
        if rows:
            connection.execute(sa.insert(_FACET), rows)
