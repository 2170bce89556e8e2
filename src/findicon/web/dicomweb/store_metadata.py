"""Instances that come as metadata with their bulk data in parts of their own (PS3.18 10.5.1.4)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLParser

from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian

from ...errors import CatalogueError, StorageError
from ...observe import log
from ...query import Ingest, encode
from ..negotiation import acceptable
from ..problems import bad_request, too_large
from ..settings import WebSettings
from .dicom_json import JSON
from .dicom_xml import XML
from .multipart_reading import Parts
from .store_file import Outcome, Reason

METADATA = (JSON, XML)
_PIXEL_DATA = 0x7FE00010
# Bulk data of this form is held in memory, files (PS3.10) are not.
_LARGEST = 1 << 29
_DEFAULT_SYNTAXES = {
    "image/jpeg": "1.2.840.10008.1.2.4.50",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
    "image/jls": "1.2.840.10008.1.2.4.80",
    "image/jp2": "1.2.840.10008.1.2.4.90",
    "image/jpx": "1.2.840.10008.1.2.4.92",
    "image/jphc": "1.2.840.10008.1.2.4.201",
    "image/jxl": "1.2.840.10008.1.2.4.110",
}


@dataclass(frozen=True, slots=True)
class _Bulk:
    """A value that came in a part of its own; several frames come under one address."""

    frames: list[bytes]
    syntax: str


def store_metadata(
    parts: Parts, media_type: str, ingest: Ingest, *, sender: str, study: str, settings: WebSettings
) -> list[Outcome]:
    """Store instances that come as metadata and bulk data.

    Parameters
    ----------
    parts
        Metadata first, then the bulk data that it names.
    media_type
        Of the metadata: DICOM JSON or XML.
    ingest
        What keeps them.
    sender
        Whom they come from.
    study
        Study Instance UID that they have to have; empty for any.
    settings
        How large they may be.

    Raises
    ------
    Problem
        400 for metadata that cannot be read, 413 for too much of it.
    """
    data_sets: list[dict[str, Any]] = []
    bulk: dict[str, _Bulk] = {}
    room = min(_LARGEST, settings.largest_instance)
    for part in parts:
        data, room = _whole(part.body, room)
        found = acceptable(part.content_type)
        if found and found[0].name in METADATA:
            data_sets += _read(data, media_type)
        elif part.location:
            name = found[0].name if found else ""
            syntax = found[0].transfer_syntax if found else ""
            syntax = syntax or _DEFAULT_SYNTAXES.get(name, str(ExplicitVRLittleEndian))
            bulk.setdefault(part.location, _Bulk([], syntax)).frames.append(data)
    return [_stored(one, bulk, ingest, sender, study) for one in data_sets]


def _whole(body: Iterator[bytes], room: int) -> tuple[bytes, int]:
    data = bytearray()
    for piece in body:
        data += piece
        if len(data) > room:
            raise too_large("Metadata and bulk data are larger than the server takes in this form; send files")
    return bytes(data), room - len(data)


def _read(data: bytes, media_type: str) -> list[dict[str, Any]]:
    try:
        read = _of_xml(data) if media_type == XML else json.loads(data)
    except (ValueError, RecursionError, ParseError) as exc:
        raise bad_request(f"The metadata is no {media_type}: {exc}") from exc
    read = read if isinstance(read, list) else [read]
    if not all(isinstance(one, dict) for one in read):
        raise bad_request("The metadata is no array of data sets")
    return read


def _stored(read: dict[str, Any], bulk: dict[str, _Bulk], ingest: Ingest, sender: str, study: str) -> Outcome:
    syntaxes: list[str] = []

    def value_at(tag: str, _vr: str, address: str) -> bytes:
        found = bulk.get(address)
        if found is None:
            raise StorageError(f"The bulk data of {tag} did not come with it")
        if int(tag, 16) == _PIXEL_DATA and found.syntax != ExplicitVRLittleEndian:
            syntaxes.append(found.syntax)
            return bytes(encapsulate(found.frames))
        return b"".join(found.frames)

    try:
        # pydicom reads integers given as numbers; names of attributes are tags, as F.2.2 has it
        data_set = Dataset.from_json(read, value_at)
        named = {
            "sop_class": str(data_set.get("SOPClassUID", "")),
            "uid": str(data_set.get("SOPInstanceUID", "")),
            "study": str(data_set.get("StudyInstanceUID", "")),
            "series": str(data_set.get("SeriesInstanceUID", "")),
        }
    except StorageError as exc:
        log.info("instance refused", reason=str(exc))
        return Outcome(reason=Reason.CANNOT_UNDERSTAND)
    except Exception as exc:  # noqa: BLE001 -- pydicom raises whatever malformed metadata leads it to
        log.info("instance refused", reason=f"{type(exc).__name__}: {exc}")
        return Outcome(reason=Reason.CANNOT_UNDERSTAND)
    if not all(named.values()):
        return Outcome.of(named, Reason.CANNOT_UNDERSTAND)
    if study and named["study"] != study:
        return Outcome.of(named, Reason.DOES_NOT_MATCH)
    return _kept(data_set, UID(syntaxes[0]) if syntaxes else ExplicitVRLittleEndian, named, ingest, sender)


def _kept(data_set: Dataset, syntax: UID, named: dict[str, str], ingest: Ingest, sender: str) -> Outcome:
    data_set.SpecificCharacterSet = "ISO_IR 192"
    if "PixelData" in data_set:
        data_set["PixelData"].is_undefined_length = syntax.is_encapsulated
    try:
        data = encode(data_set, ExplicitVRLittleEndian)
    except Exception as exc:  # noqa: BLE001 -- pydicom raises whatever values that fit no VR lead it to
        log.info("instance refused", reason=f"{type(exc).__name__}: {exc}")
        return Outcome.of(named, Reason.CANNOT_UNDERSTAND)
    try:
        with ingest.receive(named["sop_class"], named["uid"], str(syntax), sender) as file:
            file.write(data)
    except (StorageError, CatalogueError) as error:
        log.warning("instance not stored", reason=str(error))
        return Outcome.of(named, Reason.PROCESSING_FAILURE)
    return Outcome.of(named)


def _of_xml(data: bytes) -> dict[str, Any]:
    """Read a document of the Native DICOM Model as DICOM JSON; without entities, which XML bombs are made of."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ValueError("a document type has no place in it")
    parser = XMLParser()  # noqa: S314 -- without a document type there is nothing to expand
    parser.feed(data)
    return _data_set(parser.close())


def _data_set(element: Element) -> dict[str, Any]:
    found = {}
    for attribute in element:
        if _local(attribute) == "DicomAttribute":
            found[attribute.get("tag", "").upper()] = _attribute(attribute)
    return found


def _attribute(attribute: Element) -> dict[str, Any]:
    vr = attribute.get("vr", "UN")
    made: dict[str, Any] = {"vr": vr}
    values: list[Any] = []
    for child in attribute:
        kind = _local(child)
        if kind == "InlineBinary":
            made["InlineBinary"] = child.text or ""
        elif kind == "BulkData":
            made["BulkDataURI"] = child.get("uri", "")
        elif kind == "Item":
            values.append(_data_set(child))
        elif kind == "PersonName":
            values.append({_local(group): "^".join(_components(group)).rstrip("^") for group in child})
        elif kind == "Value":
            values.append(child.text)
    if values:
        made["Value"] = values
    return made


def _components(group: Element) -> list[str]:
    given = {_local(part): part.text or "" for part in group}
    return [given.get(name, "") for name in ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")]


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]
