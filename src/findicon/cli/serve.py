"""``findicon serve``: answer queries with pictures."""

from pathlib import Path
from typing import Annotated

import typer

from ..catalogue import Catalogue
from ..observe import configure, log
from ..query import Level
from .databases import usable, without_password
from .serving import asking_hint, audit_file, serving
from .settings import load_settings
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
    web_port: Annotated[
        int | None, typer.Option(metavar="N", help="Port for pages and DICOMweb, on this machine alone.")
    ] = None,
    ae_title: Annotated[str | None, typer.Option(metavar="AET", help="What to call ourselves.")] = None,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="Folder for the instances that peers send.")
    ] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", help="Processes that answer over DICOM.")] = None,
) -> int:
    """Answer queries over DICOM and HTTP, with pictures for those who ask for them."""
    flags = {
        "database": database,
        "host": host,
        "dicom_port": dicom_port,
        "web_port": web_port,
        "ae_title": ae_title,
        "storage": storage,
        "workers": workers,
    }
    settings = load_settings(config, server=flags)
    with until_stopped(), Catalogue(usable(settings.database)) as catalogue:
        configure("info", audit_file=audit_file(settings))
        with serving(settings, catalogue) as (server, web):
            log.info(
                "serving",
                database=without_password(settings.database),
                studies=catalogue.counts()[Level.STUDY],
                web=web.address,
                **asking_hint(server.address, settings),
            )
            wait()
    return 0
