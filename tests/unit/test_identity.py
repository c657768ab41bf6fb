"""Names can be taken apart again."""

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.identity import (
    ChannelCode,
    OrderId,
    Reference,
    booking_reference,
    exchange_reference,
    order_id,
    order_of_shipment,
    shipment_id,
    shipment_number,
    workflow_id,
)


def test_a_name_tells_what_it_is_made_of() -> None:
    order = order_id("web-fr", "2026_04.10-A")
    shipment = shipment_id(order, 12)
    assert order == "web-fr:2026_04.10-A"
    assert workflow_id(order) == "order/web-fr/2026_04.10-A"
    assert order_of_shipment(shipment) == order
    assert shipment_number(shipment) == 12
    assert order_of_shipment(booking_reference(shipment, 1)) == shipment


@pytest.mark.parametrize("channel", ["", "Web", "-web", "w:b", "w/b", "x" * 33, "wéb", "web\n"])
def test_a_channel_is_short_and_lower_case(channel: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ChannelCode).validate_python(channel)


@pytest.mark.parametrize("reference", ["", ".1", "a:b", "a/b", "a b", "x" * 65, "1\n", "é"])
def test_a_reference_has_nothing_that_names_are_joined_by(reference: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Reference).validate_python(reference)
    with pytest.raises(ValidationError):
        TypeAdapter(OrderId).validate_python(f"web:{reference}")


def test_the_reference_of_an_exchange_is_one_that_an_order_may_have() -> None:
    longest = "R" * 64
    names = [exchange_reference(longest, 12, attempt) for attempt in (1, 2)]
    assert [name[-8:] for name in names] == ["RRRR-X12", "RR-X12-2"]
    assert all(TypeAdapter(Reference).validate_python(name) for name in names)
    assert exchange_reference("R-1", 1, 1) == "R-1-X1"
