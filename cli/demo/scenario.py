"""What a demo plays: a network with its stock, and the orders that its channels place."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from random import Random
from typing import Any

from adapters.postgres.network import (
    Account,
    Customer,
    Location,
    Network,
    Product,
    Receipt,
)
from cli.demo import network, taxes
from cli.demo.people import Buyer
from cli.demo.places import Places

OrderBody = dict[str, Any]
"""The JSON of a `POST /orders`."""


def order_id_of(order: OrderBody) -> str:
    """The id under which the API knows it."""
    return f"{order['channel']}:{order['reference']}"


_CENTRAL = frozenset({"lille", "coventry"})
_SMALLEST_LIMIT = 20_000
_STORE_DEPTH = (0.05, 0.15)
_TERMS_DAYS = (14, 30, 30, 45, 60)


@dataclass(frozen=True)
class Scenario:
    """Deterministic: the same seed and input give the same scenario."""

    network: Network
    receipts: Sequence[Receipt]
    orders: Sequence[OrderBody]


@dataclass(frozen=True)
class Scarcity:
    """How well stocked the network is, as shares of the SKUs.

    `central` and `regional` are what a central and another warehouse keep; a provider and a
    supplier keep half of it, a store a quarter. Of `tight` SKUs there is less than what is ordered;
    of the others each keeper but a store has between these shares (`depth`) of all that is ordered.
    """

    central: float
    regional: float
    tight: float
    depth: tuple[float, float]


def assemble(
    dice: Random,
    buyers: Sequence[Buyer],
    products: Sequence[Product],
    orders: Sequence[OrderBody],
    places: Places,
    scarcity: Scarcity,
) -> Scenario:
    """Derive from the orders what credit their buyers have, and what stock the network."""
    locations = network.locations()
    return Scenario(
        network=Network(
            channels=network.CHANNELS,
            customers=[
                Customer(buyer.id, buyer.segment, buyer.language, taxes.vat_id(buyer))
                for buyer in buyers
            ],
            accounts=_accounts(dice, buyers, orders),
            products=products,
            locations=locations,
            services=network.services(),
            postal_codes=places.all,
            seller=taxes.SELLER,
            vat_rates=taxes.rates(),
        ),
        receipts=_receipts(dice, _demand(products, orders), locations, scarcity),
        orders=orders,
    )


def _demand(products: Sequence[Product], orders: Sequence[OrderBody]) -> Mapping[str, int]:
    demand = Counter({product.sku: 1 for product in products})
    for order in orders:
        for line in order["lines"]:
            if line["sku"] in demand:
                demand[line["sku"]] += line["quantity"]
    return demand


def _accounts(dice: Random, buyers: Sequence[Buyer], orders: Sequence[OrderBody]) -> list[Account]:
    """Businesses have an account. Most limits leave room for what is ordered, some do not."""
    value: dict[str, int] = defaultdict(int)
    for order in orders:
        lines = order["lines"]
        value[order["customer_id"]] += sum(n["quantity"] * n["unit_price"] for n in lines)
    accounts = []
    for buyer in buyers:
        if not buyer.is_business:
            continue
        room = dice.uniform(0.4, 0.8) if dice.random() < 0.06 else dice.uniform(1.5, 4)
        limit = max(_SMALLEST_LIMIT, round(value[buyer.id] * room))
        accounts.append(Account(buyer.id, buyer.currency, limit, dice.choice(_TERMS_DAYS)))
    return accounts


def _receipts(
    dice: Random, demand: Mapping[str, int], locations: Sequence[Location], scarcity: Scarcity
) -> list[Receipt]:
    receipts = []
    for sku, wanted in sorted(demand.items()):
        if dice.random() < scarcity.tight:
            where = dice.choice([place for place in locations if place.kind == "warehouse"])
            receipts.append(Receipt(sku, where.id, max(1, round(wanted * dice.uniform(0.5, 0.9)))))
            continue
        keepers = [place for place in locations if dice.random() < _share(place, scarcity)]
        for place in keepers or [dice.choice(locations)]:
            depth = dice.uniform(*(_STORE_DEPTH if place.kind == "store" else scarcity.depth))
            # Two more than any share of the demand, so that a unit not found is no catastrophe.
            receipts.append(Receipt(sku, place.id, ceil(wanted * depth) + 2))
    return receipts


def _share(place: Location, scarcity: Scarcity) -> float:
    if place.id in _CENTRAL:
        return scarcity.central
    return (
        scarcity.regional * {"warehouse": 1, "3pl": 0.5, "store": 0.25, "supplier": 0.5}[place.kind]
    )
