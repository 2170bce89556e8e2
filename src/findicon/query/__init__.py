"""Questions and answers: Query, Match, keys, matching and the ports between rooms. Pure: no socket, thread or SQL."""

from . import criteria
from .characters import TEXT_VRS, UTF_8, character_sets_of, characters_for, decode_text, encode_text
from .encoding import decode, deflate, encode
from .identifier import query_from_bytes, query_from_identifier
from .keys import Key, tag_of, vr_of
from .levels import ICON_IMAGE_SEQUENCE, QUERY_RETRIEVE_LEVEL, Level, Model
from .match import EncodedMatch, Match
from .matching import DATE_AND_TIME, combined_range, matcher, matches
from .names import groups as name_groups
from .ports import Cancel, Finder, IconSource, Ingest, InstanceSource, Overview, Progress, never
from .query import Options, Query, level_named
from .values import as_date, clean
from .wire import Element, Malformed, elements_of, items_of

__all__ = [
    "DATE_AND_TIME",
    "ICON_IMAGE_SEQUENCE",
    "QUERY_RETRIEVE_LEVEL",
    "TEXT_VRS",
    "UTF_8",
    "Cancel",
    "Element",
    "EncodedMatch",
    "Finder",
    "IconSource",
    "Ingest",
    "InstanceSource",
    "Key",
    "Level",
    "Malformed",
    "Match",
    "Model",
    "Options",
    "Overview",
    "Progress",
    "Query",
    "as_date",
    "character_sets_of",
    "characters_for",
    "clean",
    "combined_range",
    "criteria",
    "decode",
    "decode_text",
    "deflate",
    "elements_of",
    "encode",
    "encode_text",
    "items_of",
    "level_named",
    "matcher",
    "matches",
    "name_groups",
    "never",
    "query_from_bytes",
    "query_from_identifier",
    "tag_of",
    "vr_of",
]
