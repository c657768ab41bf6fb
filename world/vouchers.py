"""Vouchers of the payment provider: means of payment with a balance.

A voucher's token says what was on it at first: `voucher-5000-spring` had 50.00 in the currency that
it is first used in. What is authorised is held until it is captured, given back, or has expired.
"""

import re
import time

from world.ledger import Json, Ledger, Record

_TOKEN = re.compile(r"voucher-(\d{1,12})-.+")
_PARTNER = "payments"


def objection(ledger: Ledger, token: str, amount: int, currency: str) -> Json | None:
    """Why a voucher does not pay this; None for one that does, and for what is no voucher."""
    voucher = _read(ledger, token)
    if voucher is None:
        return None
    if voucher.request["currency"] not in ("", currency):
        return {"code": "declined", "reason": "the voucher is in another currency"}
    if amount > _balance(voucher):
        return {"code": "declined", "reason": "there is not as much on the voucher"}
    return None


def hold(
    ledger: Ledger, token: str, reference: str, amount: int, currency: str, until: float | None
) -> None:
    """Keep an amount on a voucher for an authorisation, in place of what was kept for it."""
    voucher = _read(ledger, token)
    if voucher is not None:
        voucher.request["currency"] = currency
        voucher.detail["held"][reference] = [amount, until]
        ledger.write(voucher)


def spend(ledger: Ledger, token: str, reference: str, amount: int) -> None:
    """Take a part of what is held for an authorisation; below 0, give back what was taken."""
    voucher = _read(ledger, token)
    if voucher is not None:
        if amount > 0:
            voucher.detail["held"][reference][0] -= amount
        voucher.detail["spent"] += amount
        ledger.write(voucher)


def _read(ledger: Ledger, token: str) -> Record | None:
    first = _TOKEN.fullmatch(token)
    if first is None:
        return None
    known = ledger.read("voucher", _PARTNER, token)
    return known or Record(
        "voucher",
        _PARTNER,
        token,
        {"currency": ""},
        "active",
        200,
        {},
        time.time(),
        {"first": int(first[1]), "spent": 0, "held": {}},
    )


def _balance(voucher: Record) -> int:
    now = time.time()
    held = sum(
        amount for amount, until in voucher.detail["held"].values() if until is None or now < until
    )
    balance: int = voucher.detail["first"] - voucher.detail["spent"] - held
    return balance
