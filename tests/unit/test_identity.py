"""Names can be taken apart again."""

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.identity import (
    ChannelCode,
    OrderId,
    Reference,
    booking_reference,
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
