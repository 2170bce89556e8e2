"""Upstreams in findicon.toml: the archives that the gateway stands before."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class UpstreamSettings(BaseModel):
    """``[upstreams.NAME]``: an archive that the gateway stands before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    peer: Annotated[str, Field(description="A peer of this file, AET@host:port, or an http(s) address of DICOMweb.")]
    called_ae_title: Annotated[
        str,
        Field(description="The AE title that callers call for it; [server] ae_title unless given."),
    ] = ""
    budget_ms: Annotated[
        int, Field(ge=0, description="Milliseconds that one query may wait for pictures, all its answers together.")
    ] = 300
    fetches: Annotated[int, Field(ge=1, description="Associations that it sees of us at most.")] = 4
    prefetch: Annotated[
        tuple[str, ...],
        Field(
            description="The studies whose pictures are made before anybody asks, as keys: `StudyDate=today`. "
            "`--prefetch` says it for every upstream."
        ),
    ] = ()
    prefetch_seconds: Annotated[
        float, Field(ge=1, description="Seconds between two looks for studies whose pictures are to be made ahead.")
    ] = 600.0
