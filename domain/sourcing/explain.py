"""A sourcing decision in words that support staff can read to a customer."""

from collections import Counter
from collections.abc import Iterable

from domain.sourcing.decision import Alternative, Excluded, SourcedShipment, SourcingPlan
from domain.sourcing.problem import SourcingProblem
from domain.wording import money

_NAMED_SKUS = 5
_TERMS = {
    "en": {
        "parcel": "parcel",
        "handling": "handling",
        "lateness": "lateness",
        "risk": "risk",
        "co2": "CO2",
        "scarcity": "scarcity",
        "split": "split",
        "backorder": "backorder",
    },
    "fr": {
        "parcel": "colis",
        "handling": "préparation",
        "lateness": "retard",
        "risk": "risque",
        "co2": "CO2",
        "scarcity": "rareté",
        "split": "fractionnement",
        "backorder": "reliquat",
    },
}
_WORDS = {
    "en": {
        "away": "{km} km away",
        "and": " and ",
        "same": "{places} would cost the same",
        "next": "next best is {places} for {extra} more",
        "less": "no other single location can send as much",
        "alone": "no other location can send it",
        "short": "there is not enough of {skus} that this order may take",
        "complete": "it is sent complete only, and there is not enough of {skus}",
        "by": "{place} by {service}",
        "more": "{extra} more",
        "fewer": "{extra} less",
        "equal": "the same cost",
        "lacks": "{units} more units missing",
        "proven": "no plan is cheaper",
        "gap": "no plan is cheaper by more than {gap} ({ratio:.1%})",
    },
    "fr": {
        "away": "à {km} km",
        "and": " et ",
        "same": "{places} coûterait autant",
        "next": "le meilleur autre choix est {places} pour {extra} de plus",
        "less": "aucun autre site ne peut en envoyer autant à lui seul",
        "alone": "aucun autre site ne peut l'envoyer",
        "short": "il n'y a pas assez de {skus} que cette commande puisse prendre",
        "complete": "elle part complète seulement, et il n'y a pas assez de {skus}",
        "by": "{place} par {service}",
        "more": "{extra} de plus",
        "fewer": "{extra} de moins",
        "equal": "le même coût",
        "lacks": "{units} unités manquantes de plus",
        "proven": "aucun plan n'est moins cher",
        "gap": "aucun plan n'est moins cher de plus de {gap} ({ratio:.1%})",
    },
}
_EXCLUDED = {
    "en": {
        "excluded": "ruled out for this order: {reasons}",
        "sku_excluded": "ruled out for {skus}: {reasons}",
        "not_pinned": "the order has to come from elsewhere",
        "no_stock": "nothing there that this order may take",
        "no_capacity": "no capacity left",
        "no_service": "no carrier service to {country}",
        "too_heavy": "no carrier service takes units so heavy",
        "distance": "{km} km away, more than the {limit} km of the policy",
        "kinds": "a {kind}, and the policy asks for {allowed}",
        "countries": "in {country}, and the policy asks for {allowed}",
    },
    "fr": {
        "excluded": "écarté pour cette commande : {reasons}",
        "sku_excluded": "écarté pour {skus} : {reasons}",
        "not_pinned": "la commande doit venir d'ailleurs",
        "no_stock": "rien que cette commande puisse y prendre",
        "no_capacity": "plus de capacité",
        "no_service": "aucun service de transport vers {country}",
        "too_heavy": "aucun service de transport n'accepte des unités si lourdes",
        "distance": "à {km} km, plus que les {limit} km de la politique",
        "kinds": "de type {kind}, et la politique demande {allowed}",
        "countries": "en {country}, et la politique demande {allowed}",
    },
}


def why(
    problem: SourcingProblem, plan: SourcingPlan, shipment: SourcedShipment, language: str = "en"
) -> str:
    """Why a shipment comes from its location: its costs, and the next best choice.

    `language` is one of `domain.wording.LANGUAGES`.
    """
    away = _WORDS[language]["away"].format(km=shipment.distance_km)
    terms = cost_terms(problem, (shipment,), language=language)
    return f"{away}, {terms}; {_alternative(problem, plan, language)}"


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
        for term, name in _TERMS[language].items()
        if term == "parcel" or costs[term]
    )


def rejected(
    problem: SourcingProblem, plan: SourcingPlan, alternative: Alternative, language: str = "en"
) -> str:
    """A plan that was not chosen: from where by which service, its cost terms, and what speaks
    against it."""
    words = _WORDS[language]
    names = {location.location_id: location.name for location in problem.locations}
    services = {(s.carrier, s.service): s.name for s in problem.services}
    ways = words["and"].join(
        words["by"].format(place=names[s.location_id], service=services[s.carrier, s.service])
        for s in alternative.shipments
    )
    terms = cost_terms(
        problem,
        alternative.shipments,
        split=alternative.split_cost,
        backorder=alternative.backorder_cost,
        language=language,
    )
    against = []
    missing = alternative.missing_units - sum(plan.backordered.values())
    if missing > 0:
        against.append(words["lacks"].format(units=missing))
    extra = alternative.cost - plan.cost
    which = "more" if extra > 0 else "fewer" if extra < 0 else "equal"
    against.append(words[which].format(extra=money(abs(extra), problem.currency)))
    return f"{ways}: {terms}; {', '.join(against)}"


def ruled_out(problem: SourcingProblem, excluded: Excluded, language: str = "en") -> str:
    """Which locations could not take part, and why."""
    names = {location.location_id: location.name for location in problem.locations}
    places = ", ".join(names[location_id] for location_id in excluded.location_ids)
    facts = {
        name: "; ".join(fact) if name == "reasons" else ", ".join(fact)
        for name, fact in excluded.facts.items()
        if isinstance(fact, tuple)
    }
    words = _EXCLUDED[language][excluded.code].format_map({**excluded.facts, **facts})
    colon = " : " if language == "fr" else ": "
    return f"{places}{colon}{words}"


def certainty(problem: SourcingProblem, plan: SourcingPlan, language: str = "en") -> str:
    """Whether there can be anything cheaper, and by how much."""
    words = _WORDS[language]
    if plan.gap == 0:
        return words["proven"]
    return words["gap"].format(gap=money(plan.gap, problem.currency), ratio=plan.gap_ratio)


def shortage(problem: SourcingProblem, plan: SourcingPlan, language: str = "en") -> str:
    """Why units are backordered: what nobody has enough of, or what keeps all of it back."""
    if plan.obstacle is not None:
        return plan.obstacle
    short = _short_skus(problem)
    names = ", ".join(short[:_NAMED_SKUS]) + (", ..." if len(short) > _NAMED_SKUS else "")
    words = _WORDS[language]["complete" if problem.ship_complete else "short"]
    return words.format(skus=names)


def _short_skus(problem: SourcingProblem) -> list[str]:
    ruled_out = {(e.location_id, e.sku) for e in problem.exclusions if e.carrier is None}
    left: Counter[str] = Counter()
    for line in problem.lines:
        left[line.sku] -= line.quantity
    for row in problem.availability:
        if not ruled_out & {(row.location_id, row.sku), (row.location_id, None)}:
            left[row.sku] += row.units
    return sorted(sku for sku, units in left.items() if units < 0)


def _alternative(problem: SourcingProblem, plan: SourcingPlan, language: str) -> str:
    words = _WORDS[language]
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
