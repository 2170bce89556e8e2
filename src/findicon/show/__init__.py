"""Matches for people and their programs: tables, trees and cards with pictures, DICOM JSON, CSV, data frames."""

from .branches import Branch, print_branches
from .contact_sheet import Picture, contact_sheet
from .data_frame import data_frame
from .dicomjson import json_of, write_json, write_json_lines
from .level import level_of
from .sheet import cards_html, picture_html, png_of, write_html
from .showing import notebook_html, show
from .spreadsheet import write_csv
from .terminal import print_picture, print_table, table
from .thumbnail import icon_of_thumbnail
from .values import value_of

__all__ = [
    "Branch",
    "Picture",
    "cards_html",
    "contact_sheet",
    "data_frame",
    "icon_of_thumbnail",
    "json_of",
    "level_of",
    "notebook_html",
    "picture_html",
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
