"""The gateway before Orthanc and DCMTK's dcmqrscp, each with C-GET, with C-MOVE alone, and with neither."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.errors import PeerError
from findicon.icons import PREVIEW_SIZE, Facts, Icon, icon_from_dataset, series_candidates, study_candidates
from findicon.pixels import read_header, render
from findicon.query import decode
from findicon.scu import Client
from peers.programs import dcmqrscp, free_port, orthanc
from support.gateways import Standing, gateway_before
from support.icon_rules import elements, icon_element, violations
from support.samples import instance, real_file, write, write_series

TITLE = "GATEWAY"
REAL = (
    "CT_small.dcm",
    "MR_small_RLE.dcm",
    "JPEG2000.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "examples_ybr_color.dcm",
    "reportsi.dcm",
)
KEYS = {
    "STUDY": ("StudyDate", "AccessionNumber", "PatientName", "PatientID", "StudyInstanceUID", "StudyID"),
    "SERIES": ("Modality", "SeriesNumber", "StudyInstanceUID", "SeriesInstanceUID"),
    "IMAGE": ("SOPClassUID", "SOPInstanceUID", "InstanceNumber", "StudyInstanceUID", "SeriesInstanceUID"),
}
UNIQUE = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
ICON = 0x00880200


@dataclass
class Setting:
    """An archive with its files, and a gateway before it."""

    address: str
    files: list[Path]
    standing: Standing
    gives_pictures: bool


def upstreams() -> list[object]:
    marks = {
        name: [pytest.mark.needs(name if name == "orthanc" else "dcmtk"), pytest.mark.xdist_group(name)]
        for name in ("orthanc", "dcmqrscp")
    }
    return [
        pytest.param((name, way), id=f"{name} {way}", marks=marks[name])
        for name in marks
        for way in ("get", "move", "neither")
    ]


def started(name: str, way: str, folder: Path, port: int) -> AbstractContextManager[str]:
    if name == "dcmqrscp":
        arguments = () if way == "get" else ("--disable-get",)
        return dcmqrscp(folder, *arguments, movers={TITLE: port} if way == "move" else {})
    if way == "get":
        return orthanc(folder)
    modality = {"AET": TITLE, "Host": "127.0.0.1", "Port": port, "AllowGet": False, "AllowMove": way == "move"}
    return orthanc(
        folder,
        DicomAlwaysAllowGet=False,
        DicomAlwaysAllowMove=way == "move",
        DicomAlwaysAllowStore=True,
        DicomModalities={"gateway": modality},
    )


@pytest.fixture(scope="module", params=upstreams())
def setting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    name, way = request.param
    folder = tmp_path_factory.mktemp(f"{name}-{way}")
    port = free_port()
    files = written(folder / "files")
    with ExitStack() as stack:
        address = stack.enter_context(started(name, way, folder, port))
        with Client(address) as client:
            for path in files:
                client.store(path)
        destination = TITLE if way != "get" else ""
        standing = stack.enter_context(
            gateway_before(
                address,
                folder / "catalogue.sqlite",
                port=port,
                destination=destination,
                client={"calling_ae_title": TITLE},
            )
        )
        yield Setting(address, files, standing, way != "neither")


def written(folder: Path) -> list[Path]:
    """Write a study of two series with a localizer, and take real images of many kinds beside it."""
    ours = write_series(folder, 9, StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.1")
    ours += write_series(folder, 3, StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.2", SeriesNumber=2)
    localizer = instance(
        StudyInstanceUID="1.2.3",
        SeriesInstanceUID="1.2.3.1",
        InstanceNumber=4,
        ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        ImagePositionPatient=[0, 0, 18],
    )
    return [*ours, write(localizer, folder), *(real_file(name) for name in REAL)]


@cache
def facts_of(path: Path) -> Facts:
    return Facts.from_header(read_header(path))


def expected_image(files: list[Path], level: str, uid: str) -> Icon | None:
    """Make the icon that stands for an entity from the files themselves."""
    by_instance = {facts_of(path).sop_instance: path for path in files}
    every = list(map(facts_of, files))
    if level == "STUDY":
        inside = [one for one in every if one.study == uid]
        by_series = [[one for one in inside if one.series == series] for series in {one.series for one in inside}]
        uid = next(study_candidates(by_series), "")
    if level == "IMAGE":
        chosen = next(one for one in every if one.sop_instance == uid)
    else:
        found = next(series_candidates([one for one in every if one.series == uid]), None)
        if found is None:
            return None
        chosen = found
    if not chosen.has_pixels:
        return None
    return Icon.from_picture(render(by_instance[chosen.sop_instance], PREVIEW_SIZE).shrunk(64))


def identifier(level: str, *, icon: bool, **values: str) -> Dataset:
    dataset = Dataset()
    dataset.QueryRetrieveLevel = level
    for keyword in KEYS[level]:
        setattr(dataset, keyword, values.get(keyword, ""))
    if icon:
        dataset.IconImageSequence = []
    return dataset


def ask(address: str, syntax: str, level: str, *, icon: bool) -> list[bytes]:
    """Ask for everything at a level, walking down to it; give the encoded answers."""
    with Client(address, transfer_syntaxes=[syntax], calling_ae_title=TITLE) as client:

        def find(at: str, values: dict[str, str]) -> list[bytes]:
            question = identifier(at, icon=icon and at == level, **values)
            return [match.encoded(syntax) for match in client.find(question)]

        parents: list[dict[str, str]] = [{}]
        for at in ("STUDY", "SERIES", "IMAGE"):
            answers = [(parent, data) for parent in parents for data in find(at, parent)]
            if at == level:
                return [data for _, data in answers]
            parents = [{**parent, UNIQUE[at]: str(decode(data, syntax)[UNIQUE[at]].value)} for parent, data in answers]
    raise ValueError(level)


def as_sets(answers: list[bytes], syntax: str) -> Counter[frozenset[tuple[int, bytes, bytes]]]:
    implicit = syntax == ImplicitVRLittleEndian
    return Counter(
        frozenset((one.tag, one.vr, one.value) for one in elements(data, implicit=implicit) if one.tag != ICON)
        for data in answers
    )


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian], ids=["explicit", "implicit"])
@pytest.mark.parametrize("level", ["STUDY", "SERIES", "IMAGE"])
def test_the_same_answers_with_lawful_icons_of_the_right_image(setting: Setting, level: str, syntax: str) -> None:
    direct = ask(setting.address, syntax, level, icon=False)
    through = ask(setting.standing.address, syntax, level, icon=True)
    assert len(direct) == len(through) >= 6
    assert as_sets(through, syntax) == as_sets(direct, syntax)
    for data in through:
        implicit = syntax == ImplicitVRLittleEndian
        assert icon_element(data, implicit=implicit) is not None
        assert violations(data, implicit=implicit) == []
        answer = decode(data, syntax)
        icon = icon_from_dataset(answer)
        expected = expected_image(setting.files, level, str(answer[UNIQUE[level]].value))
        if not setting.gives_pictures or expected is None:
            assert icon is None
        else:
            assert icon is not None
            assert looks_like(icon, expected)


def looks_like(icon: Icon, expected: Icon) -> bool:
    """Compare two icons; an archive that decompresses lossy images makes small differences."""
    one, other = (np.asarray(each.to_image().convert("RGB"), np.int16) for each in (icon, expected))
    return one.shape == other.shape and float(np.abs(one - other).mean()) < 3.0


@pytest.mark.parametrize("level", ["STUDY", "SERIES", "IMAGE"])
def test_without_the_icon_key_the_same_bytes(setting: Setting, level: str) -> None:
    direct = ask(setting.address, ExplicitVRLittleEndian, level, icon=False)
    through = ask(setting.standing.address, ExplicitVRLittleEndian, level, icon=False)
    assert sorted(through) == sorted(direct)


def answers_or_status(address: str, question: Dataset) -> Counter[bytes] | int | None:
    with Client(address, transfer_syntaxes=[ExplicitVRLittleEndian], calling_ae_title=TITLE) as client:
        try:
            return Counter(match.encoded(ExplicitVRLittleEndian) for match in client.find(question))
        except PeerError as error:
            return error.status


@pytest.mark.parametrize(
    ("level", "keys"),
    [
        ("PATIENT", ("PatientID", "PatientName", "NumberOfPatientRelatedStudies")),
        ("SERIES", ("SeriesInstanceUID", "Modality")),
        ("IMAGE", ("SOPInstanceUID", "SOPClassUID")),
        ("NONSENSE", ("PatientID",)),
    ],
)
def test_what_upstream_makes_of_a_question_is_its_own_business(
    setting: Setting, level: str, keys: tuple[str, ...]
) -> None:
    """Orthanc answers relational questions that nobody negotiated, dcmqrscp refuses them."""
    question = Dataset()
    question.QueryRetrieveLevel = level
    question.RetrieveAETitle = ""
    for keyword in keys:
        setattr(question, keyword, "")
    direct = answers_or_status(setting.address, question)
    through = answers_or_status(setting.standing.address, question)
    if level == "NONSENSE":
        assert isinstance(through, int)
        assert through & 0xF000 in {0xA000, 0xC000}
    else:
        assert through == direct
        assert direct


def test_no_more_associations_than_four(setting: Setting) -> None:
    assert setting.standing.upstream.associations <= 4
