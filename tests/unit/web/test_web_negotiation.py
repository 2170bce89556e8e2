"""Accept: which media type wins (PS3.18 8.7.5 to 8.7.8, RFC 9110 12.5.1)."""

import pytest

from findicon.web.negotiation import MediaType, acceptable, best

JPEG, PNG, XML = MediaType("image/jpeg"), MediaType("image/png"), MediaType("application/dicom+xml", multipart=True)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("*/*", JPEG),
        ("image/*", JPEG),
        ("image/png", PNG),
        ("image/png;q=0.1, image/jpeg;q=0.2", JPEG),
        ("image/jpeg;q=0, */*", PNG),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", JPEG),
        ("IMAGE/PNG", PNG),
        ('multipart/related; type="application/dicom+xml"', XML),
        ("multipart/related; type=application/dicom+xml; boundary=xyz", XML),
        ("multipart/related", XML),
        ("text/html", None),
        ("nonsense", None),
        ("image/jpeg;q=abc", None),
        ("", None),
        ("*/png", None),
        ('image/png; x="a, b; c"', PNG),
    ],
)
def test_the_best_of_what_is_offered(accept: str, chosen: MediaType | None) -> None:
    assert best(acceptable(accept), (JPEG, PNG, XML)) == chosen


def test_a_transfer_syntax_is_read() -> None:
    one, other = acceptable('multipart/related; type="application/dicom"; transfer-syntax=*;q=0.5, application/dicom')
    assert (one.name, one.multipart, one.transfer_syntax, one.weight) == ("application/dicom", True, "*", 0.5)
    assert (other.multipart, other.transfer_syntax, other.weight) == (False, "", 1.0)
