"""The DICOMweb services of an origin server: QIDO-RS, WADO-RS, STOW-RS (PS3.18 chapter 10)."""

from .routes import dicomweb_routes

__all__ = ["dicomweb_routes"]
