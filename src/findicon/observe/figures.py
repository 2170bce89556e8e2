"""Figures for Prometheus: counts and times, never anything about patients."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram
    from prometheus_client.metrics_core import Metric

# prometheus-client is imported where figures are kept: most commands keep none, and start sooner without it.


class Figures:
    """Keeps figures, and writes them in Prometheus's text format.

    Attributes
    ----------
    content_type
        Media type of that text.
    """

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415

        self._registry = CollectorRegistry()

    def counter(self, name: str, says: str, *labels: str) -> "Counter":
        """Give a counter: ``counter.labels(...).inc()``.

        Parameters
        ----------
        name, says
            Its name, and one line about it.
        labels
            Names of what it is counted by.
        """
        from prometheus_client import Counter  # noqa: PLC0415

        return Counter(name, says, labels, registry=self._registry)

    def seconds(self, name: str, says: str, *labels: str, limits: Sequence[float]) -> "Histogram":
        """Give a distribution of times: ``seconds.labels(...).observe(0.1)``.

        Parameters
        ----------
        name, says, labels
            As of a counter.
        limits
            Seconds up to which times are counted together.
        """
        from prometheus_client import Histogram  # noqa: PLC0415

        return Histogram(name, says, labels, registry=self._registry, buckets=limits)

    def state(self, name: str, says: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Have a state told that is asked for when somebody looks.

        Parameters
        ----------
        name, says
            Its name, and one line about it.
        label
            Name of what its values are told apart by.
        read
            Gives the values by label; none where they cannot be told.
        """
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415
        from prometheus_client.registry import Collector  # noqa: PLC0415

        class State(Collector):
            def describe(self) -> Iterable["Metric"]:
                return ()  # what is asked is not asked before somebody looks

            def collect(self) -> Iterable["Metric"]:
                family = GaugeMetricFamily(name, says, labels=(label,))
                for value, number in read().items():
                    family.add_metric([value], number)
                return (family,) if family.samples else ()

        self._registry.register(State())

    def text(self) -> bytes:
        """Give all figures."""
        from prometheus_client import generate_latest  # noqa: PLC0415

        return bytes(generate_latest(self._registry))
