"""What gateways count, and how they are doing, for whoever keeps figures."""

from collections.abc import Mapping
from typing import Protocol

from ..observe import Figures


class Doing(Protocol):
    """A gateway, as far as its figures go."""

    name: str

    @property
    def waiting(self) -> int:
        """How many pictures wait to be made, or are being made."""
        ...

    @property
    def associations(self) -> int | None:
        """How many associations upstream sees of us; None of a web server."""
        ...

    @property
    def is_upstream_there(self) -> bool | None:
        """Whether upstream could be asked the last time; None before it was asked."""
        ...


class GatewayFigures:
    """The figures of all gateways of a process, told apart by the names of their upstreams.

    Parameters
    ----------
    figures
        Where they are kept.
    """

    def __init__(self, figures: Figures) -> None:
        self._gateways: list[Doing] = []
        self._pictures = figures.counter(
            "findicon_gateway_pictures",
            "Pictures by what came of them: made, none (there is no image to show), failed (tried again later)",
            "upstream",
            "outcome",
        )
        figures.state(
            "findicon_gateway_waiting",
            "Pictures that wait to be fetched, or are being fetched",
            "upstream",
            lambda: {one.name: one.waiting for one in self._gateways},
        )
        figures.state(
            "findicon_gateway_associations",
            "Associations that upstream sees of us",
            "upstream",
            lambda: {one.name: one.associations for one in self._gateways if one.associations is not None},
        )
        figures.state(
            "findicon_gateway_upstream_up", "1 when upstream could be asked the last time, else 0", "upstream", self._up
        )

    def add(self, gateway: Doing) -> None:
        """Tell of a gateway, too."""
        self._gateways.append(gateway)

    def count(self, upstream: str, outcome: str) -> None:
        """Count a picture."""
        self._pictures.labels(upstream, outcome).inc()

    def _up(self) -> Mapping[str, float]:
        return {one.name: one.is_upstream_there for one in self._gateways if one.is_upstream_there is not None}
