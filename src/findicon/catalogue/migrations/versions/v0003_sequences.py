"""Sequences that are asked for above the images: their items as text."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

PATIENT = ("issuer_of_patient_id_qualifiers_sequence", "other_patient_ids_sequence", "patient_species_code_sequence")
STUDY = (
    "issuer_of_accession_number_sequence",
    "procedure_code_sequence",
    "referenced_study_sequence",
    "requesting_service_code_sequence",
)
SERIES = ("request_attributes_sequence", "performed_protocol_code_sequence", "institution_code_sequence")

Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns; every file is read again when its turn comes, because its rows lack what they hold."""
    for table, names in (("patient", PATIENT), ("study", PATIENT + STUDY), ("series", SERIES)):
        for name in names:
            op.add_column(table, sa.Column(name, Text, nullable=False, server_default=""))
    op.execute("UPDATE file SET modified = -1, digest = ''")
    op.execute("UPDATE instance SET digest = ''")
