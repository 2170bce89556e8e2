"""A judge of peers: is their icon support correct DICOM, and where the Standard says otherwise."""

from .findings import Finding, Measurement, Report, Support, Verdict
from .judging import check

__all__ = ["Finding", "Measurement", "Report", "Support", "Verdict", "check"]
