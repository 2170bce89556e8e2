"""Who is let in: named users with their passwords, once any are named."""

import json
import logging
from collections.abc import Iterator

import httpx
import pytest

from findicon.errors import QueryError
from findicon.web import WebSettings, create_app, hashed
from unit.web.conftest import served
from unit.web.shelf import Shelf

STUDIES = "/dicom-web/studies"
JSON = {"Accept": "application/dicom+json"}
SITE = "https://ohif.example"


@pytest.fixture(scope="module")
def kept() -> str:
    return hashed("straße:7")


@pytest.fixture
def closed(shelf: Shelf, kept: str) -> Iterator[httpx.Client]:
    with served(shelf, WebSettings(users={"jane": kept}, allowed_origins=(SITE,))) as client:
        yield client


@pytest.mark.parametrize("path", ["/", STUDIES, "/metrics", "/openapi.json", "/static/findicon.css", "/nothing"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Authorization": "Basic"},
        {"Authorization": "Basic ???"},
        {"Authorization": "Basic /w=="},
        {"Authorization": "Bearer abc"},
        {"Authorization": f"Basic {'A' * 5000}"},
        {"Authorization": httpx.BasicAuth("jane", "wrong")._auth_header},
        {"Authorization": httpx.BasicAuth("", "")._auth_header},
    ],
)
def test_nobody_unnamed_is_let_in(closed: httpx.Client, path: str, given: dict[str, str]) -> None:
    response = closed.get(path, headers=given)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Basic realm="findicon", charset="UTF-8"'
    assert "DOE" not in response.text


def test_a_name_with_its_password_opens_everything(closed: httpx.Client) -> None:
    for _ in range(2):  # looked at closely, then remembered
        assert closed.get(STUDIES, headers=JSON, auth=("jane", "straße:7")).status_code == 200
    assert closed.get("/", auth=("jane", "straße:7")).status_code == 200
    assert closed.get("/", auth=("jane", "straße:8")).status_code == 401, "being remembered opens nothing else"
    assert closed.get("/", auth=("john", "straße:7")).status_code == 401


def test_whether_it_works_may_be_asked_by_anybody(closed: httpx.Client) -> None:
    assert closed.get("/healthz").status_code == 200
    assert closed.get("/healthz/").status_code == 401
    assert closed.get("/healthz/../dicom-web/studies").status_code == 401


def test_browsers_may_ask_what_an_allowed_site_may_ask(closed: httpx.Client) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    preflight = closed.options(STUDIES, headers={"Origin": SITE, **asked})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-credentials"] == "true"
    assert closed.options(STUDIES, headers={"Origin": "https://evil.example", **asked}).status_code == 401
    assert closed.get(STUDIES, headers={"Origin": SITE}).status_code == 401


def test_the_audit_trail_names_who_asked(closed: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("findicon.audit")
    logger.addHandler(caplog.handler)
    try:
        closed.get(STUDIES, auth=("jane", "wrong"))
        closed.get(STUDIES, headers=JSON, auth=("jane", "straße:7"))
    finally:
        logger.removeHandler(caplog.handler)
    told = [(one.getMessage(), getattr(one, "user", None)) for one in caplog.records]
    assert ("access refused", "") in told
    assert any(user == "jane" and event != "access" for event, user in told), json.dumps(told)


@pytest.mark.parametrize(
    "kept",
    ["", "secret", "scrypt$1$2$3", "scrypt$a$8$1$AA==$AA==", "scrypt$16384$8$1$AA==$AA==", "scrypt$3$8$1$AA==$AA=="],
)
def test_what_is_kept_has_to_be_what_we_made(shelf: Shelf, kept: str) -> None:
    with pytest.raises(QueryError, match=r"\[web.users\] jane"):
        create_app(shelf, shelf, shelf, settings=WebSettings(users={"jane": kept}))


def test_the_same_password_is_kept_differently_each_time(kept: str) -> None:
    assert "straße" not in kept
    assert hashed("straße:7") != kept
