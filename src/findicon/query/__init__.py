"""Questions and answers: Query, Match, keys, matching and the ports between rooms. Pure: no socket, thread or SQL."""

from .encoding import decode, deflate, encode
from .identifier import query_from_identifier
from .keys import Key, tag_of, vr_of
from .levels import ICON_IMAGE_SEQUENCE, QUERY_RETRIEVE_LEVEL, Level, Model
from .match import EncodedMatch, Match
from .matching import matches
from .ports import Cancel, Finder, IconSource, Ingest, InstanceSource, Overview, Progress, never
from .names import groups as name_groups
from .query import Options, Query, level_named
from .values import as_date, clean

__all__ = [
    "ICON_IMAGE_SEQUENCE",
    "QUERY_RETRIEVE_LEVEL",
    "Cancel",
    "EncodedMatch",
    "Finder",
    "IconSource",
    "Ingest",
    "InstanceSource",
    "Key",
    "Level",
    "Match",
    "Model",
    "Options",
    "Overview",
    "Progress",
    "Query",
    "as_date",
    "clean",
    "decode",
    "deflate",
    "encode",
    "level_named",
    "matches",
    "name_groups",
    "never",
    "query_from_identifier",
    "tag_of",
    "vr_of",
]
