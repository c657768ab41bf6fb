"""What is agreed with a customer, and the price lists that it names."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field, model_validator

from domain.amounts import WHOLE
from domain.values import Value


class Segment(StrEnum):
    """What kind of customer it is."""

    BUSINESS = "business"
    CONSUMER = "consumer"


class Deviating(StrEnum):
    """What becomes of an order whose channel names another price than the agreed one."""

    REFUSE = "refuse"
    ACCEPT = "accept"


class Invoicing(StrEnum):
    """One invoice for each dispatch, or one for all dispatches of a period."""

    DISPATCH = "dispatch"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Discount(Value):
    """`bps` basis points off the listed price, of one `sku`, of a product `group`, or of all."""

    bps: int = Field(ge=0, le=WHOLE)
    sku: str | None = None
    group: str | None = None

    @model_validator(mode="after")
    def _one_target(self) -> "Discount":
        if self.sku is not None and self.group is not None:
            raise ValueError("a discount is on a sku or on a group, not on both")
        return self


class Assortment(Value):
    """Products by SKU and by group."""

    skus: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def has(self, sku: str, group: str | None) -> bool:
        return sku in self.skus or (group is not None and group in self.groups)


class CarrierServiceRight(Value):
    """A carrier's service that orders may be sent with."""

    carrier: str
    service: str


class Agreement(Value):
    """The terms of one version. They never change: orders keep the version they were priced by.

    The first of `lists` that has a price for so many units of a SKU, in the order's currency, gives
    its price. Of `discounts` the most specific one counts: on the SKU, else on its group, else on
    all. `products` and `services` are all that the customer is entitled to, None for everything. A
    channel's price may deviate from the agreed one by `tolerance_bps` of it. Without `terms_days`
    (from the invoice to its due date) those of the customer's account count.
    """

    lists: tuple[str, ...] = ()
    discounts: tuple[Discount, ...] = ()
    products: Assortment | None = None
    services: tuple[CarrierServiceRight, ...] | None = None
    tolerance_bps: int = Field(default=0, ge=0, le=WHOLE)
    deviating: Deviating = Deviating.REFUSE
    terms_days: int | None = Field(default=None, ge=0)
    invoicing: Invoicing = Invoicing.DISPATCH

    @model_validator(mode="after")
    def _each_once(self) -> "Agreement":
        targets = [(discount.sku, discount.group) for discount in self.discounts]
        if len(set(targets)) < len(targets):
            raise ValueError("discounts: two of them are on the same products")
        if len(set(self.lists)) < len(self.lists):
            raise ValueError("lists: one of them is named twice")
        return self

    def discount_on(self, sku: str, group: str | None) -> int:
        """Basis points off the listed price of a SKU."""
        on_sku = [d.bps for d in self.discounts if d.sku == sku]
        on_group = [d.bps for d in self.discounts if d.group is not None and d.group == group]
        on_all = [d.bps for d in self.discounts if d.sku is None and d.group is None]
        return next(iter([*on_sku, *on_group, *on_all]), 0)


class ListedPrice(Value):
    """What one unit costs, in minor units, from so many units on."""

    min_quantity: int = Field(ge=1)
    unit_price: int = Field(ge=0)


class PriceList(Value):
    """A list in one currency, as it is on a day; `tax_included` says that the tax is in its prices.
    `prices` has for each SKU the volume breaks, in any order."""

    list_id: str
    number: int
    tax_included: bool
    prices: Mapping[str, tuple[ListedPrice, ...]]

    def price_of(self, sku: str, units: int) -> int | None:
        """The price of a unit where `units` are ordered; None where the list says none."""
        reached = [p for p in self.prices.get(sku, ()) if p.min_quantity <= units]
        return max(reached, key=lambda p: p.min_quantity).unit_price if reached else None
