"""Tables of every earlier version become those of this one, with what is in them."""

import sqlite3
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from contract.making import record
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.catalogue.database import Database
from findicon.catalogue.migrate import SCHEMA_VERSION, alembic_configuration, migrate, version
from findicon.catalogue.opening import open_database
from findicon.catalogue.schema import METADATA
from findicon.errors import CatalogueError
from findicon.query import Options, Query

VERSIONS = [script.revision for script in ScriptDirectory.from_config(alembic_configuration()).walk_revisions()]


@pytest.fixture
def database(blank_database: Callable[[], str]) -> Iterator[Database]:
    opened = open_database(blank_database())
    yield opened
    opened.close()


def test_the_newest_migration_is_the_one_that_is_looked_for() -> None:
    assert VERSIONS[0] == SCHEMA_VERSION


def insert(connection: Connection) -> None:
    """Put a study with one instance into tables of any version."""
    for statement in (
        "INSERT INTO patient (id, key, patient_id, patient_name, patient_name_alphabetic, "
        "number_of_patient_related_studies, number_of_patient_related_series, number_of_patient_related_instances) "
        "VALUES (1, 'P1\\', 'P1', 'MEYER^ANNA', 'meyer^anna^', 1, 1, 1)",
        "INSERT INTO study (id, parent, study_instance_uid, patient_id, patient_name, patient_name_alphabetic, "
        "study_description, modalities_in_study, source, number_of_study_related_series, "
        "number_of_study_related_instances) "
        "VALUES (1, 1, '1.2.1', 'P1', 'MEYER^ANNA', 'meyer^anna^', 'CT CHEST', 'CT', 'x', 1, 1)",
        "INSERT INTO series (id, parent, series_instance_uid, modality, station_name, source, "
        "number_of_series_related_instances) VALUES (1, 1, '1.2.1.1', 'CT', 'CT1', 'x', 1)",
        "INSERT INTO instance (id, parent, sop_instance_uid, location, size, modified, digest, facts, rank) "
        "VALUES (1, 1, '1.2.1.1.1', '/files/1/1/1.dcm', 1000, 1.0, 'd', '{}', 'x')",
        "INSERT INTO file (path, size, modified, sop_instance_uid, digest) "
        "VALUES ('/files/1/1/1.dcm', 1000, 1.0, '1.2.1.1.1', 'd')",
    ):
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize("earlier", VERSIONS[1:])
def test_an_earlier_catalogue_is_brought_up_to_date(database: Database, earlier: str) -> None:
    migrate(database, earlier)
    database.write(insert)
    migrate(database)
    assert version(database) == SCHEMA_VERSION
    assert differences(database) == []


@pytest.mark.parametrize("earlier", VERSIONS[1:])
def test_what_was_in_it_is_found_by_new_means(blank_database: Callable[[], str], earlier: str) -> None:
    url = blank_database()
    database = open_database(url)
    migrate(database, earlier)
    database.write(insert)
    database.close()
    with Catalogue(url) as catalogue:
        finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON")
        queries = [Query("STUDY", PatientName="*eyer*"), Query("STUDY", StudyDescription="*CHEST")]
        if earlier < "0004":  # later ones had their sounds from the start
            fuzzy = Options(fuzzy_names=True)
            queries += [Query(level, PatientName="Maier", options=fuzzy) for level in ("STUDY", "PATIENT")]
        for query in queries:
            assert len(list(finder.find(query))) == 1, query
        assert catalogue.facet("StudyDescription") == {"CT CHEST": 1}
        assert catalogue.facet("Modality") == ({"CT": 1} if earlier < "0008" else {}), "counted by those who wrote it"
        assert catalogue.facet("StationName") == ({"CT1": 1} if earlier < "0008" else {})
        # The file is read again when its turn comes, because the rows lack what they hold now.
        if earlier < "0003":
            assert catalogue.files() == {"/files/1/1/1.dcm": (1000, -1.0)}


def differences(database: Database) -> list[object]:
    """Give what the tables have that the statements do not know, and the other way round; indexes aside."""

    def compared(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"include_name": is_ours, "include_object": is_no_index, "compare_type": False}
        )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
            return list(compare_metadata(context, METADATA))

    return database.write(compared)


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    return kind != "table" or name in METADATA.tables


def is_no_index(item: object, name: str | None, kind: str, reflected: bool, compared: object) -> bool:
    return kind != "index"


def test_tables_are_as_the_statements_name_them(database: Database) -> None:
    migrate(database)
    assert differences(database) == []


def test_a_catalogue_of_a_later_version_is_refused(blank_database: Callable[[], str]) -> None:
    url = blank_database()
    with Catalogue(url) as catalogue:
        catalogue.database.write(
            lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        )
    with pytest.raises(CatalogueError, match="another version"):
        Catalogue(url)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(b"This is no database, whatever its name says. " * 50)
    with pytest.raises(CatalogueError, match=r"catalogue\.sqlite"):
        Catalogue(str(path))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogueError, match="file"):
        Catalogue(str(tmp_path / "file" / "catalogue.sqlite"))


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "sqlite://", "sqlite:///:memory:", "postgresql://nobody@127.0.0.1:1/nothing"]
)
def test_a_url_that_leads_nowhere_is_named(url: str) -> None:
    with pytest.raises(CatalogueError) as error:
        Catalogue(url)
    assert url.partition("://")[2].partition("@")[2] in str(error.value)


def test_a_password_is_not_told() -> None:
    with pytest.raises(CatalogueError) as error:
        Catalogue("postgresql://user:secret@127.0.0.1:1/nothing")
    assert "secret" not in str(error.value)


def test_paths_with_blanks_and_letters_of_any_kind(tmp_path: Path) -> None:
    for url in (str(tmp_path / "a b" / "ü.sqlite"), f"sqlite:///{tmp_path}/c%20d.sqlite"):
        with Catalogue(url) as catalogue:
            catalogue.add([record(1)])
    assert (tmp_path / "c d.sqlite").exists()
    with sqlite3.connect(tmp_path / "a b" / "ü.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM study").fetchone() == (1,)
    connection.close()
