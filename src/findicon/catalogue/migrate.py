"""The tables of a database, made or brought up to date (Alembic, without a configuration file)."""

import io
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from ..errors import CatalogueError
from .database import Database

if TYPE_CHECKING:
    from alembic.config import Config

SCHEMA_VERSION = "0009"
"""The newest migration: a database that says so is not looked at any further."""


def migrate(database: Database, to: str = SCHEMA_VERSION) -> None:
    """Make the tables, or bring those of an earlier version up to date; two processes may do it at once.

    Parameters
    ----------
    database
        What is migrated.
    to
        The version, if not the newest one.

    Raises
    ------
    CatalogueError
        The database is of a later version than this program, or cannot be written.
    """
    if version(database) == to:
        return
    # Only a new or an old database pays for importing Alembic.
    from alembic import command  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    configuration = alembic_configuration()

    def upgrade(connection: Connection) -> None:
        database.alone(connection)
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, to)

    try:
        database.write(upgrade)
    except CommandError as error:
        raise CatalogueError(f"The catalogue was made by another version of findicon: {error}") from error


def alembic_configuration() -> "Config":
    """Tell Alembic where the migrations are."""
    from alembic.config import Config  # noqa: PLC0415

    configuration = Config(stdout=io.StringIO())
    configuration.set_main_option("script_location", str(files(__package__) / "migrations"))
    return configuration


def version(database: Database) -> str:
    """Tell which version the tables are; empty when there are none yet."""
    rows = database.rows_if_any("SELECT version_num FROM alembic_version", "alembic_version")
    return str(rows[0][0]) if rows else ""
