"""Pictures in DICOM query results: ask for them, answer with them, show them."""

__version__ = "0.1.0"
