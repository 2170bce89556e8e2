"""The pages: find a study by its picture, go down to its series and images, look at one in large."""

from .errors import ErrorPage, error_page
from .routes import page_routes

__all__ = ["ErrorPage", "error_page", "page_routes"]
