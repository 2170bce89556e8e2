"""The OpenAPI description is true: schemathesis asks what it allows and what it does not, and no answer is a 500."""

import warnings
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi

from findicon.web import WebServer, create_app
from support.samples import instance
from unit.web.shelf import Shelf

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
UIDS = {"study": STUDY, "series": SERIES, "instance": f"{SERIES}.1", "frames": "1", "value": "7FE00010"}
ACCEPTS = (
    "*/*", "application/dicom+json", "image/jpeg", "image/png", 'multipart/related; type="application/dicom"',
    'multipart/related; type="application/octet-stream"', 'multipart/related; type="application/dicom+xml"',
    "application/dicom; transfer-syntax=*", "text/html",
)  # fmt: skip


@schemathesis.serializer("multipart/related")
def _as_it_is(_: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def described() -> schemathesis.BaseSchema:
    """The description of an application that nothing is behind: it is the same for all."""
    nothing: object = object()
    return schemathesis.openapi.from_dict(create_app(nothing, nothing, nothing, ingest=nothing).openapi())  # type: ignore[arg-type]


OPERATIONS = {operation.label: operation for operation in (found.ok() for found in described().get_all_operations())}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    shelf = Shelf(tmp_path_factory.mktemp("openapi"))
    for number in range(1, 4):
        uid = f"{SERIES}.{number}"
        shelf.add(instance(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=uid))
    with WebServer(create_app(shelf, shelf, shelf, ingest=shelf, overview=shelf)) as server:
        yield server.address


def _cases() -> Iterator[object]:
    for label, operation in OPERATIONS.items():
        yield pytest.param(label, GenerationMode.POSITIVE, id=f"{label} as described")
        if operation.path_parameters.items or operation.query.items:  # what takes nothing cannot be asked wrongly
            yield pytest.param(label, GenerationMode.NEGATIVE, id=f"{label} otherwise")


@pytest.mark.parametrize(("label", "mode"), list(_cases()))
def test_every_answer_is_one_that_is_described(address: str, label: str, mode: GenerationMode) -> None:
    operation = OPERATIONS[label]

    @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def ask(case: schemathesis.Case, data: st.DataObject) -> None:
        # Half of the cases reach something that is there.
        if case.path_parameters and data.draw(st.booleans()):
            case.path_parameters = {name: UIDS.get(name, value) for name, value in case.path_parameters.items()}
        case.headers = dict(case.headers or {}) | {"Accept": data.draw(st.sampled_from(ACCEPTS))}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the client thinks of names that it was told to send
            response = case.call(base_url=address)
        case.validate_response(
            response,
            checks=[
                checks.not_a_server_error,
                openapi.content_type_conformance,
                openapi.response_schema_conformance,
                openapi.status_code_conformance,
            ],
        )

    ask()


def test_the_description_names_every_service() -> None:
    paths = {label.partition(" ")[2] for label in OPERATIONS}
    for resource in ("thumbnail", "rendered", "metadata", "bulkdata", "pixeldata"):
        for above in ("/dicom-web/studies/{study}", "/dicom-web/studies/{study}/series/{series}"):
            assert f"{above}/{resource}" in paths
    assert {"/healthz", "/metrics", "/dicom-web/studies"} <= paths
    assert "POST /dicom-web/studies/{study}" in OPERATIONS
    assert not any(path.startswith(("/studies", "/static")) or path == "/" for path in paths)
