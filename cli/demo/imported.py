"""The scenario of imported orders: what the file does not say is derived from it, with a seed."""

from collections.abc import Sequence
from random import Random

from adapters.postgres.network import Product
from cli.demo.packing import packed
from cli.demo.people import Buyer, invent
from cli.demo.places import Places
from cli.demo.scenario import OrderBody, Scarcity, Scenario, assemble
from cli.demo.uci import CURRENCY, ImportedOrder

_SCARCITY = Scarcity(central=0.99, regional=0.8, tight=0.004, depth=(0.9, 1.8))
_CHANNELS = ("edi", "edi", "sales", "sales", "web")


def scenario_of(orders: Sequence[ImportedOrder], seed: int, places: Places) -> Scenario:
    """A scenario in which these orders are placed, in their order.

    A customer always orders through the same channel, to the same address, with the same tender:
    from the web by card, otherwise on account.
    """
    dice = Random(seed)
    products = _products(seed, orders)
    # The first country that a customer names is where it is invoiced; each order goes to its own.
    buyers: dict[tuple[str, str], Buyer] = {}
    for order in orders:
        key = (order.customer_id, order.country)
        if key not in buyers:
            buyers[key] = _buyer(seed, order, places)
    customers = {buyer.id: buyer for buyer in reversed(buyers.values())}
    bodies = [
        _body(order, buyers[order.customer_id, order.country], _channel(seed, order.customer_id))
        for order in orders
    ]
    return assemble(dice, list(customers.values()), products, bodies, places, _SCARCITY)


def _products(seed: int, orders: Sequence[ImportedOrder]) -> list[Product]:
    """Each SKU with the description that it first has, a weight and a size that depend on it
    alone."""
    descriptions: dict[str, str] = {}
    for order in orders:
        for line in order.lines:
            descriptions.setdefault(line.sku, line.description)
    return [_product(seed, sku, text) for sku, text in sorted(descriptions.items())]


def _product(seed: int, sku: str, text: str) -> Product:
    dice = Random(f"{seed}:{sku}")
    weight = round(min(9000, dice.lognormvariate(5.2, 0.8))) + 10
    return Product(sku, text, weight, *packed(dice, weight))


def _channel(seed: int, customer_id: str) -> str:
    return Random(f"{seed}:{customer_id}").choice(_CHANNELS)


def _buyer(seed: int, order: ImportedOrder, places: Places) -> Buyer:
    segment = "consumer" if _channel(seed, order.customer_id) == "web" else "business"
    dice = Random(f"{seed}:{order.customer_id}:{order.country}")
    return invent(dice, order.customer_id, segment, order.country, CURRENCY, places)


def _body(order: ImportedOrder, buyer: Buyer, channel: str) -> OrderBody:
    body: OrderBody = {
        "channel": channel,
        "reference": order.reference,
        "customer_id": buyer.id,
        "tender": "account" if buyer.is_business else "card",
        "currency": CURRENCY,
        "ship_to": buyer.ship_to,
        "language": buyer.language,
        "lines": [
            {"sku": line.sku, "quantity": line.quantity, "unit_price": line.unit_price}
            for line in order.lines
        ],
    }
    if not buyer.is_business:
        body["payment_token"] = f"tok_{buyer.id}"
    return body
