"""A study with its series, a series with its images: as pages of their own, and as parts that open in place."""

import re
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ...query import Key, Level, Query, tag_of
from ..problems import not_found
from ..services import Fields, Services, fields, note, text
from . import shown
from .alternatives import RETURNED
from .templating import Templates

_SERIES = (
    "Modality", "SeriesDescription", "SeriesNumber", "SeriesInstanceUID", "BodyPartExamined", "StationName",
    "NumberOfSeriesRelatedInstances", "SeriesDate", "SeriesTime",
)  # fmt: skip
_IMAGES = ("SOPClassUID", "SOPInstanceUID", "InstanceNumber", "NumberOfFrames", "Rows", "Columns")
_SHOWN_IMAGES = 240
_MOST_SERIES = 2000
_NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ViewerLink:
    """A link to a viewer elsewhere."""

    name: str
    address: str
    is_web: bool


class StudyParts:
    """Makes the pages and parts about one study.

    Parameters
    ----------
    services
        What the web is joined to.
    templates
        Makes pages.
    """

    def __init__(self, services: Services, templates: Templates) -> None:
        self._services = services
        self._templates = templates

    def page(self, request: Request, study: str) -> Response:
        """Make the page of a study, with the images of the series that its address opens."""
        values = self._panel(request, study)
        opened = request.query_params.get("series", "")
        if not opened and len(values["series"]) == 1:
            opened = values["series"][0].uid
        if opened:
            values |= self._images(request, study, opened)
        note(request, "page of a study", study=study)
        return self._templates.page(request, "study.html", **values, level=1, in_place=False)

    def panel(self, request: Request, study: str) -> Response:
        """Make the part that opens below a study."""
        values = self._panel(request, study)
        if len(values["series"]) == 1:
            values |= self._images(request, study, values["series"][0].uid)
        note(request, "page of a study", study=study)
        return self._templates.page(request, "panel.html", **values, level=2, in_place=True)

    def images_panel(self, request: Request, study: str, series: str) -> Response:
        """Make the part that opens below a series."""
        values = self._images(request, study, series)
        found = shown.study_of(self.study(study))
        return self._templates.page(request, "images.html", **values, study=found, level=2)

    def viewers(self, request: Request, study: str, series: str = "", instance: str = "") -> list[ViewerLink]:
        """Give the links to viewers elsewhere."""
        base = self._services.dicomweb(request)
        return [
            ViewerLink(one.name, address, address.startswith(("http:", "https:")))
            for one in self._services.settings.viewers
            if (address := one.address(base, study, series, instance))
        ]

    def study(self, uid: str) -> Fields:
        """Find a study; raises Problem 404."""
        query = _query(Level.STUDY, RETURNED, StudyInstanceUID=uid)
        match = self._services.first(query)
        if match is None:
            raise not_found("There is no study of that UID here")
        return fields(match)

    def series(self, study: str, series: str) -> shown.Series:
        """Find a series; raises Problem 404."""
        match = self._services.first(_query(Level.SERIES, _SERIES, StudyInstanceUID=study, SeriesInstanceUID=series))
        if match is None:
            raise not_found("There is no series of that UID in the study")
        return shown.series_of(fields(match))

    def images(self, study: str, series: str) -> list[shown.Image]:
        """Find the images of a series, by their number; raises Problem 404."""
        found = [fields(match) for match in self._services.instances(study, series, keys=_IMAGES)]
        found.sort(key=lambda one: (_number(text(one, 0x00200013)), text(one, 0x00080018)))
        return [shown.image_of(one) for one in found]

    def _panel(self, request: Request, study: str) -> dict[str, Any]:
        found = shown.study_of(self.study(study))
        query = _query(Level.SERIES, _SERIES, StudyInstanceUID=study)
        with closing(self._services.find(query)) as matches:
            series = [fields(match) for match in islice(matches, _MOST_SERIES)]
        series.sort(key=lambda one: (_number(text(one, 0x00200011)), text(one, 0x0020000E)))
        return {
            "study": found,
            "series": [shown.series_of(one) for one in series],
            "opened": "",
            "images": None,
            "viewers": self.viewers(request, study),
        }

    def _images(self, request: Request, study: str, series: str) -> dict[str, Any]:
        images = self.images(study, series)
        few = images if request.query_params.get("all") else images[:_SHOWN_IMAGES]
        return {"one": self.series(study, series), "opened": series, "images": few, "total": len(images)}


def _query(level: Level, returned: tuple[str, ...], **uids: str) -> Query:
    keys = [Key.named(name) for name in returned]
    keys += [Key(tag_of(name), "UI", (uid,)) for name, uid in uids.items()]
    return Query(level, keys=keys, defaults=False, character_sets=("ISO_IR 192",))


def _number(value: str) -> int:
    return int(value) if _NUMBER.fullmatch(value) else 1 << 31
