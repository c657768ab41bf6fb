"""A day of orders of an invented distributor: seeded, so that it can be played again."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from adapters.postgres.network import Product
from cli.demo.packing import packed
from cli.demo.people import Buyer, invent
from cli.demo.places import Places
from cli.demo.scenario import OrderBody, Scarcity, Scenario, assemble

_SCARCITY = Scarcity(central=0.9, regional=0.7, tight=0.03, depth=(0.5, 1.2))
_SKUS = 150
_BUSINESSES = 70
_CONSUMERS = 60
_BUSINESS_SHARE = 0.75
_COUNTRIES = {
    "FR": 48, "BE": 16, "GB": 24, "DE": 3, "NL": 3, "LU": 1, "ES": 1, "IT": 1, "CH": 1, "IE": 1,
    "US": 1,
}  # fmt: skip
_BUSINESS_CHANNELS = {"edi": 45, "sales": 30, "web": 25}
_CONSUMER_CHANNELS = {"web": 55, "marketplace": 45}
_PACKS = (1, 2, 3, 4, 5, 6, 10, 12, 20, 24, 48)
_MAX_LINES = 20
_MEAN_LINES = 5
# Where consumers of a country fetch what they do not have sent.
_STORES = {"FR": "paris", "BE": "brussels", "GB": "london"}
_FETCHED_SHARE = 0.2
_ARTICLES = (
    "Drill bit set", "Work gloves", "LED floodlight", "Cable drum", "Hinge", "Wood screw box",
    "Safety boots", "Paint roller", "Sealant", "Spirit level", "Padlock", "Extension ladder",
    "Pipe wrench", "Dust mask", "Angle bracket",
)  # fmt: skip

# Millimetres of what is longer than its box would be.
_LONGEST = {"Extension ladder": 2400, "Spirit level": 1250, "Pipe wrench": 600}


@dataclass(frozen=True)
class _Article:
    product: Product
    price: int


def generate(count: int, seed: int, today: date, places: Places) -> Scenario:
    """`count` orders; about one in fifty is one that the API has to refuse."""
    dice = Random(seed)
    articles = [_article(dice, number) for number in range(_SKUS)]
    businesses = [_buyer(dice, "B", "business", n, places) for n in range(_BUSINESSES)]
    consumers = [_buyer(dice, "C", "consumer", n, places) for n in range(_CONSUMERS)]
    orders = []
    for number in range(count):
        buyer = dice.choice(businesses if dice.random() < _BUSINESS_SHARE else consumers)
        order = _order(dice, number, buyer, articles, today)
        order |= _fetched(Random(f"{seed}:{number}"), buyer)
        orders.append(_spoilt(dice, order) if dice.random() < 0.02 else order)
    products = [article.product for article in articles]
    return assemble(dice, [*businesses, *consumers], products, orders, places, _SCARCITY)


def _article(dice: Random, number: int) -> _Article:
    kind = _ARTICLES[number % len(_ARTICLES)]
    weight = round(min(18_000, dice.lognormvariate(6.3, 1.1))) + 20
    price = round(min(40_000, dice.lognormvariate(7.0, 0.9))) + 49
    volume, longest = packed(dice, weight)
    product = Product(
        f"AR-{number:04}", f"{kind} {number:03}", weight, volume, _LONGEST.get(kind, longest)
    )
    return _Article(product, price)


def _buyer(dice: Random, prefix: str, segment: str, number: int, places: Places) -> Buyer:
    country = _weighted(dice, _COUNTRIES)
    currency = "GBP" if country == "GB" else "EUR"
    return invent(dice, f"{prefix}{number:04}", segment, country, currency, places)


def _weighted(dice: Random, weights: dict[str, int]) -> str:
    return dice.choices(list(weights), weights=list(weights.values()))[0]


def _order(
    dice: Random, number: int, buyer: Buyer, articles: list[_Article], today: date
) -> OrderBody:
    business = buyer.is_business
    channel = _weighted(dice, _BUSINESS_CHANNELS if business else _CONSUMER_CHANNELS)
    order: OrderBody = {
        "channel": channel,
        "reference": f"D{number:06}",
        "customer_id": buyer.id,
        "tender": "account" if business else "card",
        "currency": buyer.currency,
        "ship_to": buyer.ship_to,
        "lines": _lines(dice, buyer, articles),
        "language": buyer.language,
        "critical": dice.random() < 0.05,
        "ship_complete": dice.random() < 0.08,
    }
    if not business:
        order["payment_token"] = "tok_declined" if dice.random() < 0.04 else f"tok_{number}"
    if dice.random() < 0.3:
        order["requested_date"] = (today + timedelta(days=dice.randint(2, 9))).isoformat()
    return order


def _fetched(dice: Random, buyer: Buyer) -> OrderBody:
    """Some consumers come to a store for their order; its dice change nothing else of the day."""
    store = _STORES.get(buyer.ship_to["country"])
    if buyer.is_business or store is None or dice.random() >= _FETCHED_SHARE:
        return {}
    return {"type": dice.choice(["collect", "ship_to_store", "ship_to_store"]), "collect_at": store}


def _lines(dice: Random, buyer: Buyer, articles: list[_Article]) -> list[OrderBody]:
    if buyer.is_business:
        count = min(_MAX_LINES, 1 + int(dice.expovariate(1 / _MEAN_LINES)))
    else:
        count = dice.randint(1, 3)
    # The first articles of the catalogue sell more often than the last.
    popularity = [1 / (rank + 5) for rank in range(len(articles))]
    chosen = dice.choices(articles, weights=popularity, k=count)
    return [
        {
            "sku": article.product.sku,
            "quantity": dice.choice(_PACKS) if buyer.is_business else dice.randint(1, 2),
            "unit_price": round(article.price * (0.8 if buyer.is_business else 1.0)),
        }
        for article in chosen
    ]


def _spoilt(dice: Random, order: OrderBody) -> OrderBody:
    """The order with one of the mistakes that channels make."""
    first, *others = order["lines"]
    return order | dice.choice(
        [
            {"lines": [first | {"sku": "AR-UNKNOWN"}, *others]},
            {"lines": [first | {"quantity": 0}, *others]},
            {"customer_id": "B9999"},
            {"ship_to": order["ship_to"] | {"country": "XX"}},
        ]
    )
