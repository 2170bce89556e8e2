"""What can be set about the web."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from ..icons import BurnedIn
from ..pixels import DEFAULT_LIMITS, Limits

OHIF = "{viewer}/viewer?StudyInstanceUIDs={study}"
"""Address of a study in OHIF; `viewer` is where OHIF is, as in ``https://ohif.example``."""

WEASIS = "weasis://%24dicom%3Ars%20--url%20%22{dicomweb}%22%20-r%20%22studyUID%3D{study}%22"
"""Address that opens a study in a Weasis that is installed on the reader's machine."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """A viewer elsewhere that a page links to.

    Parameters
    ----------
    name
        What the link says.
    template
        Its address, with ``{study}``, ``{series}`` and ``{instance}`` for the UIDs, ``{dicomweb}`` for the address of
        our DICOMweb services and ``{viewer}`` for `base`; as in `OHIF` and `WEASIS`.
    base
        Where the viewer is, for templates that say ``{viewer}``.
    """

    name: str
    template: str
    base: str = ""

    def address(self, dicomweb: str, study: str, series: str = "", instance: str = "") -> str:
        """Give the address of a study, a series or an instance in this viewer."""
        values = {"dicomweb": quote(dicomweb, safe=""), "study": study, "series": series, "instance": instance}
        address = self.template.replace("{viewer}", self.base.rstrip("/"))
        for name, value in values.items():
            address = address.replace("{" + name + "}", value)
        return address


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What can be set about the web.

    Parameters
    ----------
    public_url
        Address under which readers reach us, as in ``https://pacs.example/findicon``, when a proxy stands before us;
        empty takes the request's own.
    allowed_hosts
        Names that requests may call us by, beside that of `public_url`; a name that is not expected is refused, which
        keeps other sites from reaching us through a reader's browser. ``*`` takes any.
    allowed_origins
        Sites whose scripts may use our DICOMweb services (CORS), as in ``https://ohif.example``.
    users
        Who may ask: by name what `hashed` makes of a password. None lets everybody in who reaches us.
    viewers
        Viewers elsewhere that pages link to.
    most_answers
        How many answers one search gives at most; more are offered with a Warning.
    most_instances
        How many instances one retrieval gives at most.
    most_frames
        How many frames one request may name.
    largest_instance
        Bytes of one instance that is stored.
    largest_picture
        Pixels that a rendered picture's longer side may have.
    pixel_limits
        Bounds on what is decoded, where no renderer is given that has its own.
    render_slots
        How many pictures are rendered at once; further requests wait.
    icon_extension
        Whether (0088,0200) may be asked back for studies and series, where PS3.18 10.6.3.3 has no place for it.
    burned_in
        What becomes of thumbnails whose image has text burned in.
    page_size
        How many studies a page shows.
    most_counted
        How many studies of a search are counted; more are said to be more.
    patience
        Seconds for which a sender may send nothing, or a reader take nothing, until it is given up.
    cache_seconds
        How long a browser may show a picture without asking again.
    """

    public_url: str = ""
    allowed_hosts: Sequence[str] = ("127.0.0.1", "localhost", "[::1]")
    allowed_origins: Sequence[str] = ()
    users: Mapping[str, str] = field(default_factory=dict)
    viewers: Sequence[Viewer] = ()
    most_answers: int = 5000
    most_instances: int = 100_000
    most_frames: int = 10_000
    largest_instance: int = 4 << 30
    largest_picture: int = 4096
    pixel_limits: Limits = DEFAULT_LIMITS
    render_slots: int = 4
    icon_extension: bool = True
    burned_in: BurnedIn = BurnedIn.UNSET
    page_size: int = 60
    most_counted: int = 1000
    patience: float = 60.0
    cache_seconds: int = 300
    window_presets: Sequence[tuple[str, str, float, float]] = field(
        default=(
            ("CT", "Soft tissue", 40, 400),
            ("CT", "Lung", -600, 1500),
            ("CT", "Bone", 480, 2500),
            ("CT", "Brain", 40, 80),
            ("CT", "Mediastinum", 50, 350),
            ("CT", "Liver", 60, 160),
        )
    )
    """Modality, name, center and width of the windows that the preview offers."""
