"""What the processes of the stack are told by their environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.stack.applications import application_specs
from cli.stack.options import StackOptions
from cli.stack.ports import Ports
from cli.stack.process import ProcessSpec, environment_of
from cli.stack.state import StackAddresses


@pytest.mark.parametrize(
    ("upper", "lower", "expected_upper", "expected_lower"),
    [
        (None, None, "127.0.0.1,localhost", "127.0.0.1,localhost"),
        ("intra.example", None, *["intra.example,127.0.0.1,localhost"] * 2),
        (None, "a, b", *["a,b,127.0.0.1,localhost"] * 2),
        ("a", "b", "a,127.0.0.1,localhost", "b,127.0.0.1,localhost"),
        ("localhost", "localhost,127.0.0.1", "localhost,127.0.0.1", "localhost,127.0.0.1"),
        ("*", None, "*", "*"),
    ],
)
def test_a_child_reaches_loopback_without_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
    upper: str | None,
    lower: str | None,
    expected_upper: str,
    expected_lower: str,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    for name, value in (("NO_PROXY", upper), ("no_proxy", lower)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)

    environment = environment_of(
        ProcessSpec(name="api", command=["true"], log=Path("api.log"), environment={"OWN": "1"})
    )

    assert environment["NO_PROXY"] == expected_upper
    assert environment["no_proxy"] == expected_lower
    assert environment["HTTP_PROXY"] == "http://proxy.example:3128"
    assert environment["OWN"] == "1"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (StackOptions(), {}),
        (StackOptions(world_speed=5.0), {"WORLD_SPEED": "5.0"}),
        (StackOptions(world_seed=0), {"WORLD_SEED": "0"}),
    ],
)
def test_the_world_is_told_only_the_seed_and_the_speed_that_were_given(
    options: StackOptions, told: dict[str, str]
) -> None:
    addresses = StackAddresses(
        database_url="postgresql://a:b@127.0.0.1/a",
        temporal_address="127.0.0.1:7233",
        temporal_namespace="default",
        api_url="http://127.0.0.1:8080",
        world_url="http://127.0.0.1:8090",
        ui_url=None,
        logs=Path("logs"),
    )
    ports = Ports(postgres=1, temporal=2, ui=3, api=4, world=5)

    world, *_ = application_specs(addresses, options, ports, Path("world.sqlite"))

    given = {name: world.environment.get(name) for name in ("WORLD_SEED", "WORLD_SPEED")}
    assert {name: value for name, value in given.items() if value is not None} == told
