"""Carriers, locations and payment providers at their worst: what they do happens, and what they say
of it is lost, comes twice, late, or in another order."""

import asyncio
from collections.abc import Mapping
from functools import partial

from cli.chaos.faults.fault import Fault, Ground, Parameters

_SECONDS = (4.0, 10.0)


async def _misbehave(
    ground: Ground, _: Parameters, seconds: float, *, odds: Mapping[str, float]
) -> str | None:
    # Two at a time would remember each other's odds as those before.
    async with ground.turn(next(iter(odds))), ground.partners.behaving(odds):
        await asyncio.sleep(seconds)
    return ", ".join(odds)


def _with(name: str, **odds: float) -> Fault:
    return Fault(name, partial(_misbehave, odds=odds), lasts=_SECONDS)


PARTNERS = (
    _with("carrier-times-out-after-booking", carrier_hangs_after_booking=0.5),
    _with("location-times-out-after-accepting", warehouse_hangs_after_accepting=0.5),
    _with(
        "payment-times-out-after-success",
        payment_hangs_after_authorising=0.5,
        payment_hangs_after_capturing=0.5,
        payment_hangs_after_refunding=0.5,
    ),
    _with(
        "partners-unavailable",
        carrier_unavailable=0.5,
        warehouse_unavailable=0.5,
        payment_unavailable=0.5,
        notifier_unavailable=0.5,
    ),
    _with("partners-refuse", carrier_refuses=0.3, warehouse_refuses=0.3, payment_declines=0.2),
    _with("picks-short", short_pick=0.5, warehouse_rejects=0.2),
    _with("webhooks-twice", duplicate_webhook=0.8),
    _with("webhooks-late", late_webhook=0.5),
    _with("webhooks-reordered", reordered_webhook=0.6),
)
