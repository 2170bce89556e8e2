"""Person names: folding and patterns (PS3.5 6.2.1; PS3.4 C.2.2.2.1.1 and C.2.2.2.4 leave their matching to us).

A name has up to three component groups, alphabetic, ideographic and phonetic, each of up to five components. Matching
ignores case, the diacritics of Latin, Greek and Cyrillic letters, width, and delimiters at the end of a group.
"""

import re
import unicodedata
from functools import lru_cache

import jellyfish

# Letters that have no decomposition into a plain letter and a mark.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
# Marks of Latin, Greek and Cyrillic; those of kana, Arabic or Hebrew tell letters apart and stay.
_MARKS = re.compile("[\u0300-\u036f]")
GROUPS = 3
_WORD = re.compile(r"[\w*?]+")
# Spellings of one vowel, which the phonetic code would take for a vowel and a consonant.
_GLIDE = re.compile("(?<=[aeou])y")


def fold(text: str) -> str:
    """Give text without case, diacritics and width."""
    if text.isascii():
        return text.lower()
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFKC", plain.casefold()).translate(_PLAIN)


def groups(name: str) -> tuple[str, str, str]:
    """Give the component groups of one name in the form that patterns are compared with.

    Each is folded, without spaces around its components and empty components at its end, and every component ends
    with ``^``, the last one too: ``DOE^John`` is ``doe^john^``. An empty group stays empty.
    """
    parts = [_group(part) for part in fold(name).split("=")[:GROUPS]]
    parts += [""] * (GROUPS - len(parts))
    return parts[0], parts[1], parts[2]


def _group(text: str) -> str:
    stripped = "^".join(component.strip() for component in text.split("^")).rstrip("^")
    return stripped + "^" if stripped else ""


def patterns(text: str) -> tuple[str, ...]:
    """Give the patterns that a key's value asks for; none when every name matches.

    One pattern is for any of a name's groups. Several, where the value has a ``=``, are for its groups in order, an
    empty one for any group. A component that is empty, or missing in front, stands for any.
    """
    parts = tuple(_pattern(part) for part in fold(text).rstrip("= ").split("=")[:GROUPS])
    return parts if any(parts) else ()


def _pattern(text: str) -> str:
    components = [component.strip() for component in text.split("^")]
    open_end = False
    while components and set(components[-1]) <= {"*"}:
        open_end |= bool(components.pop())
    if not components:
        return ""
    # Every component of a stored group ends with ^, so DOE^* is DOE with any given name, or with none.
    end = "^*" if open_end else "" if components[-1].endswith("*") else "^"
    return "^".join(component or "*" for component in components) + end


def words(text: str) -> tuple[str, ...]:
    """Give the folded words of a name or of a key, in any group and component, each once."""
    folded = fold(text).replace("'", "").replace("\u2019", "").replace("_", " ")
    return tuple(dict.fromkeys(_WORD.findall(folded)))


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """Give the phonetic code of a folded word: Metaphone for Latin letters, the word itself for others.

    Metaphone was made for English; it takes Meyer, Maier and Mayer, Müller and Mueller for one all the same.
    """
    return jellyfish.metaphone(_GLIDE.sub("i", word)) or word


def sounds(name: str) -> tuple[str, ...]:
    """Give the phonetic codes of a name's words, sorted, each once."""
    return tuple(sorted({sound(word) for word in words(name)}))
