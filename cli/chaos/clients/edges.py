"""Requests at the edge: orders that are just taken, and bodies that have to be refused.

None of them may meet a fault of ours. A key of `must-be-refused` names those that no order may come
of.
"""

from datetime import date
from random import Random

from cli.chaos import network
from cli.chaos.clients.asking import Body, Wanted
from cli.chaos.clients.drafts import address, line_body
from cli.chaos.told import Kind

MUST_BE_REFUSED = "must-be-refused"
_MOST_LINES, _MOST_UNITS, _LONGEST_NAME = 1000, 100_000, 200
_DEAREST = 10**9
# Written from right to left, joined, composed, and of the upper planes.
_ODD_NAME = (
    "\N{RIGHT-TO-LEFT OVERRIDE}Ada \N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
    " O\N{COMBINING ACUTE ACCENT}"
)


def at_the_edge(reference: str, dice: Random) -> Wanted:
    """An order at one of the edges, or beyond it."""
    plain: Body = {
        "channel": network.CHANNEL,
        "reference": reference,
        "customer_id": network.WITH_ROOM[0],
        "currency": network.CURRENCY,
        "ship_to": address(dice),
        "lines": [line_body(network.PLENTY[0], 1, priced=True)],
    }
    name, change = dice.choice([*_taken(plain).items(), *_refused(plain).items()])
    body = plain | change
    subject = f"{network.CHANNEL}:{body['reference']}"
    edge = MUST_BE_REFUSED if name in _refused(plain) else "edge"
    return Wanted(Kind.PLACE, f"{subject}/{edge}/{name}", subject, "POST", "/orders", body)


def _taken(plain: Body) -> dict[str, Body]:
    """What just goes, by name, as it differs from a plain order."""
    one, to = plain["lines"][0], plain["ship_to"]
    return {
        "most-lines": {"lines": [one] * _MOST_LINES},
        "most-units": {"lines": [{"sku": network.LEAD, "quantity": _MOST_UNITS, "unit_price": 0}]},
        "longest-reference": {"reference": plain["reference"].ljust(64, "x")[:64]},
        "for-nothing": {"lines": [one | {"unit_price": 0}]},
        "dearest": {"lines": [one | {"unit_price": _DEAREST}]},
        "longest-name": {"ship_to": to | {"name": "Ж" * _LONGEST_NAME}},
        "odd-names": {
            "ship_to": to
            | {"name": _ODD_NAME, "street": "\N{ARABIC LIGATURE BISMILLAH AR-RAHMAN AR-RAHEEM}"}
        },
        "line-ids": {"lines": [one | {"line_id": "._-" + "Z" * 29}]},
        "last-day": {"requested_date": date(2199, 12, 31).isoformat()},
        "first-day": {"requested_date": date(2000, 1, 1).isoformat()},
        "spaces": {"ship_to": to | {"postal_code": "  75011  ", "city": " Paris "}},
    }


def _refused(plain: Body) -> dict[str, Body]:
    """What must not go, by name."""
    one, to = plain["lines"][0], plain["ship_to"]
    lead = {"sku": network.LEAD, "quantity": _MOST_UNITS, "unit_price": 1}
    return {
        "one-line-too-many": {"lines": [one] * (_MOST_LINES + 1)},
        "one-unit-too-many": {"lines": [one | {"quantity": _MOST_UNITS + 1}]},
        "too-heavy": {"lines": [lead, {"sku": network.LEAD, "quantity": 1, "unit_price": 1}]},
        "too-dear": {"lines": [one | {"quantity": 1001, "unit_price": _DEAREST}]},
        "no-lines": {"lines": []},
        "no-units": {"lines": [one | {"quantity": 0}]},
        "a-fraction": {"lines": [one | {"quantity": 1.5}]},
        "words-for-units": {"lines": [one | {"quantity": "two"}]},
        "unknown-sku": {"lines": [one | {"sku": "NOBODY-HAS-IT"}]},
        "unknown-customer": {"customer_id": "nobody"},
        "unknown-field": {"discount": 10},
        "unknown-country": {"ship_to": to | {"country": "XX"}},
        "unknown-currency": {"currency": "EURO"},
        "control-characters": {"ship_to": to | {"name": "Ada\x00Byron"}},
        "twice-the-line": {"lines": [one | {"line_id": "1"}, one | {"line_id": "1"}]},
        "no-such-day": {"requested_date": "2026-02-30"},
        "too-far": {"requested_date": "2200-01-01"},
        "no-token": {"tender": "card"},
        "half-paid": {"payments": [{"tender": "voucher", "amount": 1, "token": "voucher-1-x"}]},
        "nested": {"ship_to": {"name": {"name": {"name": []}}}},
    }
