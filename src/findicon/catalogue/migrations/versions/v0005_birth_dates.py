"""Patients are looked for by their birth date, where a name is spelled in many ways."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Index it."""
    op.create_index("study_by_birth_date", "study", ["patient_birth_date"])
    op.create_index("patient_by_birth_date", "patient", ["patient_birth_date"])
