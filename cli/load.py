"""`ariane load`: give a stack its network, products, customers and opening stock."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.agreements import (
    AgreementVersion,
    AnotherAgreementError,
    MixedTaxError,
    Party,
    UnknownNamesError,
    publish_agreement,
)
from adapters.postgres.credit_room import let_all_go_on
from adapters.postgres.engine import create_engine
from adapters.postgres.network import (
    Network,
    Receipt,
    load_network,
    receive_stock,
)
from adapters.postgres.policies import PolicyChangedError, activate_policy, read_active
from adapters.postgres.price_lists import (
    ListChangedError,
    NewPrice,
    PriceListVersion,
    UnknownSkusError,
    publish_list,
)
from adapters.postgres.versions import OutOfTurnError, VersionChangedError
from cli.demo.generator import generate
from cli.demo.places import built_in
from cli.target import Target
from domain.messages.policy import OrderPolicy
from domain.pricing import Agreement, Discount

_SAMPLE_SEED = 1
_SAMPLE_LIMIT = 1_000_000  # minor units: 10,000.00
_SINCE = date(2026, 1, 1)
_AGREEMENT = AgreementVersion(
    agreement_id="trade-b0002",
    version=1,
    party=Party(customer_id="B0002"),
    terms=Agreement(
        lists=("trade",),
        discounts=(Discount(bps=500),),
        tolerance_bps=100,
        terms_days=45,
    ),
    valid_from=_SINCE,
)
_SAMPLE_STOCK = {"warehouse": 100, "store": 10, "supplier": 40}


@dataclass(frozen=True)
class Installation:
    """What an installation starts with. `stock` is booked in once under `delivery`: loading the
    same file again changes master data, and books nothing twice. The `policy` is for all orders to
    come, where no book of policies is active; changed, it needs a new version, and so do
    `price_lists` and `agreements`."""

    network: Network
    policy: OrderPolicy
    delivery: str
    stock: tuple[Receipt, ...] = ()
    price_lists: tuple[PriceListVersion, ...] = ()
    agreements: tuple[AgreementVersion, ...] = ()


_FILE = TypeAdapter(Installation)
_PRICING_FAULTS: dict[type[Exception], str] = {
    ListChangedError: "a price list keeps its currency and tax",
    UnknownSkusError: "a price list names unknown products",
    AnotherAgreementError: "a customer or segment has one agreement for a channel",
    UnknownNamesError: "an agreement names what there is not",
    MixedTaxError: "an agreement's lists have the tax included and added",
    VersionChangedError: "what is changed needs a new version",
    OutOfTurnError: "each version follows the latest",
}


def run(file: Path | None, target: Target) -> None:
    """Load a file, or the sample where none is named, and say what there is now."""
    installation = sample() if file is None else _read(file)
    try:
        woken, active = asyncio.run(_load(installation, target))
    except IntegrityError as error:
        raise SystemExit(f"Nothing is loaded: {error.orig}") from None
    except PolicyChangedError as error:
        raise SystemExit(f"Nothing is loaded: {error}.") from None
    except tuple(_PRICING_FAULTS) as error:
        raise SystemExit(f"Nothing is loaded: {_PRICING_FAULTS[type(error)]}: {error}.") from None
    network = installation.network
    print(
        f"Loaded {len(network.locations)} locations, {len(network.products)} products, "
        f"{len(network.customers)} customers, {len(network.services)} carrier services and the "
        f"stock of {installation.delivery}; {active}."
    )
    if woken:
        print(f"{woken} order(s) that waited for such stock, or for credit, go on now.")


def print_sample() -> None:
    """Print the sample as a file to start from."""
    print(json.dumps(_FILE.dump_python(sample(), mode="json"), indent=1, ensure_ascii=False))


def sample() -> Installation:
    """Ten locations in France, Belgium and Britain, invented, the same each time."""
    scenario = generate(0, _SAMPLE_SEED, datetime.now(UTC).date(), built_in())
    accounts = [replace(a, credit_limit=_SAMPLE_LIMIT) for a in scenario.network.accounts]
    network = replace(scenario.network, accounts=accounts)
    receipts = tuple(
        Receipt(product.sku, location.id, _SAMPLE_STOCK[location.kind])
        for product in network.products
        for location in network.locations
        if location.kind in _SAMPLE_STOCK
    )
    return Installation(
        network,
        OrderPolicy(version="standard"),
        "sample",
        receipts,
        price_lists=(_trade_prices(network),),
        agreements=(_AGREEMENT,),
    )


def _trade_prices(network: Network) -> PriceListVersion:
    """Something that may be tried at once: net prices with a break at ten units."""
    prices = []
    for number, product in enumerate(network.products):
        unit_price = 500 + 25 * number
        prices.append(NewPrice(product.sku, unit_price))
        prices.append(NewPrice(product.sku, unit_price * 9 // 10, min_quantity=10))
    return PriceListVersion("trade", 1, "EUR", tax_included=False, valid_from=_SINCE, prices=prices)


def _read(file: Path) -> Installation:
    try:
        return _FILE.validate_json(file.read_bytes())
    except OSError as error:
        raise SystemExit(f"{file} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        faults = [
            f"  {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        ]
        raise SystemExit("\n".join([f"Nothing is loaded from {file}:", *faults])) from None


async def _load(installation: Installation, target: Target) -> tuple[int, str]:
    engine = create_engine(target.database_url, pool_size=1)
    now = datetime.now(UTC)
    customers = [account.customer_id for account in installation.network.accounts]
    try:
        async with engine.begin() as connection:
            await load_network(connection, installation.network)
            for listed in installation.price_lists:
                await publish_list(connection, listed, now)
            for agreement in installation.agreements:
                await publish_agreement(connection, agreement, now)
            active = await _activate(connection, installation.policy)
            freed = await let_all_go_on(connection, customers, f"load:{now.isoformat()}", now)
            delivery = await receive_stock(
                connection, installation.stock, installation.delivery, now
            )
    finally:
        await engine.dispose()
    return len(freed) + len(delivery.served), active


async def _activate(connection: AsyncConnection, policy: OrderPolicy) -> str:
    """Give the policy to all orders to come, unless a book of policies says who gets which."""
    book = {version.partition("/") for version in (await read_active(connection)).policies}
    names = sorted({name for name, slash, _ in book if slash})
    if names:
        return f"policies stay those of {' and '.join(names)}"
    await activate_policy(connection, policy)
    return f"policy {policy.version} is active"
