"""What a cart would be promised, without placing an order: fast enough for a product page."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter

from adapters.postgres.network_cache import KnownNetwork
from adapters.postgres.promising import Asked, Cart, OnOffer, read_cart, read_on_offer
from adapters.postgres.snapshot import to_destination
from api.languages import AcceptLanguage, chosen_language
from api.placing import MAX_WEIGHT_GRAMS
from api.problems import FieldError, invalid, unavailable
from api.promise_answers import PromiseAnswer
from api.promise_rendering import Fetched, rendered
from api.promise_schemas import AskPromise
from api.services import Services, Shared
from domain.messages.orders import OrderType
from domain.messages.policy import OrderPolicy
from domain.promise import Offered, offer
from domain.sourcing import Line, Location, Pin, SourcingProblem
from domain.sourcing.explain import shortage
from domain.sourcing.parcels import distance_km

router = APIRouter(tags=["promise"])

_DEFAULT_CURRENCY = "EUR"
_MOST_STORES = 3
# Ways to look at, about: above, the solver takes longer than the event loop may be kept waiting.
_SMALL = 200


@dataclass(frozen=True, slots=True)
class _Seen:
    """A cart with all that a promise for it rests on."""

    body: AskPromise
    at: datetime
    cart: Cart
    on_offer: OnOffer
    network: KnownNetwork

    @property
    def currency(self) -> str:
        return self.body.currency or self.cart.currency or _DEFAULT_CURRENCY

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(
            Line(
                line_id=str(number),
                sku=line.sku,
                quantity=line.quantity,
                unit_value=line.unit_price,
                **self.cart.products[line.sku],
            )
            for number, line in enumerate(self.body.lines, start=1)
        )


@router.post("/promise")
async def ask_promise(
    body: AskPromise,
    services: Shared,
    accept_language: AcceptLanguage = None,
) -> PromiseAnswer:
    """What the cart would be promised if it were ordered now; nothing is reserved by asking.

    For what is sent: the cheapest, the fastest and the greenest way, where these differ. For what
    may be fetched instead: the nearest stores of the country that have all of it. Where
    `collect_at` is given: fetching it there, from the store's own stock or from what is sent there.
    """
    _goes_somewhere(body)
    seen = await _look(services, body)
    problems = list(_problems(seen))
    size = len(seen.network.locations) * len(body.lines)
    if size <= _SMALL:
        offers = _offers(seen, problems)
    else:
        offers = await asyncio.to_thread(_offers, seen, problems)
    options = [
        option
        for (problem, fetched), offered in zip(problems, offers, strict=True)
        for option in rendered(
            problem, offered, seen.cart.policies[problem.type].promise_validity, fetched
        )
    ]
    obstacle = None
    if not options:
        obstacle = shortage(problems[0][0], offers[0].plan, chosen_language(accept_language))
    return PromiseAnswer(at=seen.at, options=options, obstacle=obstacle)


def _goes_somewhere(body: AskPromise) -> None:
    if body.ship_to is None and body.collect_at is None:
        message = "required, unless collect_at says where it is fetched"
        raise invalid([FieldError(field="ship_to", message=message)])
    if body.ship_to is not None and body.collect_at is not None:
        message = "what is fetched at a location is sent nowhere else: leave out ship_to, or this"
        raise invalid([FieldError(field="collect_at", message=message)])


async def _look(services: Services, body: AskPromise) -> _Seen:
    asked = Asked(
        channel=body.channel,
        customer_id=body.customer_id,
        country=body.ship_to.country if body.ship_to else None,
        postal_code=body.ship_to.postal_code if body.ship_to else None,
        collect_at=body.collect_at,
        skus=sorted({line.sku for line in body.lines}),
    )
    network = await services.network.read()
    at = datetime.now(UTC)
    async with services.engine.connect() as conn:
        # Each statement for itself: nothing is written, and there is nothing to end.
        await conn.execution_options(isolation_level="AUTOCOMMIT")
        cart = await read_cart(conn, asked, at)
        faults = list(_faults(body, cart))
        if faults:
            raise invalid(faults)
        if OrderType.DELIVERY not in cart.policies and OrderType.COLLECT not in cart.policies:
            raise unavailable("No order policy is active: nothing can be promised yet.")
        on_offer = await read_on_offer(conn, asked, network.limited, at)
    return _Seen(body, at, cart, on_offer, network)


def _faults(body: AskPromise, cart: Cart) -> Iterator[FieldError]:
    if not cart.channel_known:
        yield FieldError(field="channel", message=f"unknown channel {body.channel!r}")
    if body.customer_id is not None and not cart.customer_known:
        yield FieldError(field="customer_id", message=f"unknown customer {body.customer_id!r}")
    if body.collect_at is not None and body.collect_at not in cart.stores:
        message = f"{body.collect_at!r} is no location where customers may fetch"
        yield FieldError(field="collect_at", message=message)
    grams = 0
    for position, line in enumerate(body.lines):
        if line.sku not in cart.products:
            yield FieldError(field=f"lines[{position}].sku", message=f"unknown SKU {line.sku!r}")
        else:
            grams += line.quantity * cart.products[line.sku]["weight_grams"]
    if grams > MAX_WEIGHT_GRAMS:
        tonnes = MAX_WEIGHT_GRAMS // 10**6
        yield FieldError(field="lines", message=f"must weigh at most {tonnes} t together")


def _problems(seen: _Seen) -> Iterator[tuple[SourcingProblem, Fetched | None]]:
    """Each way to get the cart, as an order of that type would have it."""
    stores = {location.location_id: location for location in seen.network.locations}
    if seen.body.collect_at is None:
        if OrderType.DELIVERY in seen.cart.policies:
            yield _problem(seen, OrderType.DELIVERY), None
        if OrderType.COLLECT in seen.cart.policies:
            for km, store in _nearest(seen, stores):
                yield _problem(seen, OrderType.COLLECT, store), Fetched(store, km)
        return
    asked = stores.get(seen.body.collect_at)
    if asked is None:
        # It was closed, or opened, a moment ago.
        raise unavailable(f"{seen.body.collect_at!r} is not known here yet, or not any more.")
    for kind in (OrderType.COLLECT, OrderType.SHIP_TO_STORE):
        if kind in seen.cart.policies:
            yield _problem(seen, kind, asked), Fetched(asked, None)


def _nearest(seen: _Seen, locations: dict[str, Location]) -> list[tuple[int, Location]]:
    """The nearest stores of the country that have all of the cart, with the kilometres to them."""
    wanted: dict[str, int] = {}
    for line in seen.body.lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    there = {(row.location_id, row.sku): row.units for row in seen.on_offer.availability}
    goes = seen.cart.destination
    found = [
        (distance_km(locations[name], goes["latitude"], goes["longitude"]), locations[name])
        for name in seen.cart.stores
        if name in locations
        and locations[name].country == goes["country"]
        and all(there.get((name, sku), 0) >= units for sku, units in wanted.items())
    ]
    return sorted(found, key=lambda pair: (pair[0], pair[1].location_id))[:_MOST_STORES]


def _problem(seen: _Seen, kind: OrderType, store: Location | None = None) -> SourcingProblem:
    body, cart = seen.body, seen.cart
    goes = dict(cart.destination)
    if store is not None:
        goes |= {
            "country": store.country,
            "latitude": store.latitude,
            "longitude": store.longitude,
            "timezone": store.timezone,
        }
    collected = kind is OrderType.COLLECT and store is not None
    return SourcingProblem(
        order_id="",
        at=seen.at,
        currency=seen.currency,
        requested_date=body.requested_date,
        ship_complete=cart.terms_complete if body.ship_complete is None else body.ship_complete,
        critical=body.critical,
        channel=body.channel,
        type=kind,
        collect_at=None if store is None else store.location_id,
        pins=(Pin(location_id=store.location_id),) if collected and store is not None else (),
        lines=seen.lines,
        availability=seen.on_offer.availability,
        exclusions=cart.closed,
        locations=(store,) if collected and store is not None else seen.network.locations,
        services=to_destination(seen.network.services, goes["country"]),
        planned=seen.on_offer.planned,
        entitled_to=cart.entitled_to,
        scarcities=seen.on_offer.scarcities,
        **goes,
    )


def _offers(
    seen: _Seen, problems: Sequence[tuple[SourcingProblem, Fetched | None]]
) -> list[Offered]:
    def offered(problem: SourcingProblem, policy: OrderPolicy) -> Offered:
        return offer(problem, policy, seen.on_offer.supplies)

    return [offered(problem, seen.cart.policies[problem.type]) for problem, _ in problems]
