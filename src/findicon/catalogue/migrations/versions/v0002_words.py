"""Words inside names and descriptions: an index of their trigrams."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

STUDY = ("patient_name_alphabetic", "patient_name_ideographic", "patient_name_phonetic", "study_description")
PATIENT = STUDY[:3]


def upgrade() -> None:
    """Make the indexes, and fill them with what is there."""
    if op.get_context().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite()


def _postgresql() -> None:
    available = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"
    if op.get_bind().scalar(sa.text(available)) is None:
        return  # questions for words are answered all the same, only slowly
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    for table, columns in (("study", STUDY), ("patient", PATIENT)):
        for column in columns:
            name = f"{table}_words_of_{column.removeprefix('patient_')}"
            op.create_index(name, table, [column], postgresql_using="gin", postgresql_ops={column: "gin_trgm_ops"})


def _sqlite() -> None:
    names = ", ".join(STUDY)
    op.execute(
        f"CREATE VIRTUAL TABLE study_words USING fts5({names}, content='study', content_rowid='id', "
        "tokenize='trigram', columnsize=0)"
    )
    old, new = (", ".join(f"{row}.{name}" for name in STUDY) for row in ("old", "new"))
    forget = f"INSERT INTO study_words (study_words, rowid, {names}) VALUES ('delete', old.id, {old});"  # noqa: S608
    learn = f"INSERT INTO study_words (rowid, {names}) VALUES (new.id, {new});"  # noqa: S608
    changed = " OR ".join(f"old.{name} <> new.{name}" for name in STUDY)
    op.execute(f"CREATE TRIGGER study_words_new AFTER INSERT ON study BEGIN {learn} END")
    op.execute(f"CREATE TRIGGER study_words_gone AFTER DELETE ON study BEGIN {forget} END")
    op.execute(f"CREATE TRIGGER study_words_other AFTER UPDATE ON study WHEN {changed} BEGIN {forget} {learn} END")
    op.execute("INSERT INTO study_words (study_words) VALUES ('rebuild')")
