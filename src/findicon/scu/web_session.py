"""How a DICOMweb server is reached: its address, who we are, whom we trust, and what goes wrong on the way."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeGuard
from urllib.parse import unquote, urlsplit, urlunsplit

from ..dimse import Tls
from ..errors import PeerError, PeerTimeout, QueryError

logging.getLogger("dicomweb_client").addHandler(logging.NullHandler())  # its remarks are for whoever asks for them
# Bad request, not found, method not allowed, not acceptable, media type, not implemented: it has no such resource
_NOT_THERE = {400, 404, 405, 406, 415, 501}


class NotThereError(PeerError):
    """The server has no such resource."""


def is_web_address(address: object) -> TypeGuard[str]:
    """Tell whether that is the address of a web server."""
    return isinstance(address, str) and address.lower().startswith(("http://", "https://"))


class WebSession:
    """The connections to one server.

    Parameters
    ----------
    address
        The service's root; a name and a password in it become the authorization and are shown nowhere.
    timeout
        Seconds that the server may take to connect, and to say something.
    headers
        Of every request.
    largest
        Bytes of an answer, where the server says how long it is.
    tls
        Whom we trust and our certificate; the authorities that requests knows, and none, unless given.

    Attributes
    ----------
    address
        The root without name and password.
    requests
        The session of the package requests.

    Raises
    ------
    QueryError
        The address is none, a header is none, or the files of TLS cannot be used.
    """

    def __init__(
        self, address: str, *, timeout: float, headers: Mapping[str, str] | None, largest: int, tls: Tls | None
    ) -> None:
        import requests  # noqa: PLC0415  whoever talks DIMSE only does not need it

        self.address, credentials = _taken_apart(address)
        self.timeout = timeout
        self.requests = requests.Session()
        self.requests.auth = credentials  # type: ignore[assignment]  # bytes, whatever their letters
        self.requests.hooks["response"].append(partial(_check_length, self.address, largest))
        for name, value in (headers or {}).items():
            if not f"{name}{value}".isprintable() or not f"{name}{value}".isascii():
                raise QueryError(f"The header {name!r} has characters that HTTP does not allow")
            self.requests.headers[name] = value
        if tls is not None:
            self.requests.mount("https://", _adapter(tls))

    def close(self) -> None:
        """Close the connections that are kept."""
        self.requests.close()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what requests, dicomweb-client and pydicom raise into PeerErrors."""
        import requests  # noqa: PLC0415

        try:
            yield
        except PeerError:
            raise
        except requests.Timeout as error:
            raise PeerTimeout(self.address, f"did not answer in {self.timeout:g} s") from error
        except requests.HTTPError as error:
            answer = error.response
            kind = NotThereError if answer is not None and answer.status_code in _NOT_THERE else PeerError
            raise kind(self.address, f"answered {str(error).partition(' for url')[0]}") from error
        except requests.exceptions.SSLError as error:
            raise PeerError(self.address, f"the TLS handshake failed: {_innermost(error)}") from error
        except requests.ConnectionError as error:
            raise PeerError(self.address, f"cannot be reached: {_innermost(error)}") from error
        except Exception as error:  # whatever odd JSON or odd parts make of dicomweb-client and pydicom
            raise PeerError(self.address, f"sent an answer that cannot be decoded: {error}") from error


def _taken_apart(address: str) -> tuple[str, tuple[bytes, bytes] | None]:
    """Give an address without its credentials, and these."""
    try:
        parts = urlsplit(address.strip())
        user, password, host, _ = parts.username, parts.password, parts.hostname, parts.port
    except ValueError:
        user, password, host, parts = None, None, None, urlsplit("")
    place = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    if not is_web_address(address.strip()) or not host or parts.query or parts.fragment:
        shown = f"{bare!r}" if bare else "That"
        raise QueryError(
            f"{shown} is no DICOMweb address: write http://host:port/path, as in http://127.0.0.1:8042/dicom-web"
        )
    if user is None and password is None:
        return bare, None
    return bare, (unquote(user or "").encode(), unquote(password or "").encode())


def _adapter(tls: Tls) -> Any:
    """Make what connects by TLS as a Tls says, whatever the environment says of authorities."""
    from requests.adapters import HTTPAdapter  # noqa: PLC0415

    tls.client_context()  # says what is wrong with its files
    verify = str(tls.authorities) if tls.authorities else True
    own = (str(tls.certificate), str(tls.key or tls.certificate)) if tls.certificate else None

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **settings: Any) -> None:
            names = {} if tls.check_host_name else {"assert_hostname": False}
            super().init_poolmanager(*args, **settings | names)

        def send(self, *args: Any, **settings: Any) -> Any:
            return super().send(*args, **settings | {"verify": verify, "cert": own})

    return Adapter()


def _check_length(address: str, largest: int, response: Any, **_: object) -> None:
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > largest:
        response.close()
        raise PeerError(address, f"answers with {length} bytes, beyond the limit of {largest}")


def _innermost(error: BaseException) -> str:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return getattr(error, "strerror", None) or str(error) or "it closed the connection, as what is no web server does"
