"""Days with a modality, as lists of work ask for them: few studies of the many that a large archive has of a day."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Index them on PostgreSQL, which reads every row of a day otherwise; SQLite looks at them in its index of days."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX study_by_day_with_modality ON study USING gin (string_to_array(study_date || "
            r"replace('\' || modalities_in_study, '\', '\' || study_date), '\')) WITH (fastupdate = off)"
        )
        op.execute("ANALYZE study")
