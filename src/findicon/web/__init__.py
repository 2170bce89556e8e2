"""The web: DICOMweb with thumbnails over any Finder, pages to find a study by its picture, figures."""

from .access import hashed
from .app import create_app
from .ports import (
    BurnedInAware,
    Counting,
    Dated,
    Facets,
    Renderer,
    Window,
)
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
    "Renderer",
    "Viewer",
    "WebServer",
    "WebSettings",
    "Window",
    "create_app",
    "hashed",
    "render_view",
]
