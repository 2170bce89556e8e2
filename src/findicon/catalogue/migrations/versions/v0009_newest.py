"""Studies in the order of their moments, with what people look for in them: lists are read without the rows."""

from alembic import op

revision = "0009"
down_revision = "0008"

_PLACE = ["study_date", "study_time", "study_instance_uid", "modalities_in_study"]
# An entry of PostgreSQL's indexes is bounded, and its rows are read anyway to see whether they still are.
_SHOWN = [
    "patient_name_alphabetic", "patient_name_ideographic", "patient_name_phonetic", "study_description", "patient_id",
    "accession_number", "stations",
]  # fmt: skip


def upgrade() -> None:
    """Put the new index of days in the place of the old one, and index what else leads to few studies.

    The index of modalities is of an expression, so that no other question is drawn to it.
    """
    op.drop_index("study_by_date")
    is_sqlite = op.get_context().dialect.name == "sqlite"
    op.create_index("study_by_date", "study", [*_PLACE, *(_SHOWN if is_sqlite else ())])
    op.create_index("study_by_description", "study", ["study_description"])
    op.drop_index("series_by_station")
    op.create_index("series_by_station", "series", ["station_name", "parent"])
    op.execute("CREATE INDEX series_by_modality ON series ((modality || ''), parent)")
    # Descriptions are found among those that were counted: whole, also where there is a backslash in one.
    op.execute("DELETE FROM facet WHERE keyword = 'StudyDescription'")
    op.execute(
        "INSERT INTO facet (keyword, value, studies) SELECT 'StudyDescription', study_description, count(*) FROM study "
        "WHERE study_description <> '' GROUP BY study_description"
    )
