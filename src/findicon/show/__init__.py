"""Matches for people and their programs: tables, trees and cards with pictures, DICOM JSON, CSV, data frames."""

from .branches import Branch, print_branches
from .contact_sheet import contact_sheet
from .data_frame import data_frame
from .dicomjson import json_of, write_json, write_json_lines
from .sheet import cards_html, png_of, write_html
from .showing import show
from .spreadsheet import write_csv
from .terminal import print_picture, print_table, table
from .thumbnail import icon_of_thumbnail
from .values import value_of

__all__ = [
    "Branch",
    "cards_html",
    "contact_sheet",
    "data_frame",
    "icon_of_thumbnail",
    "json_of",
    "png_of",
    "print_branches",
    "print_picture",
    "print_table",
    "show",
    "table",
    "value_of",
    "write_csv",
    "write_html",
    "write_json",
    "write_json_lines",
]
