"""A kind of provider is a module and a line: settings, what it cannot do, and how one is built."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session

from tests.scripted_provider import WEATHER, ScriptedProvider, says
from tests.system import Refused, System
from threadkeep.providers.catalogue import Catalogue, CatalogueError
from threadkeep.providers.entry_settings import TEXT
from threadkeep.providers.models_file import read_rules
from threadkeep.providers.registry import PROVIDERS, Feature, Kind, Means

ENTRY = '[[model]]\nmatch = "*"\nprovider = "tiny"\n'


def tiny(entry: Mapping[str, Any], means: Means) -> ScriptedProvider:
    """Says where it is: in an AWS region, which its session knows, or where its setting says."""
    region = entry.get("region") or means.session().get_config_variable("region")
    return ScriptedProvider(says(f"from {region}"))


def catalogue(text: str = ENTRY) -> Catalogue:
    session = Session()
    session.set_config_variable("region", "eu-central-1")
    lacking: frozenset[Feature] = frozenset({"tools", "reasoning_effort"})
    kinds = {**PROVIDERS, "tiny": Kind(tiny, {"region": TEXT}, unsupported=lacking)}
    return Catalogue(read_rules(text, "models.toml", Means({}, lambda: session), kinds))


@pytest.mark.parametrize(
    ("more", "region"), [("", "eu-central-1"), ('region = "us-east-1"', "us-east-1")]
)
def test_a_provider_has_its_settings_and_an_aws_session(more: str, region: str) -> None:
    """The session is there for those who ask for it."""
    entry = catalogue(ENTRY + more).resolve("any")
    assert entry is not None
    assert entry.provider == ScriptedProvider(says(f"from {region}"))


def test_a_setting_of_another_provider_is_refused() -> None:
    """By name, with what this one takes."""
    with pytest.raises(CatalogueError, match="'base_url' is not known: provider \"tiny\" takes"):
        catalogue(ENTRY + 'base_url = "https://example.com"')


@pytest.mark.parametrize(("name", "value"), [("tools", [WEATHER]), ("reasoning_effort", "low")])
def test_what_a_provider_cannot_do_is_refused(tmp_path: Path, name: str, value: Any) -> None:
    """At the run's creation, by name: never left out in silence."""
    system = System(tmp_path, catalogue=catalogue())
    with pytest.raises(Refused, match="does not support") as refused:
        system.new_run("Hi", **{name: value})
    assert refused.value.error["param"] == name
    assert system.new_run("Hi")["status"] == "queued"
    system.local.stop()
