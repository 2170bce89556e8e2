"""The web: DICOMweb with thumbnails over any Finder, pages to find a study by its picture, figures.

Names are resolved when they are used: a process that only renders frames does not load the web server.
"""

from importlib import import_module
from typing import TYPE_CHECKING

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

_MODULES = {
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


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    return found
