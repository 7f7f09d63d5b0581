from __future__ import annotations

import tomllib
from importlib.metadata import entry_points
from pkgutil import resolve_name

import pytest
from airflow.providers_manager import ProvidersManager

from encord_provider.get_provider_info import get_provider_info
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def providers() -> ProvidersManager:
    return ProvidersManager()


def test_airflow_finds_the_provider_under_its_distributions_name(providers: ProvidersManager) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [point] = [one for one in entry_points(group="apache_airflow_provider") if one.value.startswith("encord_provider")]
    assert point.dist is not None
    # Airflow refuses to start where these differ.
    assert get_provider_info()["package-name"] == project["name"] == point.dist.name
    assert get_provider_info()["versions"] == [project["version"]]
    assert "encord-provider" in providers.providers


def test_the_connection_form_has_our_fields(providers: ProvidersManager) -> None:
    hook = providers.hooks["encord"]
    assert hook is not None
    assert (hook.hook_name, hook.connection_id_attribute_name, hook.hook_class_name) == (
        "Encord",
        "encord_conn_id",
        "encord_provider.hooks.encord.EncordHook",
    )
    behaviour = providers.field_behaviours["encord"]
    assert behaviour["relabeling"] == {"host": "API address (custom region only)", "password": "Private SSH key"}
    assert set(behaviour["hidden_fields"]) == {"login", "schema", "extra"}
    fields = {name for name in providers.connection_form_widgets if name.startswith("extra__encord__")}
    named = "region", "ssh_key_file", "connect_timeout", "read_timeout", "user_agent", "web_app", "test_project"
    assert fields == {f"extra__encord__{name}" for name in named}
    region = providers.connection_form_widgets["extra__encord__region"].field["schema"]
    assert region["enum"] == list(region["values_display"]) == ["global", "us", "custom"]


def test_everything_the_provider_names_can_be_imported(providers: ProvidersManager) -> None:
    info = get_provider_info()
    named = [*info["extra-links"], *(one["hook-class-name"] for one in info["connection-types"])]
    assert [resolve_name(name).__name__ for name in named] == [
        "EncordProjectLink",
        "EncordStageLink",
        "EncordFolderLink",
        "EncordDatasetLink",
        "EncordHook",
    ]
    assert info["extra-links"][0] in providers.extra_links_class_names
