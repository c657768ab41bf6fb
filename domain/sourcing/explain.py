"""A sourcing decision in words that support staff can read to a customer."""

from collections import Counter
from collections.abc import Iterable

from domain.mishaps import in_language
from domain.sourcing.decision import Alternative, Excluded, SourcedShipment, SourcingPlan
from domain.sourcing.problem import SourcingProblem
from domain.sourcing.words import COLON, EXCLUDED, KINDS, SEMICOLON, TERMS, WORDS
from domain.wording import money

_NAMED_SKUS, _NAMED_PLACES = 5, 8


def why(
    problem: SourcingProblem, plan: SourcingPlan, shipment: SourcedShipment, language: str = "en"
) -> str:
    """Why a shipment comes from its location: its costs, and the next best choice.

    `language` is one of `domain.wording.LANGUAGES`.
    """
    words = WORDS[language]
    away = words["away"].format(km=shipment.distance_km) if shipment.carrier else words["fetched"]
    terms = cost_terms(problem, (shipment,), language=language)
    return f"{away}, {terms}{SEMICOLON[language]}{_alternative(problem, plan, language)}"


def cost_terms(
    problem: SourcingProblem,
    shipments: Iterable[SourcedShipment],
    *,
    split: int = 0,
    backorder: int = 0,
    language: str = "en",
) -> str:
    """What shipments cost together, term by term: parcels always, others where there are any."""
    costs = Counter({"parcel": 0, "split": split, "backorder": backorder})
    for shipment in shipments:
        costs.update(shipment.costs.model_dump())
    return ", ".join(
        f"{name} {money(costs[term], problem.currency)}"
        for term, name in TERMS[language].items()
        if term == "parcel" or costs[term]
    )


def rejected(
    problem: SourcingProblem, plan: SourcingPlan, alternative: Alternative, language: str = "en"
) -> str:
    """A plan that was not chosen: from where by which service, its cost terms, and what speaks
    against it: the units that it leaves out, or else what it costs more."""
    words = WORDS[language]
    missing = alternative.missing_units - sum(plan.backordered.values())
    told = words["and"].join(way(problem, s, language) for s in alternative.shipments)
    if alternative.shipments:
        terms = cost_terms(
            problem,
            alternative.shipments,
            split=alternative.split_cost,
            backorder=alternative.backorder_cost if missing < 0 else 0,
            language=language,
        )
        told += f"{COLON[language]}{terms}{SEMICOLON[language]}"
    else:
        # A decision of before says no more of it.
        names = names_of(problem)
        told = words["and"].join(names[where] for where in alternative.location_ids)
        told += COLON[language]
    if missing > 0:
        return told + words["lacks"].format(units=units_of(missing, language))
    extra = alternative.cost - plan.cost
    which = "more" if extra > 0 else "fewer" if extra < 0 else "equal"
    against = [words[which].format(extra=money(abs(extra), problem.currency))]
    if missing < 0:
        against.insert(0, words["sends"].format(units=units_of(-missing, language)))
    return told + ", ".join(against)


def way(problem: SourcingProblem, shipment: SourcedShipment, language: str = "en") -> str:
    """From where a shipment goes by which service, or where it is fetched."""
    place = names_of(problem)[shipment.location_id]
    template = WORDS[language]["by" if shipment.carrier else "fetched_at"]
    return template.format(place=place, service=service_name(problem, shipment, language))


def service_name(problem: SourcingProblem, shipment: SourcedShipment, language: str = "en") -> str:
    """What the service of a shipment is called."""
    if not shipment.carrier:
        return WORDS[language]["collection"]
    return next(
        service.name
        for service in problem.services
        if (service.carrier, service.service) == (shipment.carrier, shipment.service)
    )


def names_of(problem: SourcingProblem) -> dict[str, str]:
    """What locations are called, by their ids."""
    return {location.location_id: location.name for location in problem.locations}


def ruled_out(
    problem: SourcingProblem, excluded: Excluded, language: str = "en", most: int = _NAMED_PLACES
) -> str:
    """Which locations could not take part, `most` of them by name, and why."""
    places = places_of(problem, excluded, language, most)
    return f"{places}{COLON[language]}{reason_of(excluded, language)}"


def places_of(
    problem: SourcingProblem, excluded: Excluded, language: str = "en", most: int = _NAMED_PLACES
) -> str:
    """The locations that could not take part, `most` of them by name."""
    names = names_of(problem)
    shown = ", ".join(names[location_id] for location_id in excluded.location_ids[:most])
    further = len(excluded.location_ids) - most
    if further <= 0:
        return shown
    return WORDS[language]["further"].format(names=shown, count=further)


def reason_of(excluded: Excluded, language: str = "en") -> str:
    """Why locations could not take part."""
    facts: dict[str, int | str] = {}
    for name, fact in excluded.facts.items():
        said = fact if isinstance(fact, tuple) else (fact,)
        if excluded.code == "kinds":
            said = tuple(kind_name(str(kind), language) for kind in said)
        if name == "reasons":
            said = tuple(in_language(str(reason), language) for reason in said)
        separator = SEMICOLON[language] if name == "reasons" else ", "
        facts[name] = separator.join(str(part) for part in said)
    is_left = excluded.code == "no_service" and excluded.facts.get("reasons")
    template = "no_service_left" if is_left else excluded.code
    return EXCLUDED[language][template].format_map(facts)


def kind_name(kind: str, language: str = "en") -> str:
    """What a kind of location is called."""
    return KINDS[language].get(kind, kind)


def units_of(count: int, language: str = "en") -> str:
    """A number of units, in words."""
    is_one = count == 1 or (language == "fr" and count == 0)
    return WORDS[language]["unit" if is_one else "units"].format(count=count)


def term_names(language: str = "en") -> dict[str, str]:
    """What each term of the costs is called, in the sequence in which they are told."""
    return TERMS[language]


def certainty(problem: SourcingProblem, plan: SourcingPlan, language: str = "en") -> str:
    """Whether there can be anything cheaper, and by how much."""
    words = WORDS[language]
    if plan.gap == 0:
        return words["proven"]
    return words["gap"].format(gap=money(plan.gap, problem.currency), ratio=plan.gap_ratio)


def shortage(problem: SourcingProblem, plan: SourcingPlan, language: str = "en") -> str:
    """Why units are backordered: what nobody has enough of, or what keeps all of it back."""
    words = WORDS[language]
    if plan.obstacle is not None:
        return _obstacle(plan, language)
    missing = sum(plan.backordered.values())
    reasons = []
    if any(alternative.missing_units < missing for alternative in plan.alternatives):
        reasons.append(words["dear"])
    short = _short_skus(problem, plan)
    if short:
        names = ", ".join(short[:_NAMED_SKUS]) + (", ..." if len(short) > _NAMED_SKUS else "")
        reasons.append(words["complete" if problem.ship_complete else "short"].format(skus=names))
    return SEMICOLON[language].join(reasons or [words["limits"]])


def _obstacle(plan: SourcingPlan, language: str) -> str:
    """What keeps all of it back: decided in English, told in others by what was ruled out."""
    assert plan.obstacle is not None
    reasons = [
        reason_of(excluded, language) for excluded in plan.excluded if excluded.code != "no_stock"
    ]
    if language == "en" or not reasons:
        return plan.obstacle
    return WORDS[language]["stuck"].format(reasons=SEMICOLON[language].join(reasons))


def _short_skus(problem: SourcingProblem, plan: SourcingPlan) -> list[str]:
    """What there is too little of at the locations that could take part."""
    exclusions = {(e.location_id, e.sku) for e in problem.exclusions if e.carrier is None}
    out = {location_id for excluded in plan.excluded for location_id in excluded.location_ids}
    left: Counter[str] = Counter()
    for line in problem.lines:
        left[line.sku] -= line.quantity
    for row in problem.availability:
        is_excluded = exclusions & {(row.location_id, row.sku), (row.location_id, None)}
        if row.location_id not in out and not is_excluded:
            left[row.sku] += row.units
    return sorted(sku for sku, units in left.items() if units < 0)


def _alternative(problem: SourcingProblem, plan: SourcingPlan, language: str) -> str:
    words = WORDS[language]
    missing = sum(plan.backordered.values())
    equal = [a for a in plan.alternatives if a.missing_units <= missing]
    if not equal:
        return words["less"] if plan.alternatives else words["alone"]
    names = {location.location_id: location.name for location in problem.locations}
    places = words["and"].join(names[location_id] for location_id in equal[0].location_ids)
    extra = equal[0].cost - plan.cost
    if extra == 0:
        return words["same"].format(places=places)
    return words["next"].format(places=places, extra=money(extra, problem.currency))
