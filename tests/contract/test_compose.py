"""docker-compose.yml against the Compose specification, and against what our processes read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.settings import Settings
from cli.stack.temporal import SEARCH_ATTRIBUTES
from world.settings import Settings as WorldSettings

REPOSITORY = Path(__file__).parents[2]
COMPOSE_FILE = REPOSITORY / "docker-compose.yml"

SETTINGS = {name.upper() for name in Settings.model_fields}
WORLD_SETTINGS = {f"WORLD_{name.upper()}" for name in WorldSettings.model_fields}
REQUIRED_SETTINGS = {
    name.upper() for name, field in Settings.model_fields.items() if field.is_required()
}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services, with YAML's anchors and merges resolved."""
    compose = yaml.safe_load(COMPOSE_FILE.read_text())
    services: dict[str, Any] = compose["services"]
    return services


def test_it_is_valid_under_the_schema_of_the_compose_specification() -> None:
    check = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", str(COMPOSE_FILE)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stdout + check.stderr


def test_the_schema_finds_a_misspelt_key(tmp_path: Path) -> None:
    misspelt = tmp_path / "docker-compose.yml"
    misspelt.write_text(COMPOSE_FILE.read_text().replace("depends_on:", "depend_on:"))
    check = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", str(misspelt)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 1
    assert "depend_on" in check.stdout


@pytest.mark.parametrize("service", ["api", "worker", "migrate"])
def test_our_services_get_only_what_settings_reads_and_all_that_it_requires(
    services: dict[str, Any], service: str
) -> None:
    given = set(services[service]["environment"])
    assert given <= SETTINGS
    assert given >= REQUIRED_SETTINGS


def test_the_world_gets_exactly_its_own_settings(services: dict[str, Any]) -> None:
    assert set(services["world"]["environment"]) == WORLD_SETTINGS


def test_every_image_has_a_version(services: dict[str, Any]) -> None:
    for name, service in services.items():
        _, _, version = service["image"].partition(":")
        assert any(digit in version for digit in "0123456789"), f"{name}: {service['image']}"


def test_services_wait_for_services_that_exist_and_can_tell_that_they_are_ready(
    services: dict[str, Any],
) -> None:
    for name, service in services.items():
        for needed, dependency in service.get("depends_on", {}).items():
            assert needed in services, f"{name} waits for {needed}"
            if dependency["condition"] == "service_healthy":
                assert "healthcheck" in services[needed], f"{name} waits for {needed}"
            else:
                assert services[needed]["restart"].startswith("on-failure"), f"{needed} never ends"


def test_no_port_is_open_to_other_machines(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: {port}"


def test_the_search_attributes_are_those_of_the_local_stack(services: dict[str, Any]) -> None:
    (script,) = services["temporal-namespace"]["command"]
    words = script.replace("\\\n", " ").split()
    named = [words[index + 1] for index, word in enumerate(words) if word == "--name"]
    types = [words[index + 1] for index, word in enumerate(words) if word == "--type"]
    assert dict(zip(named, types, strict=True)) == SEARCH_ATTRIBUTES
