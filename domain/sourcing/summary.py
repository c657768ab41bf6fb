"""A sourcing decision told from beginning to end: what it was about, what came of it, and why.

`domain.sourcing.explain` has the words for its parts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.messages.policy import Limit
from domain.messages.steps import Exclusion
from domain.mishaps import in_language
from domain.sourcing.decision import Excluded, ExclusionCode, SourcedShipment, SourcingPlan
from domain.sourcing.explain import (
    certainty,
    cost_terms,
    kind_name,
    places_of,
    reason_of,
    rejected,
    shortage,
    units_of,
    way,
)
from domain.sourcing.problem import SourcingProblem
from domain.sourcing.words import COLON, SEMICOLON
from domain.wording import moment, money

_LONGEST_SENTENCE, _TOLD_REASONS = 400, 8
_NAMED_PLACES, _NAMED_SKUS = 3, 4
# What was ruled out for this order tells more than where there is nothing.
_LEAST_TELLING: dict[ExclusionCode, int] = {
    "closed": -2,
    "excluded": -2,
    "sku_excluded": -1,
    "not_pinned": 1,
    "no_stock": 2,
}
_WORDS = {
    "en": {
        "first": "it is the first decision for this order",
        "given_up": "shipment {shipment} from {place} was given up ({reason})",
        "missing": "{units} had been missing",
        "again": "what was open was looked at again",
        "skus": "{units} ({skus})",
        "of": "{units} of {sku}",
        "sent": "{units} from {way}, there by {promise}",
        "collected": "{units} from {way}, ready by {promise}",
        "nothing": "nothing is sent",
        "nothing_open": "nothing was open any more",
        "not_sought": "what is open ({units}) stays open: the order is on hold, or ends",
        "backordered": "{units} cannot be sent now: {why}",
        "costs": "it costs {total} in all ({terms}); {certainty}",
        "rejected": "not chosen: {plan}",
        "excluded": "could not take part: {places} ({reason})",
        "excluded_one": "could not take part: {places} ({reason})",
        "more": "and {count} more",
        "exact": "exact search",
        "enumeration": "enumeration of all plans",
        "mip": "integer programme",
        "heuristic": "heuristic search",
    },
    "fr": {
        "first": "c'est la première décision pour cette commande",
        "given_up": "l'expédition {shipment} depuis {place} a été abandonnée ({reason})",
        "missing": "il manquait {units}",
        "again": "ce qui restait ouvert a été revu",
        "skus": "{units} ({skus})",
        "of": "{units} de {sku}",
        "sent": "{units} depuis {way}, livraison au plus tard le {promise}",
        "collected": "{units} depuis {way}, disponible au plus tard le {promise}",
        "nothing": "rien n'est envoyé",
        "nothing_open": "plus rien n'était ouvert",
        "not_sought": "ce qui est ouvert ({units}) le reste : la commande est en attente, ou finit",
        "backordered": "impossible d'envoyer {units} maintenant : {why}",
        "costs": "cela coûte {total} en tout ({terms}) ; {certainty}",
        "rejected": "non retenu : {plan}",
        "excluded": "n'ont pas pu participer : {places} ({reason})",
        "excluded_one": "n'a pas pu participer : {places} ({reason})",
        "more": "et {count} de plus",
        "exact": "recherche exacte",
        "enumeration": "énumération de tous les plans",
        "mip": "programme en nombres entiers",
        "heuristic": "recherche heuristique",
    },
}
_LIMITS: dict[str, dict[Limit, str]] = {
    "en": {
        "split_value": "it goes in {count} shipments, though it is worth too little for that",
        "shipments": "it goes in {count} shipments, more than the policy asks for",
        "distance": "it comes from {km} km away, further than the policy asks for",
        "kinds": "it comes from a kind of location that the policy does not ask for ({kinds})",
        "countries": "it comes from a country that the policy does not ask for ({countries})",
        "channels": "it comes from {places}, kept for other sales channels",
    },
    "fr": {
        "split_value": "elle part en {count} expéditions, bien qu'elle vaille trop peu pour cela",
        "shipments": "elle part en {count} expéditions, plus que la politique n'en demande",
        "distance": "elle vient de {km} km, plus loin que la politique ne demande",
        "kinds": "elle vient d'un type de site que la politique ne demande pas ({kinds})",
        "countries": "elle vient d'un pays que la politique ne demande pas ({countries})",
        "channels": "elle vient de {places}, gardé pour d'autres canaux de vente",
    },
}


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A shipment that did not happen, whose units a decision was about."""

    shipment_id: str
    location_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why there was something to decide: what was given up, what was ruled out since the decision
    before, and the units that one left open. `first` says that there is none before."""

    given_up: tuple[GivenUp, ...] = ()
    ruled_out: tuple[Exclusion, ...] = ()
    missing: int = 0
    first: bool = False


def cause(occasion: Occasion, language: str = "en") -> str:
    """Why there was something to decide, in words."""
    words = _WORDS[language]
    given_up = [
        words["given_up"].format(
            shipment=gone.shipment_id,
            place=gone.location_name,
            reason=in_language(gone.reason, language),
        )
        for gone in occasion.given_up
    ]
    told = {gone.reason for gone in occasion.given_up}
    ruled_out = [
        in_language(e.reason, language) for e in occasion.ruled_out if e.reason not in told
    ]
    causes = list(dict.fromkeys([*given_up, *ruled_out]))
    if not causes and occasion.first:
        causes = [words["first"]]
    elif not causes and occasion.missing:
        causes = [words["missing"].format(units=units_of(occasion.missing, language))]
    return _sentence(SEMICOLON[language].join(causes or [words["again"]]))


def outcome(
    problem: SourcingProblem, plan: SourcingPlan, language: str = "en", *, sought: bool = True
) -> list[str]:
    """What is sent from where and when it is there, a sentence for each shipment, and what is not.
    Without `sought` nothing was to be sent."""
    words = _WORDS[language]
    open_units = _with_skus(problem, plan.backordered, language)
    if not problem.lines:
        return [_sentence(words["nothing_open"])]
    if not sought:
        return [_sentence(words["not_sought"].format(units=open_units))]
    parts = [_sent(problem, shipment, language) for shipment in plan.shipments]
    if plan.backordered:
        why = shortage(problem, plan, language)
        parts.append(words["backordered"].format(units=open_units, why=why))
    return [_sentence(part) for part in parts or [words["nothing"]]]


def search(problem: SourcingProblem, plan: SourcingPlan, language: str = "en") -> str:
    """How the plan was found, and whether there can be anything cheaper."""
    method = _WORDS[language].get(plan.method, plan.method)
    return _sentence(f"{method}{COLON[language]}{certainty(problem, plan, language)}")


def given_way(problem: SourcingProblem, plan: SourcingPlan, language: str = "en") -> list[str]:
    """Each limit of the policy that gave way so that less is left out, and what is beyond it."""
    places = {location.location_id: location for location in problem.locations}
    chosen = [places[shipment.location_id] for shipment in plan.shipments]
    foreign = [c.name for c in chosen if c.channels and problem.channel not in c.channels]
    facts = {
        "count": len(plan.shipments),
        "km": max((shipment.distance_km for shipment in plan.shipments), default=0),
        "kinds": ", ".join(sorted({kind_name(place.kind, language) for place in chosen})),
        "countries": ", ".join(sorted({place.country for place in chosen})),
        "places": ", ".join(foreign),
    }
    return [_sentence(_LIMITS[language][limit].format_map(facts)) for limit in plan.relaxed]


def brief(
    problem: SourcingProblem,
    plan: SourcingPlan,
    occasion: Occasion,
    *,
    language: str = "en",
    sought: bool = True,
    most_bytes: int = 1500,
) -> tuple[str, ...]:
    """The decision in sentences, the most telling first; what would be more than `most_bytes` of
    UTF-8 is counted in the last one."""
    sentences = [cause(occasion, language), *outcome(problem, plan, language, sought=sought)]
    further = 0
    if sought and problem.lines:
        sentences += _reasons(problem, plan, language)
        further = max(0, len(plan.excluded) - _TOLD_REASONS)
    return _cut([_shortened(sentence) for sentence in sentences], further, most_bytes, language)


def most_telling(excluded: Iterable[Excluded]) -> list[Excluded]:
    """Why locations could not take part, the most telling reasons first."""
    return sorted(excluded, key=lambda reason: _LEAST_TELLING.get(reason.code, 0))


def _reasons(problem: SourcingProblem, plan: SourcingPlan, language: str) -> Iterator[str]:
    words = _WORDS[language]
    if plan.shipments:
        # What it is worth not to leave a unit out is nothing that anybody pays.
        terms = cost_terms(problem, plan.shipments, split=plan.split_cost, language=language)
        total = money(plan.cost - plan.backorder_cost, problem.currency)
        proven = certainty(problem, plan, language)
        yield _sentence(words["costs"].format(total=total, terms=terms, certainty=proven))
    yield from given_way(problem, plan, language)
    for alternative in plan.alternatives:
        told = rejected(problem, plan, alternative, language)
        yield _sentence(words["rejected"].format(plan=told))
    for excluded in most_telling(plan.excluded)[:_TOLD_REASONS]:
        told = words["excluded" if len(excluded.location_ids) > 1 else "excluded_one"]
        places = places_of(problem, excluded, language, _NAMED_PLACES)
        yield _sentence(told.format(places=places, reason=reason_of(excluded, language)))


def _cut(sentences: Sequence[str], further: int, most_bytes: int, language: str) -> tuple[str, ...]:
    kept: list[str] = []
    room = most_bytes
    for sentence in sentences:
        room -= len(sentence.encode())
        if room < 0:
            break
        kept.append(sentence)
    further += len(sentences) - len(kept)
    if further:
        kept.append(_sentence(_WORDS[language]["more"].format(count=further)))
    return tuple(kept)


def _shortened(sentence: str) -> str:
    if len(sentence) <= _LONGEST_SENTENCE:
        return sentence
    return sentence[: _LONGEST_SENTENCE - 1].rsplit(" ", 1)[0] + "…"


def _sent(problem: SourcingProblem, shipment: SourcedShipment, language: str) -> str:
    return _WORDS[language]["sent" if shipment.carrier else "collected"].format(
        units=_with_skus(problem, shipment.lines, language),
        way=way(problem, shipment, language),
        promise=moment(shipment.promise, language),
    )


def _with_skus(problem: SourcingProblem, lines: Mapping[str, int], language: str) -> str:
    """How many units, and of what if that is soon said."""
    words, units = _WORDS[language], Counter[str]()
    for line in problem.lines:
        units[line.sku] += lines.get(line.line_id, 0)
    skus = {sku: count for sku, count in sorted(units.items()) if count}
    if len(skus) == 1:
        [(sku, count)] = skus.items()
        return words["of"].format(units=units_of(count, language), sku=sku)
    total = units_of(sum(skus.values()), language)
    if len(skus) > _NAMED_SKUS:
        return total
    named = ", ".join(words["of"].format(units=count, sku=sku) for sku, count in skus.items())
    return words["skus"].format(units=total, skus=named)


def _sentence(words: str) -> str:
    # What somebody has said may have ended as a sentence already.
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."
