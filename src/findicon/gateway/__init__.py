"""Pictures for archives that have none: another archive's answers, with icons fetched, made and kept here."""

from .figures import GatewayFigures
from .gateway import Gateway
from .prefetch import Prefetch
from .rendering import Render, Rendered, Rendering, render_here
from .settings import GatewaySettings
from .upstreams import upstream_at

__all__ = [
    "Gateway",
    "GatewayFigures",
    "GatewaySettings",
    "Prefetch",
    "Render",
    "Rendered",
    "Rendering",
    "render_here",
    "upstream_at",
]
