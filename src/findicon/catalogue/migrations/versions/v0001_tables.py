"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

PATIENT = """patient_id patient_name issuer_of_patient_id patient_birth_date patient_birth_time patient_sex
    other_patient_ids other_patient_names patient_birth_name patient_mother_birth_name ethnic_group patient_comments
    responsible_person patient_species_description patient_breed_description patient_identity_removed"""
STUDY = """study_instance_uid study_date study_time accession_number study_id study_description
    referring_physician_name name_of_physicians_reading_study physicians_of_record consulting_physician_name
    admitting_diagnoses_description admission_id patient_age patient_size patient_weight occupation
    additional_patient_history medical_alerts allergies pregnancy_status patient_sex_neutered
    clinical_trial_time_point_id modalities_in_study sop_classes_in_study"""
SERIES = """series_instance_uid modality series_number series_description series_date series_time body_part_examined
    laterality protocol_name performing_physician_name operators_name institution_name institution_address
    institutional_department_name station_name manufacturer manufacturer_model_name device_serial_number
    software_versions patient_position frame_of_reference_uid performed_procedure_step_start_date
    performed_procedure_step_start_time performed_procedure_step_id performed_procedure_step_description
    presentation_intent_type clinical_trial_series_id"""
INSTANCE = """sop_instance_uid sop_class_uid instance_number image_type content_date content_time acquisition_date
    acquisition_time acquisition_date_time acquisition_number instance_creation_date instance_creation_time
    number_of_frames rows columns bits_allocated photometric_interpretation content_label completion_flag
    verification_flag available_transfer_syntax_uid"""
PATIENT_NAME = "patient_name_alphabetic patient_name_ideographic patient_name_phonetic"
REFERRING = "alphabetic ideographic phonetic"

Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, Text, nullable=False, server_default="") for name in names.split()]


def _numbers(names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, Number, nullable=False, server_default="0") for name in names.split()]


def _flags(names: str) -> list[sa.Column[bool]]:
    return [sa.Column(name, sa.Boolean, nullable=False, server_default=sa.text("false")) for name in names.split()]


def _identity() -> sa.Column[int]:
    return sa.Column("id", Number, primary_key=True, autoincrement=True)


def _moment(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float(53), nullable=False, server_default="0")


def _parent(*, nullable: bool = False) -> sa.Column[int]:
    return sa.Column("parent", Number, nullable=nullable)


def upgrade() -> None:
    """Make the tables."""
    referring = " ".join(f"referring_physician_name_{group}" for group in REFERRING.split())
    op.create_table(
        "patient",
        _identity(),
        sa.Column("key", Text, nullable=False, unique=True),
        *_texts(f"{PATIENT} {PATIENT_NAME}"),
        *_numbers(
            "number_of_patient_related_studies number_of_patient_related_series number_of_patient_related_instances"
        ),
    )
    op.create_table(
        "study",
        _identity(),
        _parent(nullable=True),
        *_texts(f"{PATIENT} {PATIENT_NAME} {STUDY} {referring} source"),
        *_numbers("number_of_study_related_series number_of_study_related_instances revision"),
        *_flags("icon_wanted conflict_within conflict_with_patient"),
        sa.UniqueConstraint("study_instance_uid"),
    )
    op.create_table(
        "series",
        _identity(),
        _parent(),
        *_texts(f"{SERIES} source"),
        *_numbers("number_of_series_related_instances revision"),
        *_flags("icon_wanted"),
        sa.UniqueConstraint("parent", "series_instance_uid"),
    )
    op.create_table(
        "instance",
        _identity(),
        _parent(),
        *_texts(f"{INSTANCE} location patient_identity rank digest facts"),
        *_numbers("size"),
        _moment("modified"),
        sa.UniqueConstraint("sop_instance_uid"),
    )
    op.create_table(
        "header",
        sa.Column("instance", Number, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "file",
        sa.Column("path", Text, primary_key=True),
        *_texts("sop_instance_uid digest reason"),
        *_numbers("size"),
        _moment("modified"),
    )
    op.create_table(
        "icon",
        _identity(),
        *_texts("origin level uid rule source reason"),
        _moment("made_at"),
        # The preview comes last: SQLite then reads an item without it.
        sa.Column("item", sa.LargeBinary),
        sa.Column("preview", sa.LargeBinary),
        sa.UniqueConstraint("level", "uid", "origin"),
    )
    op.create_table("day", sa.Column("study_date", Text, primary_key=True), *_numbers("studies"))
    op.create_table("tally", sa.Column("name", Text, primary_key=True), *_numbers("count"))
    _indexes()


def _indexes() -> None:
    op.create_index("patient_by_id", "patient", ["patient_id"])
    op.create_index("study_by_parent", "study", ["parent", "study_date", "study_instance_uid"])
    op.create_index("study_by_patient_id", "study", ["patient_id"])
    op.create_index("study_by_date", "study", ["study_date", "study_time", "modalities_in_study"])
    op.create_index("study_by_accession_number", "study", ["accession_number"])
    op.create_index("study_by_study_id", "study", ["study_id"])
    for group in ("alphabetic", "ideographic", "phonetic"):
        for table in ("patient", "study"):
            _partly(f"{table}_by_{group}_name", table, f"patient_name_{group}", f"patient_name_{group} <> ''")
        name = f"referring_physician_name_{group}"
        _partly(f"study_by_{group}_referring_physician", "study", name, f"{name} <> ''")
    op.create_index("series_by_uid", "series", ["series_instance_uid"])
    op.create_index("instance_by_parent", "instance", ["parent", "rank"])
    op.create_index("file_by_instance", "file", ["sop_instance_uid"])
    _partly("file_by_reason", "file", "reason", "reason <> ''")
    _partly("icon_by_reason", "icon", "reason", "reason <> ''")
    _partly("study_icon_wanted", "study", "id", "icon_wanted")
    _partly("series_icon_wanted", "series", "id", "icon_wanted")
    _partly("study_conflicts", "study", "id", "conflict_within or conflict_with_patient")


def _partly(name: str, table: str, column: str, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
