"""Matches for people and their programs: tables and cards with pictures, DICOM JSON, CSV."""

from .dicomjson import json_of, write_json, write_json_lines
from .sheet import cards_html, png_of, write_html
from .showing import show
from .spreadsheet import write_csv
from .terminal import print_picture, print_table, table

__all__ = [
    "cards_html",
    "json_of",
    "png_of",
    "print_picture",
    "print_table",
    "show",
    "table",
    "write_csv",
    "write_html",
    "write_json",
    "write_json_lines",
]
