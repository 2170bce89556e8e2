"""The pages that are made from the code keep up with it: settings and commands."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import typer

from findicon.cli.main import COMMANDS, app
from findicon.cli.settings import load_settings

DOCS = Path(__file__).parents[3] / "docs"


def page_module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_page", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def settings() -> ModuleType:
    return page_module("settings")


@pytest.fixture(scope="module")
def commands() -> ModuleType:
    return page_module("commands")


@pytest.mark.parametrize("name", ["settings", "commands"])
def test_the_page_tells_the_truth(name: str) -> None:
    module = page_module(name)
    assert module.page() == module.PAGE.read_text(encoding="utf-8"), f"`make docs` writes docs/{name}.md anew"


def test_every_setting_says_what_it_is(settings: ModuleType) -> None:
    for section, model in settings.sections():
        for key, field in model.model_fields.items():
            assert field.description, f"{section}.{key}"
            assert field.description.endswith("."), f"{section}.{key}"


def test_the_example_is_complete_and_right(
    settings: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "example.toml"
    path.write_text(settings.EXAMPLE)
    loaded = load_settings(path)
    assert loaded.icons.rules
    assert {peer.name for peer in loaded.named_peers()} == {"MAIN", "VIEWER"}
    for section, model in settings.sections():
        assert re.search(rf"^\[{section}\b", settings.EXAMPLE, re.MULTILINE)
        for key in model.model_fields:
            assert re.search(rf"^{key} = |^\[{section}\.{key}\]", settings.EXAMPLE, re.MULTILINE), f"{section}.{key}"


def test_variables_are_read(settings: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    text = settings.page()
    monkeypatch.setenv("FINDICON_TLS_CERTIFICATE", "here.pem")
    assert "`FINDICON_TLS_CERTIFICATE`" in text
    assert load_settings().tls.certificate == Path("here.pem")
    (variable,) = re.findall(r"`(FINDICON_PEERS_MAIN)='(.*)'`", text)
    monkeypatch.setenv(*variable)
    assert str(load_settings().peer("main").address) == "ORTHANC@10.0.0.5:4242"


def test_every_flag_stands_on_the_page(commands: ModuleType) -> None:
    text = commands.PAGE.read_text(encoding="utf-8")
    group = typer.main.get_command(app)
    context = typer.Context(group)
    for name in COMMANDS:
        (part,) = re.findall(rf"(?ms)^## `findicon {name}`$(.*?)(?=^## |\Z)", text)
        command = group.get_command(context, name)  # type: ignore[attr-defined]
        for parameter in command.params:
            for flag in (*parameter.opts, *parameter.secondary_opts):
                assert parameter.param_type_name == "argument" or flag in part, f"{name} {flag}"
            assert getattr(parameter, "help", ""), f"{name}: {parameter.name} says nothing"
