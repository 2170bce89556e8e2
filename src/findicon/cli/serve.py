"""``findicon serve``: answer queries with pictures."""

from pathlib import Path
from typing import Annotated

import typer

from ..catalogue import Catalogue
from ..observe import configure, log
from ..query import Level
from .databases import file_of, without_password
from .folders import data_folder
from .serving import how_to_ask, serving
from .settings import Settings, load_settings
from .stopping import until_stopped, wait


def serve(
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="Path or URL of the catalogue's database.")
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="The settings: a findicon.toml.")] = None,
    host: Annotated[
        str | None, typer.Option(metavar="H", help="Address to listen on; any but this machine's own needs peers.")
    ] = None,
    dicom_port: Annotated[int | None, typer.Option(metavar="N", help="Port to listen on; 0 takes a free one.")] = None,
    ae_title: Annotated[str | None, typer.Option(metavar="AET", help="What to call ourselves.")] = None,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="Folder for the instances that peers send.")
    ] = None,
) -> int:
    """Answer queries over DICOM, with pictures for those who ask for them."""
    flags = {"database": database, "host": host, "dicom_port": dicom_port, "ae_title": ae_title, "storage": storage}
    settings = load_settings(config, server=flags)
    with until_stopped(), Catalogue(settings.database) as catalogue:
        configure("info", audit_file=_audit_file(settings))
        with serving(settings, catalogue) as server:
            log.info(
                "serving",
                database=without_password(settings.database),
                studies=catalogue.counts()[Level.STUDY],
                ask=how_to_ask(server)[0],
            )
            wait()
    return 0


def _audit_file(settings: Settings) -> Path:
    """Say who asked what in a file of its own beside the database, where only its owner looks."""
    path = file_of(settings.database)
    folder = path.parent if path is not None else data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "audit.jsonl"
