"""Data sets in the Native DICOM Model, as XML (PS3.19 A.1)."""

import base64
import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from pydicom.datadict import keyword_for_tag

from ..attributes import Attribute

XML = "application/dicom+xml"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel xml:space="preserve">'
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
# Characters that XML 1.0 cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(attributes: Iterable[Attribute]) -> str:
    """Write a data set as one document of the Native DICOM Model."""
    return f"{_HEAD}{''.join(_elements(attributes))}</NativeDicomModel>"


def _elements(attributes: Iterable[Attribute]) -> Iterator[str]:
    for attribute in attributes:
        keyword = keyword_for_tag(attribute.tag)
        named = f' keyword="{keyword}"' if keyword else ""
        content = "".join(_content(attribute))
        head = f'<DicomAttribute tag="{attribute.tag:08X}" vr={quoteattr(attribute.vr)}{named}>'
        yield f"{head}{content}</DicomAttribute>"


def _content(attribute: Attribute) -> Iterator[str]:
    if attribute.items:
        for number, item in enumerate(attribute.items, 1):
            yield f'<Item number="{number}">{"".join(_elements(item))}</Item>'
    elif attribute.binary:
        yield f"<InlineBinary>{base64.b64encode(attribute.binary).decode('ascii')}</InlineBinary>"
    elif attribute.address:
        yield f"<BulkData uri={quoteattr(attribute.address)}/>"
    for number, value in enumerate(attribute.values, 1):
        if attribute.vr == "PN":
            yield f'<PersonName number="{number}">{"".join(_name(str(value or "")))}</PersonName>'
        else:
            yield f'<Value number="{number}">{"" if value is None else _escaped(str(value))}</Value>'


def _name(text: str) -> Iterator[str]:
    for group, components in zip(_GROUPS, text.split("="), strict=False):
        if components.strip(" ^"):
            named = zip(_COMPONENTS, components.split("^"), strict=False)
            parts = "".join(f"<{name}>{_escaped(part.strip())}</{name}>" for name, part in named if part.strip())
            yield f"<{group}>{parts}</{group}>"


def _escaped(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))
