"""What may come back, of which invoice it is, and what goes out in exchange."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.amounts import LinePrice
from domain.identity import (
    order_of_return,
    return_id,
    return_of_workflow,
    return_workflow_id,
)
from domain.returns import (
    Asked,
    Authorised,
    Came,
    NotReturnable,
    Shortfall,
    Sold,
    Under,
    authorise,
    take_in,
    to_inspect,
)
from domain.returns.exchanging import Credited, UnitPrice, Wanted, exchanged
from domain.returns.matching import Awaited, match

NOW = datetime(2026, 3, 20, tzinfo=UTC)
WINDOW = timedelta(days=30)


def sold(
    invoice: str = "I1", line: str = "1", units: int = 3, days_ago: int | None = 5, sku: str = "A"
) -> Sold:
    return Sold(
        invoice_id=invoice,
        shipment_id=f"S-{invoice}",
        line_id=line,
        sku=sku,
        open=units,
        had_at=None if days_ago is None else NOW - timedelta(days=days_ago),
    )


def asked(line: str = "1", units: int = 1) -> Asked:
    return Asked(line_id=line, quantity=units)


def parts(decided: Authorised | NotReturnable) -> list[tuple[str, str, int]]:
    assert isinstance(decided, Authorised)
    return [(part.invoice_id, part.line_id, part.units) for part in decided.parts]


def refusals(decided: Authorised | NotReturnable) -> list[tuple[int, str, int]]:
    assert isinstance(decided, NotReturnable)
    return [(refusal.position, refusal.why, refusal.allowed) for refusal in decided.refusals]


def test_units_come_from_the_oldest_invoice_that_has_some_left() -> None:
    stock = [sold("I1", units=2), sold("I2", units=5)]
    assert parts(authorise(stock, [asked(units=4)], at=NOW, window=WINDOW)) == [
        ("I1", "1", 2),
        ("I2", "1", 2),
    ]


def test_units_come_from_the_shipment_that_is_named() -> None:
    stock = [sold("I1"), sold("I2")]
    decided = authorise(stock, [asked()], at=NOW, window=WINDOW, shipment_id="S-I2")
    assert parts(decided) == [("I2", "1", 1)]


def test_a_line_that_is_asked_for_twice_is_one_part() -> None:
    decided = authorise([sold()], [asked(units=1), asked(units=2)], at=NOW, window=WINDOW)
    assert parts(decided) == [("I1", "1", 3)]


@pytest.mark.parametrize(
    ("stock", "units", "why", "allowed"),
    [
        ([sold(line="2")], 1, "unknown_line", 0),
        ([sold(days_ago=None)], 1, "not_delivered", 0),
        ([sold(days_ago=31)], 1, "too_late", 0),
        ([sold(units=2)], 3, "too_many", 2),
        ([sold("I1", units=2, days_ago=31), sold("I2", units=1)], 2, "too_many", 1),
    ],
)
def test_what_may_not_come_back_is_refused_with_the_reason(
    stock: list[Sold], units: int, why: str, allowed: int
) -> None:
    decided = authorise(stock, [asked(units=units)], at=NOW, window=WINDOW)
    assert refusals(decided) == [(0, why, allowed)]


def test_the_last_moment_of_the_window_counts() -> None:
    assert parts(authorise([sold(days_ago=30)], [asked()], at=NOW, window=WINDOW))
    late = NOW + timedelta(microseconds=1)
    assert refusals(authorise([sold(days_ago=30)], [asked()], at=late, window=WINDOW))


def test_what_is_under_way_may_come_back_when_the_carrier_brings_it() -> None:
    decided = authorise([sold(days_ago=None)], [asked()], at=NOW, window=None, under_way=True)
    assert parts(decided) == [("I1", "1", 1)]


def under(announced: int, received: int = 0, here: int = 0, line: str = "1") -> Under:
    return Under(
        invoice_id="I1", line_id=line, sku="A", announced=announced, received=received, here=here
    )


def test_what_came_is_what_was_announced_first_and_then_what_else_the_customer_has() -> None:
    came = [Came(line_id="1", sku=None, quantity=4)]
    taken = take_in([under(2)], [sold("I1", units=1), sold("I2", units=3)], came)
    assert not isinstance(taken, Shortfall)
    assert [(part.invoice_id, part.units) for part in taken] == [("I1", 2), ("I1", 1), ("I2", 1)]


def test_what_the_customer_never_had_is_not_taken_in() -> None:
    came = [
        Came(line_id="1", sku=None, quantity=1),
        Came(line_id=None, sku="B", quantity=2),
    ]
    taken = take_in([under(1)], [sold(units=5)], came)
    assert taken == Shortfall(position=1, allowed=0)


def test_no_more_is_inspected_than_is_there() -> None:
    rows = [Came(line_id="1", sku=None, quantity=2), Came(line_id="1", sku=None, quantity=2)]
    assert to_inspect([under(5, 3, here=3)], rows) == Shortfall(position=1, allowed=1)


def test_unannounced_goods_go_with_the_returns_that_wait_for_them_then_with_what_was_sold() -> None:
    waiting = [Awaited(return_id="R1", sku="A", units=2)]
    found = match({"A": 5, "B": 1}, waiting, [sold(units=1)], at=NOW, window=WINDOW)
    assert found.with_returns == {"R1": {"A": 2}}
    assert [(a.line_id, a.quantity) for a in found.asked] == [("1", 1)]
    assert found.left == {"A": 2, "B": 1}


def test_unannounced_goods_that_come_too_late_are_left_for_a_person() -> None:
    found = match({"A": 1}, [], [sold(days_ago=31)], at=NOW, window=WINDOW)
    assert found.left == {"A": 1}


def credited(units: int, gross: int, sku: str = "A") -> Credited:
    return Credited(sku=sku, units=units, gross=gross, vat_bps=2000, vat_category="S")


@pytest.mark.parametrize(("units", "gross"), [(1, 540), (3, 1000), (3, 1001), (7, 2), (4, 0)])
def test_an_even_exchange_comes_to_exactly_what_was_credited(units: int, gross: int) -> None:
    lines = exchanged([Wanted(sku="A", quantity=units)], [credited(units, gross)], {})
    assert sum(line.quantity for line in lines) == units
    assert sum(line.quantity * line.unit_price for line in lines) == gross


def test_an_exchange_in_parts_of_the_same_sku_comes_to_what_was_credited() -> None:
    wanted = [Wanted(sku="A", quantity=1), Wanted(sku="A", quantity=2)]
    lines = exchanged(wanted, [credited(3, 1000)], {})
    assert sum(line.quantity * line.unit_price for line in lines) == 1000


def test_what_is_wanted_beyond_what_came_back_has_a_price_of_its_own_with_tax() -> None:
    net = LinePrice(unit_price=1000, discount_bps=1000, vat_bps=2000, tax_included=False)
    prices = {"A": UnitPrice(price=net, vat_category="S")}
    lines = exchanged([Wanted(sku="A", quantity=3)], [credited(1, 540)], prices)
    assert [(line.quantity, line.unit_price) for line in lines] == [(1, 540), (2, 1080)]


def test_the_names_of_returns_can_be_taken_apart() -> None:
    named = return_id("web:R-1:R", 12)
    assert order_of_return(named) == "web:R-1:R"
    assert return_workflow_id("web:10042:R3") == "return/web:10042/3"
    assert return_of_workflow("return/web:10042/3") == "web:10042:R3"
