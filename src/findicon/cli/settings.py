"""Settings: flags over ``FINDICON_*`` variables over findicon.toml, checked in one place.

A variable is named after section and key: ``FINDICON_SERVER_DICOM_PORT`` is ``dicom_port`` in ``[server]``.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)
from pydicom.uid import RE_VALID_UID, UID

from ..dimse import Address, Peer, Tls, is_ae_title
from ..errors import QueryError
from ..query import character_sets_of
from .folders import data_folder, settings_folder
from .limits import LimitsSettings
from .setting_faults import VARIABLE_PREFIX, said_of
from .upstreams import UpstreamSettings

FILE_NAME = "findicon.toml"
_DICOM_ROOT = "1.2.840.10008."
_CONFIG_VARIABLE = "FINDICON_CONFIG"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(_Section):
    """``[server]``: who we are, where we listen, what we serve."""

    ae_title: Annotated[
        str, Field(description="What we call ourselves, as archive and as asker: 1 to 16 characters.")
    ] = "FINDICON"
    host: Annotated[
        str,
        Field(description="The address to listen on. Any but this machine's own needs named peers."),
    ] = "127.0.0.1"
    dicom_port: Annotated[
        int, Field(ge=0, le=65535, description="The DICOM port to listen on; 0 takes a free one.")
    ] = 11112
    web_port: Annotated[
        int,
        Field(
            ge=0,
            le=65535,
            description="The port for HTTP: pages and DICOMweb. It listens on this machine alone unless [web] names "
            "users, or [tls] the authorities that sign callers' certificates. 0 takes a free one.",
        ),
    ] = 8080
    database: Annotated[
        str,
        Field(description="Path or URL of the catalogue's database; empty: a file in the user's data folder."),
    ] = ""
    storage: Annotated[
        str,
        Field(description="The folder for instances that peers send; empty: one in the user's data folder."),
    ] = ""
    workers: Annotated[
        Annotated[int, Field(ge=1)] | None,
        Field(
            description="Processes: of index those that read files and make pictures, as many as there are cores "
            "unless given; of serve those that answer over DICOM, one unless given."
        ),
    ] = None
    limits: Annotated[LimitsSettings, Field(description="What we bear: see below.")] = LimitsSettings()

    @field_validator("ae_title")
    @classmethod
    def _is_ae_title(cls, value: str) -> str:
        if not is_ae_title(value):
            raise ValueError("an AE title has 1 to 16 characters without backslash")
        return value.strip()


def _is_sop_class(uid: str) -> bool:
    """Tell whether that can be a SOP Class UID: one of the Standard, or somebody's own."""
    if not re.fullmatch(RE_VALID_UID, uid):
        return False
    return not uid.startswith(_DICOM_ROOT) or "Storage" in UID(uid).name


Rule = Literal["third", "first", "middle", "last"]


class IconSettings(_Section):
    """``[icons]``: how large pictures are, and which image of a series is taken.

    `choice` is one rule, or a table of rules by SOP Class UID in which ``default`` stands for all others.
    """

    size: Annotated[int, Field(ge=8, le=256, description="The longest side of a picture in pixels.")] = 64
    choice: Annotated[
        Rule | dict[str, Rule],
        Field(
            description="Which image of a series is taken: third (a third of the way through), first, middle or last. "
            "Or a table: a rule by SOP Class UID, and default for all others."
        ),
    ] = "third"

    @field_validator("choice")
    @classmethod
    def _is_choice(cls, value: Rule | dict[str, Rule]) -> Rule | dict[str, Rule]:
        for key in value if isinstance(value, dict) else ():
            if key != "default" and not _is_sop_class(key):
                near = difflib.get_close_matches(key, ["default"], n=1)
                hint = "did you mean default?" if near else "write default, or a SOP Class UID in quotes"
                raise ValueError(f"{key!r} is no SOP class: {hint}")
        return value

    burned_in: Annotated[
        Literal["", "keep", "blank"],
        Field(
            description="What becomes of images with text burned in, which may name the patient: the web shows a "
            "pictogram, answers over DICOM have the picture; with keep both have it, with blank neither."
        ),
    ] = ""

    cache_bytes: Annotated[
        int,
        Field(
            ge=1 << 20,
            description="Bytes of pictures that the gateway keeps in its database, for all upstreams together; those "
            "that nobody asked for longest make room.",
        ),
    ] = 1 << 30

    @property
    def rule(self) -> str:
        """The rule for every SOP class that has none of its own."""
        return self.choice if isinstance(self.choice, str) else self.choice.get("default", "third")

    @property
    def rules(self) -> dict[str, str]:
        """The rules by SOP Class UID."""
        return {} if isinstance(self.choice, str) else {k: v for k, v in self.choice.items() if k != "default"}


class TlsSettings(_Section):
    """``[tls]``: our certificate and whom we trust, as PEM files."""

    certificate: Annotated[Path | None, Field(description="Our certificate, with the chain above it.")] = None
    key: Annotated[Path | None, Field(description="Its private key.")] = None
    authorities: Annotated[
        Path | None,
        Field(
            description="Whom we trust: authorities; the system's own unless given. With it, callers have to show a "
            "certificate that one of them signed."
        ),
    ] = None

    def tls(self) -> Tls | None:
        """Give them to the exchange; None where nothing is set."""
        if (self.certificate is None) != (self.key is None):
            raise QueryError("[tls] needs certificate and key together")
        if self.certificate is None and self.authorities is None:
            return None
        return Tls(self.certificate, self.key, self.authorities)


class WebPart(_Section):
    """``[web]``: who may see the pages and DICOMweb, and how they are reached."""

    users: Annotated[
        dict[str, str],
        Field(
            description="Who may ask: names, each with what `findicon password` prints. With any, nobody else gets in."
        ),
    ] = {}
    public_url: Annotated[
        str,
        Field(
            description="The address that readers use, where a proxy stands before us: https://pacs.example/findicon."
        ),
    ] = ""
    hosts: Annotated[
        tuple[str, ...],
        Field(description="Names that we are called by, beside that of public_url and this machine's own."),
    ] = ()
    origins: Annotated[
        tuple[str, ...],
        Field(description="Sites whose scripts may use DICOMweb (CORS), such as https://ohif.example."),
    ] = ()
    viewers: Annotated[
        dict[str, str],
        Field(
            description="Viewers that pages link to: names, each with an address in which {study}, {series}, "
            "{instance} and {dicomweb} stand for UIDs and for our own address."
        ),
    ] = {}

    @field_validator("public_url", "origins")
    @classmethod
    def _is_address(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for one in (value,) if isinstance(value, str) else value:
            if one and not one.startswith(("http://", "https://")):
                raise ValueError("an address begins with http:// or https://")
        return value


class PeerSettings(_Section):
    """``[peers.NAME]``: the permission to call us, a C-MOVE destination, and a name to ask by."""

    address: Annotated[str, Field(description="Where it is: AET@host:port.")]
    verbs: Annotated[
        frozenset[Literal["echo", "find", "get", "move", "store"]],
        Field(description="What it may ask of us: of echo, find, get, move and store."),
    ] = frozenset({"echo", "find"})
    charset: Annotated[
        str,
        Field(description="Specific Character Set of its answers where they do not name one, such as ISO_IR 100."),
    ] = ""
    tls: Annotated[
        bool,
        Field(
            description="Call it by TLS, trusting whom [tls] authorities names, else whom the system trusts. To be "
            "called by it we need a certificate there, and then take TLS from everybody."
        ),
    ] = False

    @field_validator("charset")
    @classmethod
    def _is_charset(cls, value: str) -> str:
        if character_sets_of(value.split("\\")) is None:
            raise ValueError("is no Specific Character Set: write one as ISO_IR 100 or ISO_IR 192")
        return value

    @field_validator("address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        try:
            return str(Address.parse(value))
        except QueryError as error:
            raise ValueError(str(error)) from error


_SECTIONS: dict[str, type[BaseModel]] = {
    "server": ServerSettings,
    "server.limits": LimitsSettings,
    "icons": IconSettings,
    "tls": TlsSettings,
    "web": WebPart,
    "peers": PeerSettings,
    "upstreams": UpstreamSettings,
}


class Settings(BaseSettings):
    """All settings; `load_settings` makes them."""

    model_config = SettingsConfigDict(
        env_prefix=VARIABLE_PREFIX, env_nested_delimiter="_", env_nested_max_split=1, extra="forbid", frozen=True
    )

    server: ServerSettings = ServerSettings()
    icons: IconSettings = IconSettings()
    tls: TlsSettings = TlsSettings()
    web: WebPart = WebPart()
    peers: dict[str, PeerSettings] = {}
    upstreams: dict[str, UpstreamSettings] = {}

    @field_validator("peers")
    @classmethod
    def _can_be_told_apart(cls, value: dict[str, PeerSettings]) -> dict[str, PeerSettings]:
        names: dict[str, str] = {}
        for name in value:
            if "@" in name or "://" in name:
                raise ValueError(f"{name!r} is an address, not a name")
            if name.casefold() in names:
                raise ValueError(f"{names[name.casefold()]} and {name} are one name: capitals make no difference")
            names[name.casefold()] = name
        return value

    @property
    def database(self) -> str:
        """The catalogue's URL or path: the one set, else a file in the user's data folder."""
        return self.server.database or str(data_folder() / "catalogue.sqlite")

    @property
    def storage(self) -> Path:
        """The folder for instances that are sent to us: the one set, else one in the user's data folder."""
        return Path(self.server.storage) if self.server.storage else data_folder() / "storage"

    def named_peers(self) -> tuple[Peer, ...]:
        """Give the peers that findicon.toml names."""
        return tuple(self._peer(name, peer) for name, peer in self.peers.items())

    def peer(self, name: str) -> Peer:
        """Give the peer of that name, or of that ``AET@host:port``.

        Raises
        ------
        QueryError
            It is neither; the sentence offers the nearest name.
        """
        by_name = {known.casefold(): known for known in self.peers}
        if name.casefold() in by_name:
            known = by_name[name.casefold()]
            return self._peer(known, self.peers[known])
        if "@" in name:
            return Peer.at(name)
        near = difflib.get_close_matches(name.casefold(), by_name, n=1)
        hint = f"did you mean {by_name[near[0]]}?" if near else "write AET@host:port, as in ORTHANC@127.0.0.1:4242"
        raise QueryError(f"{name!r} is neither a peer in {FILE_NAME} nor an address: {hint}")

    def _peer(self, name: str, peer: PeerSettings) -> Peer:
        tls = (self.tls.tls() or Tls()) if peer.tls else None
        return Peer(name, Address.parse(peer.address), frozenset(peer.verbs), peer.charset, tls)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes them by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put flags first, then variables, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(config: Path | None = None, **flags: Mapping[str, Any]) -> Settings:
    """Read the settings.

    Parameters
    ----------
    config
        The file; None takes the one that FINDICON_CONFIG names, else findicon.toml in this folder, else the user's.
    **flags
        Section and what its flags say, as in ``server={"host": "::1"}``; None stands for a flag not given.

    Raises
    ------
    QueryError
        One sentence that names the setting, its value and what would be right.
    """
    path = _settings_file(config)
    given = {
        section: {key: value for key, value in values.items() if value is not None} for section, values in flags.items()
    }

    class _FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        # pydantic turns the mappings into sections
        read = _FromFile(**given)  # type: ignore[arg-type]
        # of a class that other processes can import
        return Settings.model_construct(**{name: getattr(read, name) for name in Settings.model_fields})
    except tomllib.TOMLDecodeError as error:
        raise QueryError(f"{path} is not valid TOML: {error}") from error
    except OSError as error:
        raise QueryError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise QueryError(f"{path} is not UTF-8, as TOML has to be") from error
    except SettingsError as error:
        raise QueryError(f"A {VARIABLE_PREFIX}* variable cannot be read: {error}") from error
    except ValidationError as error:
        raise QueryError(said_of(error, path, given, _SECTIONS)) from error


def _settings_file(config: Path | None) -> Path | None:
    asked = config or (Path(os.environ[_CONFIG_VARIABLE]) if os.environ.get(_CONFIG_VARIABLE) else None)
    if asked is not None:
        if not asked.is_file():
            what = "is a folder" if asked.is_dir() else "is no file" if asked.exists() else "does not exist"
            raise QueryError(f"{asked} {what}: it should be a {FILE_NAME}")
        return asked
    return next((path for path in (Path(FILE_NAME), settings_folder() / FILE_NAME) if path.is_file()), None)
