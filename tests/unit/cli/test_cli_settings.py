"""Settings: flags over variables over findicon.toml."""

from pathlib import Path
from typing import get_args

import pytest

from findicon.cli import settings as module
from findicon.cli.settings import load_settings
from findicon.errors import QueryError
from findicon.icons import RULES


def toml(text: str) -> None:
    Path("findicon.toml").write_text(text, encoding="utf-8")


def test_without_any_everything_has_its_default(tmp_path: Path) -> None:
    settings = load_settings()
    assert (settings.server.ae_title, settings.server.host, settings.server.dicom_port) == (
        "FINDICON",
        "127.0.0.1",
        11112,
    )
    assert Path(settings.database) == tmp_path / "data" / "findicon" / "catalogue.sqlite"
    assert settings.named_peers() == ()


def test_flags_go_over_variables_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    toml("[server]\nae_title = 'FILE'\ndicom_port = 1\nhost = 'file'\n")
    monkeypatch.setenv("FINDICON_SERVER_DICOM_PORT", "2")
    monkeypatch.setenv("FINDICON_SERVER_HOST", "variable")
    settings = load_settings(server={"host": "flag", "ae_title": None})
    assert (settings.server.ae_title, settings.server.dicom_port, settings.server.host) == ("FILE", 2, "flag")


def test_the_file_is_looked_for_here_and_in_the_users_folder(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "findicon"
    folder.mkdir(parents=True)
    (folder / "findicon.toml").write_text("[server]\nae_title = 'USER'\n")
    assert load_settings().server.ae_title == "USER"
    toml("[server]\nae_title = 'HERE'\n")
    assert load_settings().server.ae_title == "HERE"


def test_a_variable_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "other.toml"
    path.write_text("[server]\nae_title = 'OTHER'\n")
    monkeypatch.setenv("FINDICON_CONFIG", str(path))
    assert load_settings().server.ae_title == "OTHER"


def test_peers_are_named() -> None:
    toml(
        "[peers.MAIN]\naddress = 'ORTHANC@10.0.0.5:4242'\nverbs = ['echo', 'store']\ncharset = 'ISO_IR 100'\n"
        "[peers.TLS]\naddress = 'PACS@pacs:2762'\ntls = true\n"
    )
    settings = load_settings()
    main = settings.peer("main")
    assert (main.name, str(main.address), main.character_set) == ("MAIN", "ORTHANC@10.0.0.5:4242", "ISO_IR 100")
    assert main.verbs == {"echo", "store"}
    assert main.tls is None
    assert settings.peer("TLS").tls is not None
    assert {peer.name for peer in settings.named_peers()} == {"MAIN", "TLS"}


def test_an_address_needs_no_name() -> None:
    assert str(load_settings().peer("A@[::1]:104").address) == "A@[::1]:104"


@pytest.mark.parametrize(("asked", "sentence"), [("MIAN", "did you mean MAIN"), ("elsewhere", "write AET@host:port")])
def test_an_unknown_peer(asked: str, sentence: str) -> None:
    toml("[peers.MAIN]\naddress = 'A@b:1'\n")
    with pytest.raises(QueryError, match=sentence):
        load_settings().peer(asked)


def test_rules_by_sop_class() -> None:
    toml('[icons.choice]\ndefault = "middle"\n"1.2.840.10008.5.1.4.1.1.77.1.5.1" = "first"\n')
    icons = load_settings().icons
    assert (icons.rule, icons.rules) == ("middle", {"1.2.840.10008.5.1.4.1.1.77.1.5.1": "first"})
    assert set(get_args(module.Rule)) == set(RULES)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[server]\ndicom_prt = 1\n", r"findicon.toml: server.dicom_prt is no setting, did you mean dicom_port\?"),
        ("[sever]\nhost = 'x'\n", r"sever is no setting, did you mean server\?"),
        ("[server]\ndicom_port = 'x'\n", 'server.dicom_port = "x": should be a whole number'),
        ("[server]\ndicom_port = 70000\n", "server.dicom_port = 70000: should be at most 65535"),
        ("[server]\nae_title = 'A TITLE THAT IS LONG'\n", "server.ae_title = .* 1 to 16 characters"),
        ("[icons]\nsize = 1000\n", "icons.size = 1000"),
        (
            "[icons]\nchoice = 'best'\n",
            '^findicon.toml: icons.choice = "best": should be "third", "first", "middle" or "last"$',
        ),
        ("[peers.X]\naddress = 'nowhere'\n", r"peers.X.address = .*write AET@host:port"),
        ("[peers.X]\naddress = 'A@b:1'\nverbs = ['look']\n", '"echo", "find", "get"'),
        ("[peers.X]\nadress = 'A@b:1'\n", "peers.X.adress is no setting, did you mean address"),
        ("[server\n", "not valid TOML"),
        ("[icons.choice]\ndefualt = 'first'\n", r"'defualt' is no SOP class: did you mean default\?"),
        ("[icons.choice]\n'1.2.840.10008.1.1' = 'first'\n", "is no SOP class: write default, or a SOP Class UID"),
        ("[icons.choice]\ndefault = 'frist'\n", 'icons.choice.default = "frist": should be "third"'),
        ("[icons]\nsize = 9.5\n", "icons.size = 9.5: should be a whole number"),
        ("[peers.X]\naddress = 'A@b:1'\ncharset = 'latin1'\n", "is no Specific Character Set: write one as ISO_IR 100"),
        ("[peers.X]\naddress = 'A@b:1'\ntls = 'so'\n", "peers.X.tls = .*: should be true or false"),
        ("[peers.X]\naddress = 'A@b:1'\nverbs = 'find'\n", "peers.X.verbs = .*: should be a list"),
        ("[peers.A]\naddress = 'A@b:1'\n[peers.a]\naddress = 'B@b:1'\n", "peers: A and a are one name"),
        ("[peers.'A@b']\naddress = 'A@b:1'\n", "'A@b' is an address, not a name"),
        ("server = 3\n", "server = 3: should be a table of keys and values"),
        ("[server]\nhost = 3\n", "server.host = 3: should be text in quotes"),
    ],
)
def test_a_wrong_file_is_one_sentence(text: str, sentence: str) -> None:
    toml(text)
    with pytest.raises(QueryError, match=sentence) as caught:
        load_settings()
    assert "\n" not in str(caught.value)


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINDICON_SERVER_DICOM_PORT", "x")
    with pytest.raises(QueryError, match=r'^FINDICON_SERVER_DICOM_PORT = "x"'):
        load_settings()


def test_a_wrong_flag_is_named() -> None:
    with pytest.raises(QueryError, match=r'^--ae-title = "back\\slash"'):
        load_settings(server={"ae_title": "back\\slash"})


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(QueryError, match=r"nope.toml does not exist"):
        load_settings(Path("nope.toml"))
    with pytest.raises(QueryError, match=r"\. is a folder: it should be a findicon.toml"):
        load_settings(Path())


def test_private_sop_classes_and_character_sets_of_two_are_taken() -> None:
    toml(
        "[icons.choice]\n'1.3.12.2.1107.5.9.1' = 'first'\n"
        "[peers.X]\naddress = 'A@b:1'\ncharset = 'ISO 2022 IR 6\\ISO 2022 IR 87'\n"
    )
    settings = load_settings()
    assert settings.icons.rules == {"1.3.12.2.1107.5.9.1": "first"}
    assert settings.peer("X").character_set == "ISO 2022 IR 6\\ISO 2022 IR 87"


def test_other_peoples_variables_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINDICON_PORT", "tcp://10.0.0.1:11112")  # Kubernetes, for a service of that name
    monkeypatch.setenv("FINDICON_SERVICE_HOST", "10.0.0.1")
    assert load_settings().server.dicom_port == 11112


def test_limits_reach_the_exchange_and_wrong_ones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = load_settings().server.limits.exchange()
    assert (defaults.associations, defaults.associations_per_caller, defaults.idle) == (1000, 300, 600.0)
    toml(
        "[server.limits]\nassociations = 7\nassociations_per_peer = 3\nidle_seconds = 1.5\nmatches = 10\npixels = 99\n"
    )
    limits = load_settings().server.limits.exchange()
    assert (limits.associations, limits.associations_per_caller, limits.idle, limits.matches) == (7, 3, 1.5, 10)
    monkeypatch.setenv("FINDICON_SERVER_LIMITS", '{"matches": 20}')
    assert load_settings().server.limits.matches == 20
    monkeypatch.delenv("FINDICON_SERVER_LIMITS")
    toml("[server.limits]\nmatches = 0\n")
    with pytest.raises(QueryError, match=r"server\.limits\.matches = 0: should be at least 1"):
        load_settings()
    toml("[server.limits]\nmatch = 5\n")
    with pytest.raises(QueryError, match=r"server\.limits\.match is no setting, did you mean matches"):
        load_settings()


def test_a_peer_that_talks_tls_needs_our_certificate_before_we_are_called() -> None:
    from findicon.cli.serving import certificate

    toml("[peers.SAFE]\naddress = 'SAFE@safe:2762'\ntls = true\n")
    with pytest.raises(QueryError, match=r"Peer SAFE talks TLS, but \[tls\] has no certificate"):
        certificate(load_settings())
    toml("[tls]\ncertificate = 'c.pem'\nkey = 'k.pem'\n[peers.SAFE]\naddress = 'SAFE@safe:2762'\ntls = true\n")
    assert certificate(load_settings()) is not None
    toml("[peers.PLAIN]\naddress = 'PLAIN@plain:104'\n")
    assert certificate(load_settings()) is None
