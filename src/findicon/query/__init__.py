"""Questions and answers: Query, Match, keys, matching and the ports between rooms. Pure: no socket, thread or SQL."""

from . import criteria
from .attributes import NUMBERS, encode_value, head, read_attributes, sized, texts_in
from .characters import TEXT_VRS, UTF_8, character_sets_of, characters_for, decode_text, encode_text
from .criteria import MULTIPLE_VALUE_VRS, NUMBER_VRS, WILDCARD_VRS
from .encoding import decode, deflate, encode
from .identifier import NOT_KEYS, query_from_bytes, query_from_identifier, query_to_bytes
from .keys import BYTES_VRS, Key, tag_of, vr_of
from .levels import ICON_IMAGE_SEQUENCE, QUERY_RETRIEVE_LEVEL, Level, Model, uid_of
from .listing import Listed, Lister, Listing, Place
from .match import EncodedMatch, Match
from .matching import DATE_AND_TIME, Value, combined_range, item_satisfies, matcher, matches
from .names import groups as name_groups
from .names import sounds as name_sounds
from .ports import (
    Cancel,
    Finder,
    IconSource,
    Ingest,
    InstanceSource,
    Overview,
    Progress,
    Relay,
    Retrieved,
    RetrieveProgress,
    never,
)
from .query import Options, Query, level_named
from .values import as_date, clean
from .wire import LONG_LENGTH, Malformed, elements_of

__all__ = [
    "BYTES_VRS",
    "DATE_AND_TIME",
    "ICON_IMAGE_SEQUENCE",
    "LONG_LENGTH",
    "MULTIPLE_VALUE_VRS",
    "NOT_KEYS",
    "NUMBERS",
    "NUMBER_VRS",
    "QUERY_RETRIEVE_LEVEL",
    "TEXT_VRS",
    "UTF_8",
    "WILDCARD_VRS",
    "Cancel",
    "EncodedMatch",
    "Finder",
    "IconSource",
    "Ingest",
    "InstanceSource",
    "Key",
    "Level",
    "Listed",
    "Lister",
    "Listing",
    "Malformed",
    "Match",
    "Model",
    "Options",
    "Overview",
    "Place",
    "Progress",
    "Query",
    "Relay",
    "RetrieveProgress",
    "Retrieved",
    "Value",
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
    "encode_value",
    "head",
    "item_satisfies",
    "level_named",
    "matcher",
    "matches",
    "name_groups",
    "name_sounds",
    "never",
    "query_from_bytes",
    "query_from_identifier",
    "query_to_bytes",
    "read_attributes",
    "sized",
    "tag_of",
    "texts_in",
    "uid_of",
    "vr_of",
]
