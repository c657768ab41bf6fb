"""Rules about money: that the provider and our books tell the same."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from cli.chaos.checker.findings import Findings, Row, Rule
from domain.identity import order_of_reference

Amounts = Mapping[str, int]


def _captures(findings: Findings) -> Sequence[Row]:
    ours = {
        row["reference"]: row["amount"]
        for row in findings.books.captures
        if row["state"] == "captured"
    }
    theirs = {
        row["reference"]: row["amount"]
        for row in findings.world.captures
        if row["state"] == "captured"
    }
    return _differences(ours, theirs)


def _refunds(findings: Findings) -> Sequence[Row]:
    ours = {
        _refund_reference(row["id"], row["attempts"]): row["amount"]
        for row in findings.books.refunds
        if row["state"] == "refunded"
    }
    theirs = {
        row["reference"]: row["amount"]
        for row in findings.world.refunds
        if row["state"] == "refunded"
    }
    return _differences(ours, theirs)


def _refunded_once(findings: Findings) -> Sequence[Row]:
    """An attempt under a new reference must not give back what an earlier one did."""
    given: Counter[str] = Counter()
    for row in findings.world.refunds:
        if row["state"] == "refunded":
            given[row["capture_reference"]] += row["amount"]
    due: Counter[str] = Counter()
    for row in findings.books.refunds:
        if row["state"] in ("intent", "refunded"):
            due[row["capture"]] += row["amount"]
    return [
        {"capture": capture, "given_back": amount, "due": due[capture]}
        for capture, amount in given.items()
        if amount > due[capture]
    ]


def _refund_reference(refund: str, attempts: int) -> str:
    return refund if attempts == 1 else f"{refund}:{attempts}"


def _invoiced(findings: Findings) -> Sequence[Row]:
    charged: Counter[str] = Counter()
    for row in findings.books.invoices:
        charged[row["order_id"]] += row["amount"] - row["on_account"]
    moved = _moved(findings)
    taken: Counter[str] = Counter()
    for row in findings.world.captures:
        if row["state"] == "captured":
            taken[_order(row["reference"])] += row["amount"]
    orders = {order for order in chain(charged, taken) if order not in moved}
    return [
        {"order": order, "invoiced_up_front": charged[order], "captured_there": taken[order]}
        for order in sorted(orders)
        if (
            charged[order] != taken[order]
            if order in findings.books.final
            else taken[order] > charged[order]
        )
    ]


def _moved(findings: Findings) -> frozenset[str]:
    """Orders in exchange: what they are paid with was taken for another order."""
    orders = (row["exchange_order_id"] for row in findings.books.returns)
    return frozenset(order for order in orders if order)


def _authorised(findings: Findings) -> Sequence[Row]:
    books = findings.books
    rows: list[Row] = []
    for row in findings.world.authorisations:
        left = _blocked(row)
        order = _order(row["reference"])
        if left and order not in books.by_id.keys() - books.final:
            rows.append({"reference": row["reference"], "order": order, "blocked_there": left})
    rows += [
        {"reference": row["reference"], "order": row["order_id"], "state": row["state"]}
        for row in books.payments
        if row["order_id"] in books.final
        and row["state"] in ("intent", "authorised")
        and row["captured"] < row["authorised"]
    ]
    return rows


def _agreed_with_provider(findings: Findings) -> Sequence[Row]:
    """Of orders that have not ended: what may still be taken here is blocked there."""
    ours = {
        row["reference"]: row["authorised"] - row["captured"]
        for row in findings.books.payments
        if row["state"] == "authorised" and row["authorised"] > row["captured"]
    }
    theirs = {row["reference"]: _blocked(row) for row in findings.world.authorisations}
    blocked = {reference: amount for reference, amount in theirs.items() if amount}
    return _differences(ours, blocked)


def _blocked(authorisation: Row) -> int:
    """What may still be taken, in minor units; nothing of one that was given back or declined."""
    if authorisation["state"] != "authorised":
        return 0
    return int(authorisation["authorised"]) - int(authorisation["captured"])


def _order(reference: str) -> str:
    return order_of_reference(reference) or reference


def _differences(ours: Amounts, theirs: Amounts) -> Sequence[Row]:
    return [
        {"reference": reference, "ours": ours.get(reference), "theirs": theirs.get(reference)}
        for reference in _all(ours, theirs)
        if ours.get(reference) != theirs.get(reference)
    ]


def _all(*amounts: Iterable[str]) -> Sequence[str]:
    return sorted(set(chain(*amounts)))


RULES = (
    Rule(
        "captured-there",
        "What is captured in our books is captured at the provider, and the reverse: the same "
        "references, the same amounts.",
        _captures,
    ),
    Rule(
        "refunded-there",
        "What went back in our books went back at the provider, and the reverse.",
        _refunds,
    ),
    Rule(
        "refunded-once",
        "No more goes back of a capture than its refunds in our books say.",
        _refunded_once,
    ),
    Rule(
        "invoiced-captured",
        "Of an order that has ended, what its invoices fall on payments up front is what the "
        "provider took; of one that waits it is no more.",
        _invoiced,
    ),
    Rule(
        "nothing-blocked",
        "For an order that has ended, or is not there, nothing is blocked, here or there.",
        _authorised,
    ),
    Rule(
        "authorised-there",
        "What may still be taken by our books is blocked at the provider, and the reverse.",
        _agreed_with_provider,
    ),
)
