"""What the customers of a demo do with their orders besides placing them: seeded, like the day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from random import Random

from adapters.postgres.agreements import AgreementVersion, Party
from adapters.postgres.price_lists import NewPrice, PriceListVersion
from cli.demo.scenario import OrderBody, Scenario, order_id_of
from domain.pricing import Agreement, Discount, Invoicing


class Change(StrEnum):
    """What becomes of an order after it was placed. `CANCEL_LATE` is asked for when it has left,
    what comes back when it was delivered."""

    MORE = "amended, more"
    FEWER = "amended, fewer"
    ADDRESS = "amended, another address"
    CANCEL = "cancelled"
    CANCEL_LINE = "cancelled in part"
    CANCEL_LATE = "cancelled too late"
    HOLD = "put on hold and released"
    HOLD_AND_AMEND = "put on hold, amended and released"
    RETURN = "returned in part"
    RETURN_IN_STORE = "returned in a store"
    EXCHANGE = "exchanged"
    NEVER_SENT_BACK = "return never sent back"
    UNANNOUNCED = "sent back unannounced"


# Of a hundred orders.
_SHARES = {
    Change.MORE: 4, Change.FEWER: 4, Change.ADDRESS: 3, Change.CANCEL: 3, Change.CANCEL_LINE: 3,
    Change.CANCEL_LATE: 3, Change.HOLD: 2, Change.HOLD_AND_AMEND: 2, Change.RETURN: 5,
    Change.RETURN_IN_STORE: 2, Change.EXCHANGE: 3, Change.NEVER_SENT_BACK: 2, Change.UNANNOUNCED: 2,
}  # fmt: skip
_WITH_VOUCHER = {"account": 0.1, "card": 0.3}
_AGREED_SHARE = 0.25
_SINCE = date(2026, 1, 1)


@dataclass(frozen=True)
class LivingDay:
    """A scenario with what its customers have agreed, and by order id what they change."""

    scenario: Scenario
    price_lists: Sequence[PriceListVersion] = ()
    agreements: Sequence[AgreementVersion] = ()
    changes: Mapping[str, Change] = field(default_factory=dict)


def enliven(scenario: Scenario, seed: int) -> LivingDay:
    """The same day with customers who have agreements, pay by several means, and change their
    minds."""
    agreed = _agreed(scenario, seed)
    orders: list[OrderBody] = []
    for order in scenario.orders:
        dice = Random(f"{seed}:{order_id_of(order)}")
        if order["customer_id"] in agreed:
            orders.append(order | {"lines": [_unpriced(line) for line in order["lines"]]})
        elif dice.random() < _WITH_VOUCHER[order["tender"]]:
            orders.append(_with_voucher(dice, order))
        else:
            orders.append(order)
    return LivingDay(
        scenario=replace(scenario, orders=orders),
        price_lists=_price_lists(scenario),
        agreements=[_agreement(customer, n) for n, customer in enumerate(agreed)],
        changes=_deal(scenario.orders, seed),
    )


def _agreed(scenario: Scenario, seed: int) -> list[str]:
    """Some of the customers with an account."""
    accounts = scenario.network.accounts
    return [
        account.customer_id
        for account in accounts
        if Random(f"{seed}:{account.customer_id}").random() < _AGREED_SHARE
    ]


def _deal(orders: Sequence[OrderBody], seed: int) -> dict[str, Change]:
    """Each change to its share of the orders, to one at least as far as there are orders."""
    ids = [order_id_of(order) for order in orders]
    Random(f"{seed}:changes").shuffle(ids)
    changes = [
        change
        for change, share in _SHARES.items()
        for _ in range(max(1, round(len(ids) * share / 100)))
    ]
    return dict(zip(ids, changes, strict=False))


def _unpriced(line: OrderBody) -> OrderBody:
    return {name: value for name, value in line.items() if name != "unit_price"}


def _price_lists(scenario: Scenario) -> list[PriceListVersion]:
    """What each SKU costs at least on this day, in the accounts' currencies, less from a dozen on;
    VAT is added."""
    prices: dict[str, int] = {}
    for order in scenario.orders:
        for line in order["lines"]:
            prices[line["sku"]] = min(line["unit_price"], prices.get(line["sku"], 10**9))
    known = {product.sku for product in scenario.network.products}
    listed = [
        NewPrice(sku, from_dozen * price // 10, min_quantity)
        for sku, price in sorted(prices.items())
        if sku in known
        for min_quantity, from_dozen in ((1, 10), (12, 9))
    ]
    currencies = sorted({account.currency for account in scenario.network.accounts})
    return [
        PriceListVersion(f"trade-{currency.lower()}", 1, currency, False, _SINCE, listed)
        for currency in currencies
        if listed
    ]


def _agreement(customer: str, number: int) -> AgreementVersion:
    """One in three has what was charged collected in one invoice a month."""
    return AgreementVersion(
        agreement_id=f"terms-{customer.lower()}",
        version=1,
        party=Party(customer, None, None),
        terms=Agreement(
            lists=("trade-eur", "trade-gbp"),
            discounts=(Discount(bps=(0, 300, 500)[number % 3]),),
            invoicing=Invoicing.MONTHLY if number % 3 == 1 else Invoicing.DISPATCH,
        ),
        valid_from=_SINCE,
    )


def _with_voucher(dice: Random, order: OrderBody) -> OrderBody:
    """A tenth to a third of it is paid by a voucher, the rest as before."""
    total = sum(line["quantity"] * line["unit_price"] for line in order["lines"])
    amount = round(total * dice.uniform(0.1, 0.33))
    if amount < 1:
        return order
    voucher = {"tender": "voucher", "amount": amount}
    voucher["token"] = f"voucher-{amount}-{order['reference']}"
    rest = {"tender": order["tender"]}
    if "payment_token" in order:
        rest["token"] = order["payment_token"]
    others = {n: v for n, v in order.items() if n not in ("tender", "payment_token")}
    return others | {"payments": [voucher, rest]}
