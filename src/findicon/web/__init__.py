"""The web: DICOMweb with thumbnails over any Finder, pages to find a study by its picture, figures.

Names are resolved when they are used: a process that only renders frames does not load the web server.
"""

from typing import TYPE_CHECKING

from ..front_doors import opened_when_used

if TYPE_CHECKING:
    from .access import hashed
    from .app import create_app
    from .ports import BurnedInAware, Counting, Dated, Facets, Holding, Renderer, Window
    from .rendering import render_view
    from .server import WebServer
    from .settings import OHIF, WEASIS, Viewer, WebSettings

__all__ = [
    "OHIF",
    "WEASIS",
    "BurnedInAware",
    "Counting",
    "Dated",
    "Facets",
    "Holding",
    "Renderer",
    "Viewer",
    "WebServer",
    "WebSettings",
    "Window",
    "create_app",
    "hashed",
    "render_view",
]

_HOMES = {
    "OHIF": "settings",
    "WEASIS": "settings",
    "BurnedInAware": "ports",
    "Counting": "ports",
    "Dated": "ports",
    "Facets": "ports",
    "Holding": "ports",
    "Renderer": "ports",
    "Viewer": "settings",
    "WebServer": "server",
    "WebSettings": "settings",
    "Window": "ports",
    "create_app": "app",
    "hashed": "access",
    "render_view": "rendering",
}

__getattr__ = opened_when_used(__name__, _HOMES)
