"""How long a product page waits for a promise: `python -m tests.support.promise_speed`.

The API in this process over TCP on loopback, on a Postgres of its own that holds the sample of
`ariane load`; carts of one to three lines, one after the other.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from adapters.postgres.engine import create_engine
from adapters.postgres.network import load_network, receive_stock
from adapters.postgres.policies import activate_policy
from adapters.postgres.warm_up import warm_up
from adapters.temporal import connect
from api.app import create_app
from cli.demo.generator import generate
from cli.demo.network import policy
from cli.demo.places import built_in
from cli.stack import PostgresServer
from tests.support.api import served
from tests.support.stack import copy_of_template, make_template

_WARM, _MEASURED = 200, 1000
_POSTAL_CODES = [("FR", "75011"), ("FR", "20000"), ("BE", "9000"), ("GB", "M2"), ("DE", "50667")]


def _cart(dice: random.Random, skus: list[str]) -> dict[str, Any]:
    country, postal_code = dice.choice(_POSTAL_CODES)
    return {
        "channel": "web",
        "ship_to": {"country": country, "postal_code": postal_code},
        "lines": [
            {"sku": sku, "quantity": dice.randint(1, 4)}
            for sku in dice.sample(skus, dice.randint(1, 3))
        ],
    }


async def _measure(url: str) -> None:
    scenario = generate(200, 1, datetime.now(UTC).date(), built_in())
    engine = create_engine(url)
    async with engine.begin() as conn:
        await load_network(conn, scenario.network)
        await activate_policy(conn, policy())
        await receive_stock(conn, scenario.receipts, "opening", datetime.now(UTC))
    await warm_up(engine, datetime.now(UTC))
    client = await connect("127.0.0.1:1", "default", lazy=True)
    dice = random.Random(1)
    skus = [product.sku for product in scenario.network.products]
    waited, options, busy = [], [], 0.0
    async with (
        served(create_app(engine, client, "none")) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        for number in range(_WARM + _MEASURED):
            if number == _WARM:
                busy = -time.process_time()
            cart = _cart(dice, skus)
            began = time.perf_counter()
            answer = await http.post("/promise", json=cart)
            waited.append(1000 * (time.perf_counter() - began))
            options.append(len(answer.raise_for_status().json()["options"]))
        busy += time.process_time()
    await engine.dispose()
    cuts = statistics.quantiles(waited[_WARM:], n=100)
    print(
        f"{len(scenario.network.locations)} locations, {_MEASURED} carts, "
        f"{statistics.fmean(options):.1f} options each: "
        f"p50 {cuts[49]:.1f} ms, p90 {cuts[89]:.1f} ms, p99 {cuts[98]:.1f} ms; "
        f"{1000 * busy / _MEASURED:.1f} ms of this process each, client and all"
    )


async def main(directory: Path) -> None:
    server = PostgresServer(directory, durable=False)
    try:
        await server.start()
        await make_template(server)
        async with copy_of_template(server) as url:
            await _measure(url)
    finally:
        await server.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        # The server runs as another user where this one is root.
        Path(place).chmod(0o755)
        asyncio.run(main(Path(place) / "postgres"))
