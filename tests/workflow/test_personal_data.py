"""No history, log, event or table but one holds who an order is for, whatever goes wrong."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from adapters.postgres.network import Network, Seller, load_network
from tests.support.markers import (
    TOKEN,
    ZOLTAN,
    marked,
    marked_columns,
    marked_histories,
    marked_records,
)
from tests.support.world import until
from world.behaviour import Behaviour, Override

if TYPE_CHECKING:
    from pathlib import Path

    from cli.stack import PostgresServer
    from tests.support.house import House


SELLER = Seller(
    name="Quincaillerie SARL",
    vat_id="FR32123456789",
    legal_id="123456789",
    street="1 rue de la Clef",
    city="Paris",
    postal_code="75005",
    country="FR",
    iban="FR7630006000011234567890189",
)
WHY = {"by": "Dana", "reason": "Xantippe wrote so from zoltan.x@quetzal.example"}


@dataclass
class Logs:
    """All that is logged while a test runs: by loggers, from the finest level on, on the standard
    streams, and by the database's server."""

    records: list[logging.LogRecord]
    streams: pytest.CaptureFixture[str]
    server: Path
    begun: int

    def telling(self) -> list[str]:
        """The lines that hold personal data."""
        # Web clients, the test's own among them: when we run, they say nothing below a warning.
        ours = [r for r in self.records if not r.name.startswith(("httpx", "httpcore"))]
        out, err = self.streams.readouterr()
        server = self.server.read_bytes()[self.begun :].decode()
        said = [*out.splitlines(), *err.splitlines(), *server.splitlines()]
        return [*marked_records(ours), *(line for line in said if marked(line))]


@pytest.fixture
def said(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], postgres: PostgresServer
) -> Logs:
    caplog.set_level(logging.DEBUG)
    log = postgres.directory / "postgres.log"
    return Logs(caplog.records, capfd, log, log.stat().st_size)


async def nothing_is_told(house: House, said: Logs) -> None:
    assert await marked_columns(house.engine) == []
    workflows, told = await marked_histories(house.client, house.queue)
    assert workflows > 0
    assert told == []
    assert said.telling() == []


async def test_an_order_paid_by_card_tells_nobody_and_is_forgotten_when_asked_to(
    house: House, said: Logs
) -> None:
    await house.stock(LIL_1=5)
    await house.run_relay()
    placed = await house.place(
        ("SKU-1", 2), customer_id="ZOE", tender="card", payment_token=TOKEN, ship_to=ZOLTAN
    )
    path = "/customers/ZOE/personal-data"
    early = await house.api.request("DELETE", path, json=WHY)
    assert early.status_code == 409
    await house.until_status(placed["order_id"], "closed")
    held = await marked_columns(house.engine, everywhere=True)
    assert {column.split(":")[0] for column in held} == {
        f"order_contacts.{name}"
        for name in ("name", "street", "city", "email", "phone", "payment_tokens")
    }

    erased = await house.api.request("DELETE", path, json=WHY)

    assert erased.status_code == 200
    assert await marked_columns(house.engine, everywhere=True) == []
    for q in ("Xantippe", ZOLTAN["email"], ZOLTAN["phone"]):
        assert (await house.api.post("/search", json={"q": q})).json()["hits"] == []
    view = (await house.api.get("/customers/ZOE")).json()
    assert view["personal_data"]["state"] == "erased"
    await nothing_is_told(house, said)
    await house.check()


async def test_partners_that_repeat_the_recipient_s_name_are_not_repeated(
    house: House, said: Logs
) -> None:
    await house.world.behave(
        Behaviour(
            speed=house.speed,
            odds={"indiscreet": 1.0, "exception_event": 1.0},
            overrides=(
                Override(carrier="colibri", odds={"carrier_refuses": 1.0}),
                Override(location="LIL", odds={"warehouse_refuses": 1.0}),
                Override(location="LYO", odds={"warehouse_rejects": 1.0}),
            ),
        )
    )
    await house.stock(LIL_1=5, LYO_1=5, GNT_1=5)
    placed = await house.place(("SKU-1", 2), ship_to=ZOLTAN)
    order = await house.until_status(placed["order_id"], "closed")
    refusals = [e["text"] for e in order["timeline"] if "refused" in e["text"]]
    assert any("colibri" in text and "[...]" in text for text in refusals), refusals
    assert any("Lille" in text and "[...]" in text for text in refusals), refusals
    await nothing_is_told(house, said)


async def test_what_support_writes_about_a_customer_is_kept_without_the_name(
    house: House, said: Logs
) -> None:
    await house.world.behave(Behaviour(speed=1))
    await house.stock(LIL_1=5)
    order = (await house.place(("SKU-1", 2), ship_to=ZOLTAN))["order_id"]
    called = "Zoltan Xantippe called from 06 98 76 54 32"
    for path, body in (
        ("hold", {"by": "Dana", "reason": called}),
        ("hold/release", {"released_by": "Dana", "note": called}),
        ("cancel", {"by": "M. Xantippe", "reason": called}),
    ):
        answer = await house.api.post(f"/orders/{order}/{path}", json=body)
        assert answer.status_code == 200, answer.text
    story = [event["text"] for event in (await house.order(order))["timeline"]]
    assert sum("[...] called from [...]" in text for text in story) >= 3, story
    assert any("M. [...]" in text for text in story), story
    granted = await house.api.post(
        "/customers/ACME/credit-overrides",
        json={"credit_limit": 1, "until": "2099-01-01T00:00:00Z", "by": "Dana", "reason": called},
    )
    assert granted.status_code == 201, granted.text
    terms = {"credit_limit": 1_000_000, "terms_days": 30, "delivery": "partial"}
    await house.api.put("/customers/ACME/terms", json=terms | {"by": "Dana", "note": called})
    [override] = await house.sql("SELECT granted_by AS by, reason FROM credit_overrides")
    assert (override.by, override.reason) == ("Dana", "[...] called from [...]")
    assert any("Dana" in text for text in story), story
    await nothing_is_told(house, said)


async def test_an_error_of_the_database_names_no_row(house: House, said: Logs) -> None:
    await house.stock(LIL_1=5)
    # A row that cannot be written: the server's message would repeat it, the contact's among it.
    await house.sql("ALTER TABLE notices ADD COLUMN said text CHECK (said IS NULL)")
    await house.sql(
        """
        CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            SELECT name || ' ' || street || ' ' || email INTO NEW.said FROM order_contacts
            WHERE order_id = NEW.order_id;
            RETURN NEW;
        END $$
        """
    )
    await house.sql(
        "CREATE TRIGGER tell BEFORE INSERT ON notices EXECUTE FUNCTION tell()".replace(
            "EXECUTE", "FOR EACH ROW EXECUTE"
        )
    )
    placed = await house.place(("SKU-1", 2), ship_to=ZOLTAN)

    async def failing() -> bool:
        described = await house.handle(placed["order_id"]).describe()
        pending = described.raw_description.pending_activities
        return any(activity.attempt > 1 for activity in pending)

    await until(failing, "the booking is tried again")
    described = await house.handle(placed["order_id"]).describe()
    [pending] = described.raw_description.pending_activities
    assert "ck_notices" in str(pending) or "notices_said_check" in str(pending)
    await nothing_is_told(house, said)


async def test_an_order_that_is_amended_and_sent_back_tells_nobody_and_is_forgotten(
    house: House, said: Logs
) -> None:
    await house.stock(LIL_1=5)
    await house.world.behave(Behaviour(speed=1))
    order = (await house.place(("SKU-1", 3), ship_to=ZOLTAN))["order_id"]
    elsewhere = {**ZOLTAN, "street": "100 Quetzalgasse"}
    body = {"version": 1, "lines": [{"line_id": "1", "sku": "SKU-1", "quantity": 2}]}
    amended = await house.api.patch(f"/orders/{order}", json=body | {"ship_to": elsewhere})
    assert amended.status_code == 200, amended.text
    await house.world.behave(Behaviour(speed=house.speed))
    await house.until_status(order, "closed")
    sent = await house.api.post(
        f"/orders/{order}/returns",
        json={
            "reference": "RMA-1",
            "by": "Zoltan Xantippe",
            "lines": [{"line_id": "1", "quantity": 1, "reason": "too small for Xantippe"}],
        },
    )
    assert sent.status_code == 201, sent.text
    early = await house.api.request("DELETE", "/customers/ACME/personal-data", json=WHY)
    assert (early.status_code, early.json()["orders"]) == (409, [order])
    came = {
        "event_id": "came",
        "location": "LIL",
        "by": "Marie",
        "lines": [{"line_id": "1", "quantity": 1, "grade": "as new", "disposition": "restock"}],
    }
    taken = await house.api.post(f"/returns/{sent.json()['return_id']}/received", json=came)
    assert taken.status_code == 200, taken.text

    async def forgotten() -> bool:
        erased = await house.api.request("DELETE", "/customers/ACME/personal-data", json=WHY)
        return erased.status_code == 200

    await until(forgotten, "the return is at its end")
    assert await marked_columns(house.engine, everywhere=True) == []
    view = (await house.api.get("/customers/ACME")).json()
    assert [(one["return_id"], one["status"]) for one in view["returns"]] == [
        (sent.json()["return_id"], "closed")
    ]
    assert [a["credited"] for a in view["amounts"]] == [1000]
    async with house.engine.begin() as conn:
        await load_network(conn, Network(seller=SELLER))
    [document] = [invoice["links"]["invoice"] for invoice in view["invoices"]]
    ubl = await house.api.get(document, params={"format": "ubl"})
    assert ubl.status_code == 200, ubl.text
    assert "ACME" in ubl.text
    assert marked(ubl.text) == []
    await nothing_is_told(house, said)
    await house.check()
