"""A sourcing decision in words that support staff can read to a customer."""

from collections import Counter

from domain.sourcing.decision import SourcedShipment, SourcingPlan
from domain.sourcing.problem import SourcingProblem
from domain.wording import money

_NAMED_SKUS = 5
_TERMS = {
    "en": {"parcel": "parcel", "handling": "handling", "lateness": "lateness", "risk": "risk"},
    "fr": {"parcel": "colis", "handling": "préparation", "lateness": "retard", "risk": "risque"},
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
    },
}


def why(
    problem: SourcingProblem, plan: SourcingPlan, shipment: SourcedShipment, language: str = "en"
) -> str:
    """Why a shipment comes from its location: its costs, and the next best choice.

    `language` is one of `domain.wording.LANGUAGES`.
    """
    words, costs = _WORDS[language], shipment.costs
    terms = [
        f"{name} {money(getattr(costs, term), problem.currency)}"
        for term, name in _TERMS[language].items()
        if term == "parcel" or getattr(costs, term)
    ]
    away = words["away"].format(km=shipment.distance_km)
    return f"{away}, {', '.join(terms)}; {_alternative(problem, plan, language)}"


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
