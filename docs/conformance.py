"""The page of what a C-FIND may ask: out of the catalogue's own table of keys."""

from pathlib import Path

from findicon.catalogue import conformance

PAGE = Path(__file__).with_name("conformance.md")

page = conformance


def write() -> None:
    """Write the page into its file."""
    PAGE.write_text(page(), encoding="utf-8")
