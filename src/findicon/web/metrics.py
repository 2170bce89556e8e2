"""Figures about the web for Prometheus: counts and times, never anything about patients."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ..errors import FindiconError
from ..query import Overview

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """Counts what the web does.

    Parameters
    ----------
    overview
        Where the size of the archive is known; None leaves it out.
    """

    def __init__(self, overview: Overview | None = None) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "findicon_http_requests",
            "Requests by route and status",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "findicon_http_seconds",
            "Seconds to the end of an answer",
            ("route",),
            registry=self._registry,
            buckets=_SECONDS,
        )
        self.pictures = Counter(
            "findicon_http_pictures", "Thumbnails by what they were", ("kind",), registry=self._registry
        )
        self.stored = Counter(
            "findicon_http_instances_stored",
            "Instances that were sent to be stored",
            ("outcome",),
            registry=self._registry,
        )
        if overview is not None:
            self._registry.register(_Archive(overview))

    def text(self) -> bytes:
        """Give all figures in the text format of Prometheus."""
        return bytes(generate_latest(self._registry))


class _Archive(Collector):
    """The archive's size, asked when somebody looks."""

    def __init__(self, overview: Overview) -> None:
        self._overview = overview

    def describe(self) -> list[GaugeMetricFamily]:
        """Give nothing: the archive is not asked before somebody looks."""
        return []

    def collect(self) -> list[GaugeMetricFamily]:
        """Ask the archive; give nothing when it cannot tell."""
        try:
            counts, progress = self._overview.counts(), self._overview.progress()
        except FindiconError:
            return []
        held = GaugeMetricFamily("findicon_archive", "What the archive holds, by level", labels=("level",))
        for level, count in counts.items():
            held.add_metric([level.lower()], count)
        icons = GaugeMetricFamily("findicon_icons", "Pictures by state", labels=("state",))
        icons.add_metric(["made"], progress.icons_made)
        icons.add_metric(["waiting"], progress.icons_waiting)
        return [held, icons]
