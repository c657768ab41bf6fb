"""Which shipments give way to a critical order."""

from domain.stock.yielding import Holder, choose


def _holder(number: int, **units: int) -> Holder:
    return Holder(f"web:R-{number}:1", f"web:R-{number}", "LIL", "Lille", units)


def test_no_more_are_asked_than_are_needed() -> None:
    holders = [_holder(1, A=2), _holder(2, A=2), _holder(3, A=2)]
    assert choose(holders, {"A": 3}, whole=False) == holders[:2]


def test_one_that_has_nothing_of_what_is_lacking_is_not_asked() -> None:
    holders = [_holder(1, B=9), _holder(2, A=1)]
    assert choose(holders, {"A": 1}, whole=False) == holders[1:]


def test_one_shipment_may_give_several_skus() -> None:
    holders = [_holder(1, A=1, B=1), _holder(2, B=1)]
    assert choose(holders, {"A": 1, "B": 1}, whole=False) == holders[:1]


def test_as_much_as_there_is_serves_an_order_that_takes_parts() -> None:
    holders = [_holder(1, A=2)]
    assert choose(holders, {"A": 5}, whole=False) == holders


def test_nobody_gives_way_in_vain_to_an_order_that_ships_complete() -> None:
    holders = [_holder(1, A=2)]
    assert choose(holders, {"A": 5}, whole=True) == []
    assert choose(holders, {"A": 2}, whole=True) == holders


def test_nothing_lacking_asks_nobody() -> None:
    assert choose([_holder(1, A=2)], {}, whole=True) == []
