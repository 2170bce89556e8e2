"""Limits in findicon.toml: what a server bears before it says no; what it says then is never silent."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ..dimse import Limits

_Count = Annotated[int, Field(ge=1)]
_Seconds = Annotated[float, Field(gt=0)]


class LimitsSettings(BaseModel):
    """``[server.limits]``: what we bear; whoever is beyond is told so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    associations: Annotated[
        int, Field(ge=1, le=100_000, description="Associations that are open at once, of all workers.")
    ] = 1000
    associations_per_peer: Annotated[
        _Count, Field(description="The same for one peer: a calling AE title and the host it calls from.")
    ] = 300
    associate_seconds: Annotated[
        _Seconds, Field(description="Time for an association request to arrive whole, and for a TLS handshake.")
    ] = 30.0
    idle_seconds: Annotated[
        _Seconds, Field(description="Time without a request after which an association is aborted.")
    ] = 600.0
    network_seconds: Annotated[
        _Seconds, Field(description="Time for one PDU to come or to be taken, and between the PDUs of a message.")
    ] = 30.0
    pdu_bytes: Annotated[int, Field(ge=4096, le=1 << 24, description="The largest PDU that we accept.")] = 131072
    identifier_bytes: Annotated[
        int, Field(ge=4096, le=1 << 28, description="The largest identifier of a query; a longer one is aborted.")
    ] = 1 << 20
    instance_bytes: Annotated[
        _Count, Field(description="The largest instance that is taken in; a larger one is aborted.")
    ] = 1 << 34
    matches: Annotated[
        _Count, Field(description="Answers to one query; one that has more ends with A700 and a comment after these.")
    ] = 200_000
    pixels: Annotated[_Count, Field(description="Rows times columns of a frame that a picture is made of.")] = 1 << 28

    def exchange(self) -> Limits:
        """Give those of the exchange."""
        return Limits(
            associations=self.associations,
            associations_per_caller=self.associations_per_peer,
            associate=self.associate_seconds,
            idle=self.idle_seconds,
            network=self.network_seconds,
            pdu=self.pdu_bytes,
            identifier=self.identifier_bytes,
            instance=self.instance_bytes,
            matches=self.matches,
        )
