"""A sourcing decision in words that support staff can read to a customer."""

from domain.sourcing.problem import SourcedShipment, SourcingPlan, SourcingProblem
from domain.wording import money

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
    },
    "fr": {
        "away": "à {km} km",
        "and": " et ",
        "same": "{places} coûterait autant",
        "next": "le meilleur autre choix est {places} pour {extra} de plus",
        "less": "aucun autre site ne peut en envoyer autant à lui seul",
        "alone": "aucun autre site ne peut l'envoyer",
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
