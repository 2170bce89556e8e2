"""The DICOMweb services of an origin server: QIDO-RS, WADO-RS, STOW-RS (PS3.18 chapter 10)."""

from .routes import dicomweb_routes
from .search_attributes import level_of
from .thumbnails import belongs, picture_response

__all__ = ["belongs", "dicomweb_routes", "level_of", "picture_response"]
