"""How names sound, for fuzzy matching."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from findicon.query import name_sounds

revision = "0004"
down_revision = "0003"

COLUMNS = (("patient", "patient_name"), ("study", "patient_name"), ("study", "referring_physician_name"))
PIECE = 10_000

Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns, fill them, index them."""
    for table, name in COLUMNS:
        op.add_column(table, sa.Column(f"{name}_sounds", Text, nullable=False, server_default=""))
        _fill(table, name)
    if op.get_context().dialect.name == "postgresql":
        for table in ("study", "patient"):
            op.execute(
                f"CREATE INDEX {table}_sounds ON {table} USING gin (string_to_array(patient_name_sounds, E'\\\\'))"
            )
    else:
        _index_in_sqlite()


def _fill(table: str, name: str) -> None:
    columns = sa.table(table, sa.column("id"), sa.column(name), sa.column(f"{name}_sounds"))
    source, target = columns.c[name], columns.c[f"{name}_sounds"]
    change = sa.update(columns).where(columns.c.id == sa.bindparam("number")).values({target: sa.bindparam("sounds")})
    last = 0
    while rows := _piece(columns, source, last):
        op.get_bind().execute(
            change, [{"number": number, "sounds": "\\".join(name_sounds(text))} for number, text in rows]
        )
        last = rows[-1][0]


def _piece(columns: Any, source: Any, last: int) -> list[Any]:
    statement = sa.select(columns.c.id, source).where(columns.c.id > last, source != "").order_by(columns.c.id)
    return list(op.get_bind().execute(statement.limit(PIECE)))


def _index_in_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE study_sounds USING fts5(patient_name_sounds, content='study', content_rowid='id', "
        "tokenize='ascii', columnsize=0, detail='none')"
    )
    forget = (
        "INSERT INTO study_sounds (study_sounds, rowid, patient_name_sounds) "
        "VALUES ('delete', old.id, old.patient_name_sounds);"
    )
    learn = "INSERT INTO study_sounds (rowid, patient_name_sounds) VALUES (new.id, new.patient_name_sounds);"
    changed = "old.patient_name_sounds <> new.patient_name_sounds"
    op.execute(f"CREATE TRIGGER study_sounds_new AFTER INSERT ON study BEGIN {learn} END")
    op.execute(f"CREATE TRIGGER study_sounds_gone AFTER DELETE ON study BEGIN {forget} END")
    op.execute(f"CREATE TRIGGER study_sounds_other AFTER UPDATE ON study WHEN {changed} BEGIN {forget} {learn} END")
    op.execute("INSERT INTO study_sounds (study_sounds) VALUES ('rebuild')")
