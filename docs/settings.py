"""The page of settings: every section and key of findicon.toml, out of the models that read it."""

from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from findicon.cli.settings import Settings

PAGE = Path(__file__).with_name("settings.md")

_HEAD = """\
# Settings

Written by `make docs`; a test fails when it does not tell the truth any more.

findicon works without any. What is set stands in `findicon.toml`: the one that `--config` or the variable
`FINDICON_CONFIG` names, else the one in the folder where the command runs, else the user's (on Linux
`~/.config/findicon/findicon.toml`). One file counts, they are not put together: a `findicon.toml` in the folder where
you are decides which database `index`, `serve` and `status` mean. Flags go over variables, variables over the file.
A name that is none, or a value that cannot be, ends the command with exit code 2 and one sentence that says which and
what would be right.

"""

EXAMPLE = """\
[server]
ae_title = "FINDICON"
host = "0.0.0.0"                # reached by others, so peers have to be named
dicom_port = 11112
web_port = 8080
database = "/srv/findicon/catalogue.sqlite"
storage = "/srv/findicon/storage"
workers = 4

[server.limits]
associations = 1000
associations_per_peer = 50
associate_seconds = 30
idle_seconds = 600
network_seconds = 30
pdu_bytes = 131072
identifier_bytes = 1048576
instance_bytes = 4294967296
matches = 10000
pixels = 100000000

[icons]
size = 64
burned_in = "keep"              # the web shows images with text burned in
cache_bytes = 1073741824        # of findicon gateway

[icons.choice]
default = "third"
"1.2.840.10008.5.1.4.1.1.77.1.5.1" = "first"    # Ophthalmic Photography 8 Bit

[tls]
certificate = "/etc/findicon/certificate.pem"
key = "/etc/findicon/key.pem"
authorities = "/etc/findicon/hospital.pem"

[peers.MAIN]                    # findicon find main 'PatientName=DOE*'
address = "ORTHANC@10.0.0.5:4242"
verbs = ["echo", "find", "get", "move", "store"]
charset = "ISO_IR 100"

[peers.VIEWER]
address = "VIEWER@viewer.hospital.example:2762"
tls = true

[web]                           # named users only, over HTTPS
public_url = "https://pictures.hospital.example"
hosts = ["pictures.hospital.example"]
origins = ["https://ohif.hospital.example"]

[web.users]                     # findicon password
jane = "scrypt$32768$8$1$f5XUJbW8NdXTzLFnqcbAlg==$kBnKXW3hGYRRz2Z3kVGGyV8Bq2yCcSgEnUr0Wc8xjI4="

[web.viewers]
OHIF = "https://ohif.hospital.example/viewer?StudyInstanceUIDs={study}"
Weasis = "weasis://%24dicom%3Ars%20--url%20%22{dicomweb}%22%20-r%20%22studyUID%3D{study}%22"

[upstreams.PACS]                # findicon gateway
peer = "MAIN"
called_ae_title = "PICTURES"
budget_ms = 300
fetches = 4
prefetch = ["StudyDate=today"]
prefetch_seconds = 600
"""

# Sections whose keys have no variables of their own, and how they are set by one.
_WITHOUT_VARIABLES = {
    "server.limits": "Those that shall be others as a variable: `FINDICON_SERVER_LIMITS='{\"matches\": 1000}'`.",
    "peers": 'One peer as a variable: `FINDICON_PEERS_MAIN=\'{"address": "ORTHANC@10.0.0.5:4242"}\'`.',
    "upstreams": 'One upstream as a variable: `FINDICON_UPSTREAMS_PACS=\'{"peer": "MAIN"}\'`.',
}


def page() -> str:
    """Write the page."""
    tables = [_section(name, model) for name, model in sections()]
    return f"{_HEAD}{''.join(tables)}## A complete example\n\n```toml\n{EXAMPLE}```\n"


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Give each section and the model of its keys."""
    for name, field in Settings.model_fields.items():
        model = _model(field)
        if model is not None:
            yield name, model
            nested = ((f"{name}.{key}", _model(inner)) for key, inner in model.model_fields.items())
            yield from ((key, inner) for key, inner in nested if inner is not None)


def write() -> None:
    """Write the page into its file."""
    PAGE.write_text(page(), encoding="utf-8")


def _model(field: FieldInfo) -> type[BaseModel] | None:
    """Give the model of a section; of a table of sections, that of each."""
    candidates = (field.annotation, *get_args(field.annotation))
    return next((one for one in candidates if isinstance(one, type) and issubclass(one, BaseModel)), None)


def _section(name: str, model: type[BaseModel]) -> str:
    heading, _, about = (model.__doc__ or "").strip().partition("\n")[0].partition(": ")
    lines = [f"## {heading.replace('``', '`')}", "", f"{about[:1].upper()}{about[1:]}", ""]
    lines += ["| key | what it says | unless given | variable |", "|---|---|---|---|"]
    for key, field in model.model_fields.items():
        variable = f"`FINDICON_{name}_{key}`".upper() if name not in _WITHOUT_VARIABLES else ""
        lines.append(f"| `{key}` | {field.description} | {_default(field)} | {variable} |")
    if name in _WITHOUT_VARIABLES:
        lines += ["", _WITHOUT_VARIABLES[name]]
    return "\n".join([*lines, "", ""])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "has to be given"
    value = field.default
    if isinstance(value, NoneType | BaseModel) or value == "":
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (dict, tuple)):
        return "`{}`" if isinstance(value, dict) else "`[]`"
    if isinstance(value, frozenset):
        return f"`{sorted(value)}`".replace("'", '"')
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`" if isinstance(value, int) else f'`"{value}"`'


if __name__ == "__main__":
    write()
