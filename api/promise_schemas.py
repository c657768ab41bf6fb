"""What a product page asks with."""

from typing import Annotated

from pydantic import Field
from pydantic_extra_types.country import CountryAlpha2
from pydantic_extra_types.currency_code import Currency

from api.fields import Body, ChannelCode, Day, Flag, Name, Quantity, UnitPrice, Words

MAX_LINES = 100


class PromiseDestination(Body):
    """Where a parcel would go: no more of an address than a promise needs."""

    country: CountryAlpha2 = Field(description="ISO 3166-1 alpha-2", examples=["FR"])
    postal_code: Annotated[Words, Field(max_length=16)]


class CartLine(Body):
    """Units of one SKU that somebody thinks of buying."""

    sku: Name
    quantity: Quantity
    unit_price: UnitPrice = Field(
        default=0,
        description="In minor units; it matters where a policy does not split small orders.",
    )


class AskPromise(Body):
    """A cart. It is sent to `ship_to`, or fetched at the location `collect_at`: one of the two."""

    channel: ChannelCode = Field(examples=["web"])
    customer_id: Name | None = Field(default=None, description="Without one, anybody.")
    ship_to: PromiseDestination | None = None
    collect_at: Name | None = None
    lines: list[CartLine] = Field(min_length=1, max_length=MAX_LINES)
    requested_date: Day | None = Field(default=None, description="When the buyer wants it.")
    ship_complete: Flag | None = Field(
        default=None,
        description="All lines at once or not at all; by default as agreed with the customer.",
    )
    critical: Flag = Field(default=False, description="Goes before other orders.")
    currency: Currency | None = Field(
        default=None, description="Of the cart; by default that of the customer's account, or EUR."
    )
