"""Templates to pages."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ...errors import FindiconError
from ...query import Progress
from ..services import Services
from . import assets

THEMES = ("auto", "light", "dark")
_COOKIE = "findicon-theme"


class Templates:
    """Makes pages out of templates.

    Parameters
    ----------
    services
        What the web is joined to.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._environment = Environment(
            loader=PackageLoader("findicon.web"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def warm_up(self) -> None:
        """Compile all templates, or whoever comes first waits for it."""
        for name in self._environment.list_templates():
            self._environment.get_template(name)

    def page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        """Make a page or a part of one."""
        prefix = self._services.prefix(request)
        query = request.url.query
        shared = {
            "prefix": prefix,
            "here": prefix + request.url.path.removeprefix(prefix) + (f"?{query}" if query else ""),
            "theme": theme_of(request),
            "q": "",
            "kept": (),
            "progress": self.progress(),
            "asset": lambda asset: assets.address(prefix, asset),
        }
        text = self._environment.get_template(name).render(**{**shared, **values})
        return HTMLResponse(text, status, {"Cache-Control": "private, no-cache"})

    def progress(self) -> Progress | None:
        """Ask how far the archive is; None where it cannot tell."""
        if self._services.overview is None:
            return None
        try:
            return self._services.overview.progress()
        except FindiconError:
            return None


def theme_of(request: Request) -> str:
    """Give the colours that were chosen; ``auto`` follows the system."""
    chosen = request.cookies.get(_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def choose_theme(response: Response, theme: str) -> None:
    """Have a browser remember the colours."""
    response.set_cookie(_COOKIE, theme, max_age=31_536_000, samesite="lax", path="/")
