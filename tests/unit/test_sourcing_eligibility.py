"""Which locations and services an order may use: channels, markets, zones, sizes, collection."""

from datetime import date, timedelta

import pytest

from domain.calendar import NOTHING_PLANNED, collectable
from domain.messages.orders import OrderType
from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Exclusion
from domain.pricing import CarrierServiceRight
from domain.sourcing import Line, Pin, PlannedDay, Service, SourcingProblem, plan
from domain.sourcing.carriers import services_from
from domain.sourcing.explain import rejected, ruled_out, why
from domain.sourcing.parcels import carries, chargeable_grams
from tests.support.calendars import location_with, march
from tests.support.sourcing_orders import (
    FREE,
    TUESDAY,
    a_location,
    a_service,
    an_order,
    said,
    sent_from,
)


def test_a_location_that_does_not_serve_the_channel_is_used_only_where_the_policy_lets_it() -> None:
    order = an_order(a_location("EDI", channels=("edi", "rep")), channel="web")
    decided = plan(order, SourcingPolicy())
    assert (sent_from(decided), said(decided)) == ([], {"EDI": "channels"})
    assert [
        ruled_out(order, out, language) for out in decided.excluded for language in ("en", "fr")
    ] == [
        "Edi: serves edi, rep only, and the order is of the channel web",
        "Edi : ne sert que edi, rep, et la commande vient du canal web",
    ]
    assert decided.obstacle == (
        "no location that has stock is left to send it: not for this sales channel"
    )
    soft = plan(order, SourcingPolicy(relaxation=("channels",)))
    assert (sent_from(soft), soft.relaxed) == (["EDI"], ("channels",))
    assert sent_from(plan(order.model_copy(update={"channel": "rep"}), SourcingPolicy())) == ["EDI"]


def test_a_location_that_does_not_serve_the_country_is_never_used() -> None:
    order = an_order(a_location("BXL", markets=("BE", "NL")), a_location("ALL"))
    decided = plan(order, FREE)
    assert (sent_from(decided), said(decided)) == (["ALL"], {"BXL": "not_in_market"})
    assert [ruled_out(order, decided.excluded[0], language) for language in ("en", "fr")] == [
        "Bxl: serves BE, NL only, and the order goes to FR",
        "Bxl : ne sert que BE, NL, et la commande va vers FR",
    ]
    alone = plan(an_order(a_location("BXL", markets=("BE",))), FREE)
    assert alone.obstacle == ("no location that has stock is left to send it: not for this country")


def test_a_location_that_is_closed_gives_nothing_and_says_why() -> None:
    closed = Exclusion(location_id="BXL", reason="a flood", closed=True)
    order = an_order(a_location("BXL"), a_location("ALL"), exclusions=(closed,))
    decided = plan(order, FREE)
    assert (sent_from(decided), said(decided)) == (["ALL"], {"BXL": "closed"})
    assert [ruled_out(order, decided.excluded[0], language) for language in ("en", "fr")] == [
        "Bxl: closed: a flood",
        "Bxl : fermé : a flood",
    ]


def _zone(country: str, prefix: str = "", price: int = 500) -> Service:
    return a_service(destination_country=country, destination_prefix=prefix, base_price=price)


@pytest.mark.parametrize(
    ("postal_code", "price"), [("75011", 3), ("78000", 2), ("69001", 1), ("", 1)]
)
def test_of_a_carriers_zones_the_one_with_the_longest_prefix_holds(
    postal_code: str, price: int
) -> None:
    zones = (
        _zone("FR", "75", 3), _zone("*", price=0), _zone("BE", "7501", 9), _zone("FR", "7", 2),
        _zone("FR", price=1), _zone("*", "750", 9),
    )  # fmt: skip
    for services in (zones, zones[::-1]):
        order = an_order(a_location("PAR"), services=services, postal_code=postal_code)
        assert [s.base_price for s in services_from(order.locations[0], order)] == [price]
        assert plan(order, FREE).cost == price


def test_a_carrier_that_serves_only_other_zones_has_no_service() -> None:
    order = an_order(a_location("PAR"), services=(_zone("FR", "69"),), postal_code="75011")
    assert said(plan(order, FREE)) == {"PAR": "no_service"}


def test_an_agreement_limits_an_order_to_the_services_that_it_names() -> None:
    services = (a_service("cheap", base_price=1), a_service("dear", base_price=900))
    order = an_order(a_location("PAR"), services=services)
    carrier = services[0].carrier

    def entitled(*names: str) -> SourcingProblem:
        rights = tuple(CarrierServiceRight(carrier=carrier, service=name) for name in names)
        return order.model_copy(update={"entitled_to": rights})

    assert plan(order, FREE).shipments[0].service == "cheap"
    assert plan(entitled("dear", "other"), FREE).shipments[0].service == "dear"
    for refused in (entitled("other"), entitled()):
        decided = plan(refused, FREE)
        assert (sent_from(decided), said(decided)) == ([], {"PAR": "not_entitled"})
        assert "that the agreement allows" in (decided.obstacle or "")
        assert [ruled_out(refused, decided.excluded[0], language) for language in ("en", "fr")] == [
            "Par: no carrier service from there that the customer's agreement allows",
            "Par : aucun service de transport que le contrat du client permette",
        ]


def _bulky(units: int = 1, **changes: object) -> tuple[Line, ...]:
    return (
        Line.model_validate(
            {"line_id": "1", "sku": "A", "quantity": units, "weight_grams": 1000} | changes
        ),
    )


def test_a_unit_that_is_too_long_for_a_service_goes_by_another_or_stays() -> None:
    small = a_service("small", base_price=100, max_unit_mm=1200)
    lines = _bulky(longest_mm=1201)
    order = an_order(a_location("PAR"), lines=lines, services=(small, a_service()))
    assert plan(order, FREE).shipments[0].service == "standard"
    alone = order.model_copy(update={"services": (small,)})
    decided = plan(alone, FREE)
    assert (sent_from(decided), said(decided)) == ([], {"PAR": "too_heavy"})
    assert ruled_out(alone, decided.excluded[0]) == (
        "Par: no carrier service takes units so heavy or so long"
    )
    assert carries(small, 10**6, 0), "a size that is not known is not in the way"


def test_a_bulky_unit_counts_as_heavy_as_its_volume_makes_it() -> None:
    by_volume = a_service(grams_per_litre=200)
    assert [chargeable_grams(by_volume, 1000, cm3) for cm3 in (0, 5000, 5001, 10_000)] == [
        1000,
        1000,
        1001,
        2000,
    ]
    assert chargeable_grams(a_service(), 1000, 10_000) == 1000


def test_price_and_parcels_are_by_chargeable_grams_and_co2_by_real_ones() -> None:
    service = a_service(
        grams_per_litre=200, price_per_kg=100, max_weight_grams=4000, co2_grams_per_tkm=100
    )
    # 3 units of 1 kg that count as 2 kg each, over 100 km.
    degrees = 180 / (6371.0 * 3.141592653589793)
    order = an_order(
        a_location("PAR", latitude=48.86 - 100 * degrees),
        lines=_bulky(3, volume_cm3=10_000),
        services=(service,),
    )
    [shipment] = plan(order, SourcingPolicy(co2_price_per_tonne=10_000_000)).shipments
    assert (shipment.parcels, shipment.weight_grams) == (2, 3000)
    assert shipment.costs.parcel == 2 * 500 + 600
    assert (shipment.co2_grams, shipment.costs.co2) == (30, 300)


def test_a_service_that_does_not_count_volume_takes_what_is_bulky() -> None:
    by_volume = a_service("by volume", price_per_kg=100, base_price=0, grams_per_litre=200)
    by_weight = a_service("by weight", price_per_kg=150, base_price=0)
    order = an_order(a_location("PAR"), services=(by_volume, by_weight))
    assert plan(order, FREE).shipments[0].service == "by volume"
    bulky = order.model_copy(update={"lines": _bulky(volume_cm3=8000)})
    assert plan(bulky, FREE).shipments[0].service == "by weight"


# --- collection ---


def _collect(*pinned: str, **changes: object) -> SourcingProblem:
    """To be fetched at a shop 200 km away; a warehouse nearby has it too."""
    return an_order(
        a_location("SHOP", kind="store", latitude=50.63, handling_cost=40),
        a_location("DC"),
        **{
            "type": OrderType.COLLECT,
            "pins": tuple(Pin(location_id=place) for place in pinned),
            **changes,
        },
    )


def test_what_is_collected_comes_from_its_store_without_a_carrier_as_soon_as_it_is_open() -> None:
    order = _collect("SHOP", critical=True, services=(a_service(co2_grams_per_tkm=100),))
    decided = plan(order, SourcingPolicy(co2_price_per_tonne=10_000_000))
    [shipment] = decided.shipments
    assert (shipment.location_id, shipment.carrier, shipment.service) == ("SHOP", "", "collect")
    assert (shipment.distance_km, shipment.co2_grams, decided.cost) == (0, 0, 40)
    assert shipment.promise == TUESDAY
    assert said(decided) == {"DC": "not_pinned"}
    assert why(order, decided, shipment).startswith("fetched there, parcel 0.00 EUR, handling 0.40")
    assert why(order, decided, shipment, "fr").startswith("retiré sur place, colis 0.00 EUR")


def test_what_is_collected_is_ready_when_the_store_has_prepared_it() -> None:
    there = location_with(
        kind="store", preparation=timedelta(hours=2), packing=timedelta(minutes=30), capacity=1
    )
    order = _collect("SHOP", at=march(3, 15))
    place = order.locations[0].model_copy(update={"calendar": there})
    order = order.model_copy(update={"locations": (place, order.locations[1])})
    [shipment] = plan(order, FREE).shipments
    assert shipment.promise == collectable(order.at, there, NOTHING_PLANNED) == march(3, 17)
    assert (shipment.pick_by, shipment.dispatch_by) == (march(3, 16, 30), march(3, 17))
    assert shipment.dispatch_day == date(2026, 3, 3)
    full = (PlannedDay(location_id="SHOP", day=date(2026, 3, 3), shipments=1),)
    [shipment] = plan(order.model_copy(update={"planned": full}), FREE).shipments
    assert shipment.promise == march(4, 8)
    assert shipment.pick_by == march(3, 17, 30)


def test_a_collected_order_is_never_sourced_to_another_store() -> None:
    gone = (Exclusion(reason="Shop could not find A", location_id="SHOP", sku="A"),)
    for order in (_collect("SHOP", exclusions=gone), _collect(), _collect(collect_at="ELSE")):
        assert sent_from(plan(order, FREE)) == []
    assert sent_from(plan(_collect(collect_at="SHOP"), FREE)) == ["SHOP"]
    assert sent_from(plan(_collect("DC", collect_at="SHOP"), FREE)) == ["DC"]


def test_no_carrier_that_is_ruled_out_keeps_back_what_is_collected() -> None:
    order = _collect("SHOP", services=(), exclusions=(Exclusion(reason="", carrier="colibri"),))
    assert sent_from(plan(order, FREE)) == ["SHOP"]


def _to_store(units: int) -> SourcingProblem:
    """To be sent to the shop, which has 9 itself."""
    return an_order(
        a_location("SHOP", kind="store", handling_cost=40),
        a_location("DC", latitude=50.63),
        units=units,
        services=(a_service(price_per_kg=10),),
        type=OrderType.SHIP_TO_STORE,
        collect_at="SHOP",
    )


def test_what_the_store_has_itself_is_fetched_there_and_the_rest_is_sent_to_it() -> None:
    [shipment] = plan(_to_store(9), FREE).shipments
    assert (shipment.location_id, shipment.carrier, shipment.costs.parcel) == ("SHOP", "", 0)
    decided = plan(_to_store(12), FREE)
    assert [(s.location_id, s.carrier, s.lines) for s in decided.shipments] == [
        ("DC", "colibri", {"1": 3}),
        ("SHOP", "", {"1": 9}),
    ]


def test_an_alternative_that_is_fetched_is_told_so() -> None:
    order = _to_store(1)
    dear = SourcingPolicy(split_penalty=0, resourcing_cost=100_000)
    places = (order.locations[0].model_copy(update={"reliability": 0.5}), order.locations[1])
    order = order.model_copy(update={"locations": places})
    decided = plan(order, dear)
    assert sent_from(decided) == ["DC"]
    assert rejected(order, decided, decided.alternatives[0]) == (
        "Shop, fetched there: parcel 0.00 EUR, handling 0.40 EUR, risk 500.00 EUR; 495.30 EUR more"
    )
    in_french = rejected(order, decided, decided.alternatives[0], "fr")
    assert in_french.startswith("Shop, retiré sur place")
