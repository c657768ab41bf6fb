"""Orders as clients write them, and what they know of them afterwards."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from cli.chaos import network

Body = dict[str, Any]

_PLACES = (
    ("1 rue de la Roquette", "Paris", "75011", "FR"),
    ("4 place Bellecour", "Lyon", "69002", "FR"),
    ("12 rue Neuve", "Lille", "59000", "FR"),
    ("8 place Saint-Lambert", "Liège", "4000", "BE"),
)
_NAMES = ("Ada Byron", "Zoë Šimková", "Jean-Luc Ó Briain", "李雷")
_MOST_LINES = 5


@dataclass
class Draft:
    """An order of one client: the body that placed it, and how it stands as far as was told.

    `lines` maps line ids to the SKU and the units that are wanted now.
    """

    reference: str
    body: Body
    lines: dict[str, tuple[str, int]]
    version: int = 1
    added: int = field(default=0)

    @property
    def order_id(self) -> str:
        return f"{network.CHANNEL}:{self.reference}"

    @property
    def path(self) -> str:
        return f"/orders/{self.order_id}"

    @property
    def names_prices(self) -> bool:
        """Whether its lines say their price; those of an agreement do not."""
        return bool(self.body["customer_id"] != network.AGREED)

    def line_bodies(self, lines: dict[str, tuple[str, int]]) -> list[Body]:
        """Lines as an amendment names them."""
        return [
            {"line_id": line_id} | line_body(sku, quantity, priced=self.names_prices)
            for line_id, (sku, quantity) in lines.items()
        ]


def line_body(sku: str, quantity: int, *, priced: bool) -> Body:
    """Units of a SKU, with the price of the shop where the client says one."""
    price = {"unit_price": network.price_of(sku)} if priced else {}
    return {"sku": sku, "quantity": quantity, **price}


def address(dice: Random) -> Body:
    """Who receives it, and where."""
    street, city, postal_code, country = dice.choice(_PLACES)
    return {
        "name": dice.choice(_NAMES),
        "street": street,
        "city": city,
        "postal_code": postal_code,
        "country": country,
        "email": f"buyer{dice.randint(1, 999)}@example.org",
    }


def draft(reference: str, dice: Random) -> Draft:
    """An order of one to five lines, paid in one of the ways there are."""
    customer = dice.choices(
        (*network.WITH_ROOM, network.TIGHT, network.AGREED, network.CONSUMER),
        (2, 2, 2, 1, 2, 5),
    )[0]
    lines = {
        str(number): (_sku(dice), dice.randint(1, 6))
        for number in range(1, dice.randint(1, _MOST_LINES) + 1)
    }
    priced = customer != network.AGREED
    body: Body = {
        "channel": network.CHANNEL,
        "reference": reference,
        "customer_id": customer,
        "currency": network.CURRENCY,
        "ship_to": address(dice),
        "lines": [line_body(sku, units, priced=priced) for sku, units in lines.values()],
        "critical": dice.random() < 0.08,
    }
    if dice.random() < 0.2:
        body["ship_complete"] = dice.random() < 0.5
    if priced:
        body |= _payment(customer, reference, _total(lines), dice)
    return Draft(reference, body, lines)


def _sku(dice: Random) -> str:
    return dice.choice(network.SCARCE if dice.random() < 0.08 else network.PLENTY)


def _total(lines: dict[str, tuple[str, int]]) -> int:
    return sum(network.price_of(sku) * units for sku, units in lines.values())


def _payment(customer: str, reference: str, total: int, dice: Random) -> Body:
    """How it is paid: a consumer up front, a business mostly on account."""
    up_front = customer == network.CONSUMER
    card = "tok_declined" if dice.random() < 0.04 else f"tok_{reference}"
    voucher = {"tender": "voucher", "amount": max(1, total // 4)}
    voucher["token"] = f"voucher-{total}-{reference}"
    rest = {"tender": "card", "token": card} if up_front else {"tender": "account"}
    way = dice.random()
    if way < 0.2:
        return {"payments": [voucher, rest]}
    if up_front and way < 0.4:
        return {"tender": "voucher", "payment_token": f"voucher-{total + 500}-{reference}"}
    return {"tender": "card", "payment_token": card} if up_front else {}
