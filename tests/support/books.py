"""The books of a house with nobody in it: the activities on a real Postgres, and partners that are
remembered in memory and misbehave when a test tells them to."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from sqlalchemy import text

from activities.carriers import CarrierActivities
from activities.credit import CreditActivities
from activities.locations import LocationActivities
from activities.milestones import MilestoneActivities
from activities.notices import NoticeActivities
from activities.orders import OrderActivities
from activities.payments import PaymentActivities
from activities.shipments import ShipmentActivities
from activities.sourcing import SourcingActivities
from activities.upgrading import UpgradeActivities
from adapters.postgres import intake
from adapters.postgres.desk import StockDesk
from adapters.postgres.invariants import judge
from adapters.postgres.network import Receipt, load_network, receive_stock
from adapters.postgres.network_cache import NetworkCache
from adapters.postgres.policies import activate_policy
from adapters.postgres.tables import metadata
from domain.messages.orders import Tender
from domain.messages.steps import (
    Abandon,
    Allocate,
    Allocation,
    AuthorisePayment,
    BookCarrier,
    RecordDelivery,
    RecordDispatch,
    RecordPick,
    ReleaseShipment,
    SecureCredit,
)
from domain.ports import (
    Accepted,
    AuthorisationRequest,
    Authorised,
    Booked,
    BookingRequest,
    Captured,
    Message,
    Recalled,
    Refunded,
    Refused,
    RelabelRequest,
    ReleaseRequest,
)
from domain.stock import Wanted
from tests.support.databases import engine_on
from tests.support.house import NETWORK, SHORT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from adapters.postgres.network import Network
    from domain.messages.steps import Exclusion

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
"""A Tuesday morning, when every test's order is placed."""

REFUSAL = Refused(code="closed", reason="closed today")

Outcome = TypeVar("Outcome")


@dataclass
class Moods:
    """What goes wrong between us and a partner, each once, in this order.

    `before` is raised before a request is carried out, `after` when its reply is on the way;
    `meanwhile` happens while the request travels.
    """

    before: deque[Exception] = field(default_factory=deque)
    after: deque[Exception] = field(default_factory=deque)
    meanwhile: deque[Callable[[], Awaitable[object]]] = field(default_factory=deque)

    async def travel(self) -> None:
        # Other requests get their turn, as they do while a real one is on the wire.
        await asyncio.sleep(0)
        if self.meanwhile:
            await self.meanwhile.popleft()()
        if self.before:
            raise self.before.popleft()

    def reply(self) -> None:
        if self.after:
            raise self.after.popleft()


@dataclass
class Carriers:
    """A carrier that keeps no memory of what it refused, nor of what was voided before it came."""

    refuses: bool = False
    live: dict[str, BookingRequest] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    booking: Moods = field(default_factory=Moods)
    voiding: Moods = field(default_factory=Moods)

    async def book(self, request: BookingRequest) -> Booked | Refused:
        self.asked.append(f"book {request.reference}")
        await self.booking.travel()
        if self.refuses:
            return REFUSAL
        self.live[request.reference] = request
        self.booking.reply()
        return self._booked(request.reference)

    async def find(self, carrier: str, reference: str) -> Booked | Refused | None:
        self.asked.append(f"find {reference}")
        known = self.live.get(reference)
        return self._booked(reference) if known and known.carrier == carrier else None

    async def void(self, carrier: str, reference: str) -> None:
        self.asked.append(f"void {reference}")
        await self.voiding.travel()
        if reference in self.live and self.live[reference].carrier == carrier:
            del self.live[reference]
        self.voiding.reply()

    def _booked(self, reference: str) -> Booked:
        return Booked(
            booking_id=f"B-{reference}",
            tracking_number=f"T-{reference}",
            label_url=f"http://labels.example/{reference}",
        )


@dataclass
class Locations:
    """Locations that take everything, and stop everything that has not left."""

    refuses: bool = False
    cannot_stop: bool = False
    released: dict[str, ReleaseRequest] = field(default_factory=dict)
    releasing: Moods = field(default_factory=Moods)
    recalling: Moods = field(default_factory=Moods)
    relabelling: Moods = field(default_factory=Moods)

    async def release(self, request: ReleaseRequest) -> Accepted | Refused:
        await self.releasing.travel()
        if self.refuses:
            return REFUSAL
        self.released[request.reference] = request
        self.releasing.reply()
        return Accepted()

    async def recall(self, location_id: str, reference: str) -> Recalled | Refused:
        await self.recalling.travel()
        if self.cannot_stop:
            return Refused(code="being_packed", reason="it is being packed")
        known = self.released.get(reference)
        if known is not None and known.location_id == location_id:
            del self.released[reference]
        self.recalling.reply()
        return Recalled()

    async def relabel(self, request: RelabelRequest) -> Accepted | Refused:
        await self.relabelling.travel()
        if self.cannot_stop:
            return Refused(code="being_packed", reason="it is being packed")
        label = request.model_dump(exclude={"reference", "location_id"})
        known = self.released[request.reference]
        self.released[request.reference] = known.model_copy(update=label)
        self.relabelling.reply()
        return Accepted()


@dataclass
class Payments:
    """A provider that refuses amounts that are not positive, and forgets what it declined."""

    declines: bool = False
    refuses_capture: bool = False
    refuses_refund: bool = False
    expires_at: datetime | None = None
    blocked: dict[str, AuthorisationRequest] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    authorising: Moods = field(default_factory=Moods)
    capturing: Moods = field(default_factory=Moods)
    voiding: Moods = field(default_factory=Moods)
    refunding: Moods = field(default_factory=Moods)

    async def authorise(self, request: AuthorisationRequest) -> Authorised | Refused:
        assert request.amount > 0
        await self.authorising.travel()
        if self.declines:
            return REFUSAL
        self.blocked[request.reference] = request
        self.authorising.reply()
        return self._authorised(request.reference)

    async def find(self, reference: str) -> Authorised | Refused | None:
        return self._authorised(reference) if reference in self.blocked else None

    def _authorised(self, reference: str) -> Authorised:
        return Authorised(authorisation_id=f"A-{reference}", expires_at=self.expires_at)

    async def capture(
        self, authorisation_reference: str, reference: str, amount: int
    ) -> Captured | Refused:
        assert amount > 0
        await self.capturing.travel()
        if reference in self.taken:
            return Captured(capture_id=f"C-{reference}")
        if self.refuses_capture or authorisation_reference not in self.blocked:
            return REFUSAL
        self.taken[reference] = amount
        self.capturing.reply()
        return Captured(capture_id=f"C-{reference}")

    async def find_capture(self, reference: str) -> Captured | Refused | None:
        return Captured(capture_id=f"C-{reference}") if reference in self.taken else None

    async def void(self, reference: str, keep: int = 0) -> None:
        await self.voiding.travel()
        if keep:
            self.kept[reference] = keep
        else:
            self.blocked.pop(reference, None)
        self.voiding.reply()

    async def refund(
        self, capture_reference: str, reference: str, amount: int
    ) -> Refunded | Refused:
        await self.refunding.travel()
        if reference not in self.refunded:
            if self.refuses_refund or capture_reference not in self.taken:
                return REFUSAL
            self.refunded[reference] = amount
        self.refunding.reply()
        return Refunded(refund_id=f"R-{reference}")

    async def find_refund(self, reference: str) -> Refunded | Refused | None:
        return Refunded(refund_id=f"R-{reference}") if reference in self.refunded else None


@dataclass
class Notifier:
    """Hands each reference over once, and notes in which order."""

    fails: Callable[[Message], Exception | None] = lambda _: None
    sent: list[Message] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    sending: Moods = field(default_factory=Moods)

    async def send(self, message: Message) -> None:
        self.asked.append(message.reference)
        await self.sending.travel()
        failure = self.fails(message)
        if failure is not None:
            raise failure
        if message.reference not in {known.reference for known in self.sent}:
            self.sent.append(message)
        self.sending.reply()


class Books:
    """The activities, their partners, and orders at every stage of their way."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.carriers = Carriers()
        self.locations = Locations()
        self.provider = Payments()
        self.notifier = Notifier()
        self.credit = CreditActivities(engine)
        self.desk = StockDesk(engine)
        self.sourcing = SourcingActivities(engine, NetworkCache(engine, max_age=0), self.desk)
        self.carrying = CarrierActivities(engine, self.carriers)
        self.locating = LocationActivities(engine, self.locations)
        self.paying = PaymentActivities(engine, self.provider)
        self.milestones = MilestoneActivities(engine, NetworkCache(engine, max_age=0))
        self.upgrading = UpgradeActivities(engine, self.carriers, self.locations)
        self.shipments = ShipmentActivities(engine)
        self.orders = OrderActivities(engine)
        self.notices = NoticeActivities(engine, self.notifier)

    # Setting up.

    async def stock(self, **units: int) -> None:
        """Receive units: `stock(LIL_1=5)` is five of SKU-1 at Lille."""
        receipts = [
            Receipt(f"SKU-{key.split('_')[1]}", key.split("_")[0], quantity)
            for key, quantity in units.items()
        ]
        async with self.engine.begin() as conn:
            await receive_stock(conn, receipts, f"receipt-{uuid4().hex}", AT)

    async def order(self, *lines: tuple[str, int], **changes: Any) -> str:
        """Write an order of (SKU, quantity) lines at 10.00 each; gives its id.

        `changes` replace fields of the order; `prices` are unit prices, line by line.
        """
        prices = changes.pop("prices", [1000] * len(lines))
        order = intake.NewOrder(
            **{
                "channel": "web",
                "reference": f"R-{uuid4().hex[:12]}",
                "customer_id": "ACME",
                "body_hash": "hash",
                "tender": Tender.ACCOUNT,
                "currency": "EUR",
                "language": None,
                "country": "FR",
                "postal_code": "75001",
                "requested_date": None,
                "ship_complete": False,
                "critical": False,
                "contact": intake.Contact(
                    "Ada Byron",
                    "1 rue de Rivoli",
                    "Paris",
                    "ada@example.org",
                    None,
                    {"1": "tok_visa", "2": "tok_other", "3": "voucher-9000-gift"},
                ),
                "lines": [
                    intake.NewLine(str(number), sku, units, price)
                    for number, ((sku, units), price) in enumerate(
                        zip(lines, prices, strict=True), start=1
                    )
                ],
            }
            | changes
        )
        async with self.engine.begin() as conn:
            facts = order.facts(AT, order.language or "en")
            assert await intake.insert(conn, order, facts, SHORT.version)
        return order.id

    async def sourced(self, *lines: tuple[str, int], **changes: Any) -> str:
        """An order whose funds are secured and that is sourced; gives its id."""
        order = await self.order(*lines, **changes)
        await self.fund(order)
        await self.sourcing.allocate(allocate(order))
        return order

    async def fund(self, order: str) -> None:
        rows = await self.sql(
            """
            SELECT t.position, t.tender, o.total FROM orders o
            JOIN order_tenders t ON t.order_id = o.id WHERE o.id = :id ORDER BY t.position
            """,
            id=order,
        )
        several = len(rows) > 1
        for row in rows:
            more = {"total": row.total} if several else {}
            if row.tender == Tender.ACCOUNT:
                asked = secure_credit(order, row.total)
                await self.credit.secure_credit(asked.model_copy(update=more))
            else:
                more |= {"position": row.position, "generation": row.position}
                asked_of = authorise(order, row.total).model_copy(update=more)
                assert (await self.paying.authorise_payment(asked_of)).kind == "authorised"

    async def booked(self, *lines: tuple[str, int], **changes: Any) -> str:
        """The first shipment of a new order, booked; gives its id, as what follows."""
        shipment = f"{await self.sourced(*lines, **changes)}:1"
        await self.carrying.book_carrier(book(shipment))
        return shipment

    async def released(self, *lines: tuple[str, int], **changes: Any) -> str:
        shipment = await self.booked(*lines, **changes)
        await self.locating.release_to_location(release(shipment))
        return shipment

    async def picked(self, *lines: tuple[str, int], **changes: Any) -> str:
        shipment = await self.released(*lines, **changes)
        await self.shipments.record_pick(pick(shipment))
        return shipment

    async def dispatched(self, *lines: tuple[str, int], **changes: Any) -> str:
        shipment = await self.picked(*lines, **changes)
        await self.shipments.record_dispatch(dispatch(shipment))
        return shipment

    async def send(self, shipment: str) -> None:
        """Book, release and pick a shipment of an order that has several."""
        await self.carrying.book_carrier(book(shipment))
        await self.locating.release_to_location(release(shipment))
        await self.shipments.record_pick(pick(shipment))

    async def delivered(self, *lines: tuple[str, int], **changes: Any) -> str:
        shipment = await self.dispatched(*lines, **changes)
        await self.shipments.record_delivery(deliver(shipment))
        return shipment

    # Looking.

    async def sql(self, statement: str, **values: Any) -> list[Any]:
        """Run a statement; gives its rows, none when it returns none."""
        async with self.engine.begin() as conn:
            result = await conn.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []

    async def value(self, statement: str, **values: Any) -> Any:
        """The one value that a query gives."""
        [[value]] = await self.sql(statement, **values)
        return value

    async def timeline(self, order: str) -> list[str]:
        """The kinds of an order's events, in order."""
        rows = await self.sql(
            "SELECT kind FROM order_events WHERE order_id = :id ORDER BY id", id=order
        )
        return [row.kind for row in rows]

    async def told(self, order: str) -> list[str]:
        """The templates of an order's notices, in order."""
        rows = await self.sql(
            "SELECT template FROM notices WHERE order_id = :id ORDER BY id", id=order
        )
        return [row.template for row in rows]

    async def content(self) -> dict[str, list[str]]:
        """Everything that stands in the books."""
        return {
            table.name: sorted(str(row) for row in await self.sql(f"SELECT * FROM {table.name}"))  # noqa: S608
            for table in metadata.sorted_tables
        }

    async def check(self) -> None:
        """Hold the invariants against the books."""
        async with self.engine.connect() as conn:
            assert [v for v in await judge(conn) if v.rows] == []

    # Doing things as Temporal does them.

    async def twice(self, run: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Run a step, and once more: the same answer, and nothing more in the books."""
        first = await run()
        before = await self.content()
        assert await run() == first
        assert await self.content() == before
        return first

    async def at_once(self, run: Callable[[], Awaitable[Outcome]], times: int = 6) -> Outcome:
        """Run a step several times at the same moment: the same answer to all."""
        answers = await asyncio.gather(*(run() for _ in range(times)))
        assert all(answer == answers[0] for answer in answers)
        return answers[0]

    async def until_blocked(self) -> None:
        """Wait until a statement waits for a lock that another transaction has."""
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        async with asyncio.timeout(20):
            while not await self.value(waiting):  # noqa: ASYNC110 - the server does not tell
                await asyncio.sleep(0.005)


def secure_credit(
    order: str, amount: int, generation: int = 1, override_by: str | None = None
) -> SecureCredit:
    return SecureCredit(
        order_id=order,
        generation=generation,
        amount=amount,
        currency="EUR",
        at=AT,
        override_by=override_by,
    )


def authorise(order: str, amount: int, generation: int = 1) -> AuthorisePayment:
    return AuthorisePayment(
        order_id=order, generation=generation, amount=amount, currency="EUR", at=AT
    )


def allocate(
    order: str,
    generation: int = 2,
    *,
    abandon: Sequence[str] = (),
    exclusions: Sequence[Exclusion] = (),
    next_shipment: int = 1,
    reserve: bool = True,
    on_hold: bool = False,
) -> Allocate:
    return Allocate(
        order_id=order,
        generation=generation,
        at=AT,
        policy_version=SHORT.version,
        policy=SHORT.sourcing,
        next_shipment=next_shipment,
        abandon=tuple(
            Abandon(shipment_id=shipment, location_name="Lille", reason="Lille refused")
            for shipment in abandon
        ),
        exclusions=tuple(exclusions),
        reserve=reserve,
        on_hold=on_hold,
    )


def wanted(order: str, **units: int) -> Wanted:
    """What an order of the web shop wants: `wanted(order, LIL_1=5)` is five of SKU-1 at Lille."""
    return Wanted(
        order_id=order,
        channel="web",
        critical=False,
        ordered_at=AT,
        units={(f"SKU-{key.split('_')[1]}", key.split("_")[0]): n for key, n in units.items()},
    )


def shipment_ids(allocation: Allocation) -> list[str]:
    return [shipment.shipment_id for shipment in allocation.shipments]


def book(shipment: str) -> BookCarrier:
    return BookCarrier(shipment_id=shipment, attempt=1, at=AT)


def release(shipment: str) -> ReleaseShipment:
    return ReleaseShipment(shipment_id=shipment, at=AT, pick_by=AT + timedelta(hours=4))


def pick(shipment: str, **quantities: int) -> RecordPick:
    """Without quantities all was picked: `pick(shipment, line_1=2)` is two units of line 1."""
    lines = {name.removeprefix("line_"): units for name, units in quantities.items()}
    return RecordPick(
        shipment_id=shipment, quantities=lines or None, occurred_at=AT + timedelta(hours=1), at=AT
    )


def dispatch(shipment: str) -> RecordDispatch:
    return RecordDispatch(shipment_id=shipment, occurred_at=AT + timedelta(hours=2), at=AT)


def deliver(shipment: str) -> RecordDelivery:
    return RecordDelivery(shipment_id=shipment, occurred_at=AT + timedelta(days=1), at=AT)


@asynccontextmanager
async def open_books(
    database_url: str, *, network: Network = NETWORK, connections: int = 10
) -> AsyncIterator[Books]:
    """Books with the network loaded and no stock; when a test is over the invariants must hold."""
    async with engine_on(database_url, connections=connections) as engine:
        async with engine.begin() as conn:
            await load_network(conn, network)
            await activate_policy(conn, SHORT)
        books = Books(engine)
        yield books
        await books.check()
