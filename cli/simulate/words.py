"""What reports of simulations say, in English and in French."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "fr"]


@dataclass(frozen=True)
class Figure:
    """A row of a report. `name` is that of `Outcome.figures`; `better` is 1 where more is better,
    -1 where less is, 0 where neither."""

    name: str
    en: str
    fr: str
    show: Callable[[float], str]
    better: int
    is_term: bool = False

    def label(self, language: Language) -> str:
        return self.en if language == "en" else self.fr


def _money(value: float) -> str:
    return f"{value / 100:,.2f}"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _ratio(value: float) -> str:
    return f"{value:,.2f}"


def _share(value: float) -> str:
    return f"{100 * value:,.1f}%"


FIGURES = (
    Figure("cost", "Cost", "Coût", _money, -1),
    Figure("freight", "freight", "transport", _money, -1, is_term=True),
    Figure("handling", "handling", "préparation", _money, -1, is_term=True),
    Figure("lateness", "lateness", "retard", _money, -1, is_term=True),
    Figure("splits", "splits", "fractionnement", _money, -1, is_term=True),
    Figure("resourcing", "re-sourcing", "nouvelle recherche", _money, -1, is_term=True),
    Figure("co2", "CO2", "CO2", _money, -1, is_term=True),
    Figure("cost_per_order", "Cost per order sent", "Coût par commande expédiée", _money, -1),
    Figure("shipments_per_order", "Shipments per order", "Expéditions par commande", _ratio, -1),
    Figure("otif", "OTIF, first promise", "OTIF, première promesse", _share, 1),
    Figure("in_time", "In full by the requested date", "Complet à la date demandée", _share, 1),
    Figure("fill", "Units there when ordered", "Unités en stock à la commande", _share, 1),
    Figure("backordered_orders", "Orders backordered", "Commandes en attente", _count, -1),
    Figure("backordered_units", "Units backordered", "Unités en attente", _count, -1),
    Figure("unsent_units", "Units never sent", "Unités jamais expédiées", _count, -1),
    Figure("resourcings", "Re-sourcings", "Nouvelles recherches", _count, -1),
    Figure("co2_kg", "CO2, kg", "CO2, kg", _count, -1),
    Figure("km", "Distance, km", "Distance, km", _count, -1),
)

_TEXTS = {
    "en": {
        "title": "Sourcing policies on trial",
        "policy": "policy",
        "figure": "figure",
        "difference": "{name} less {first}",
        "load": "Share of all shipments, by location",
        "location": "location",
        "cost_chart": "Cost by its terms",
        "service_chart": "Service",
        "setting": "{source}: {orders:,} orders from {first} to {last}, seeds {seeds}.",
        "margin": "After ± the half of a 95% confidence interval over the seeds; the difference is "
        "of the same seed under both policies, in bold where it is clear of zero.",
        "weights": "Freight and handling are money, the other terms are priced by the weights of "
        "{first} for all policies. What is never sent costs nothing here.",
        "invented": "Invented",
        "one_seed": "One seed has no confidence interval.",
        "history": "Past decisions under another policy",
        "history_setting": "{decisions:,} decisions since {since}, decided again by {name} from "
        "the snapshots that they saw.",
        "decisions": "Decisions",
        "differing": "would be another",
        "paid": "Freight and handling",
        "shipments": "Shipments",
        "missing": "Units not sent",
        "days": "Days to the last promise",
        "co2_kg": "CO2, kg",
        "then": "then",
        "now": "under {name}",
        "change": "change",
        "most": "Those that differ most",
        "order": "order",
        "from_to": "{before} to {after}",
        "nothing": "No decision was stored since {since}.",
    },
    "fr": {
        "title": "Politiques d'affectation à l'essai",
        "policy": "politique",
        "figure": "mesure",
        "difference": "{name} moins {first}",
        "load": "Part de toutes les expéditions, par site",
        "location": "site",
        "cost_chart": "Coût par composante",
        "service_chart": "Service",
        "setting": "{source} : {orders:,} commandes du {first} au {last}, graines {seeds}.",
        "margin": "Après ±, la moitié d'un intervalle de confiance à 95 % sur les graines ; la "
        "différence est celle d'une même graine sous les deux politiques, en gras lorsqu'elle "
        "exclut zéro.",
        "weights": "Transport et préparation sont de l'argent, les autres composantes sont "
        "évaluées aux poids de {first} pour toutes les politiques. Ce qui n'est jamais expédié ne "
        "coûte rien ici.",
        "invented": "Commandes inventées",
        "one_seed": "Une seule graine ne donne pas d'intervalle de confiance.",
        "history": "Décisions passées sous une autre politique",
        "history_setting": "{decisions:,} décisions depuis le {since}, reprises selon {name} à "
        "partir des données d'alors.",
        "decisions": "Décisions",
        "differing": "seraient autres",
        "paid": "Transport et préparation",
        "shipments": "Expéditions",
        "missing": "Unités non expédiées",
        "days": "Jours jusqu'à la dernière promesse",
        "co2_kg": "CO2, kg",
        "then": "alors",
        "now": "selon {name}",
        "change": "écart",
        "most": "Celles qui diffèrent le plus",
        "order": "commande",
        "from_to": "{before} à {after}",
        "nothing": "Aucune décision enregistrée depuis le {since}.",
    },
}


def say(name: str, language: Language, /, **facts: object) -> str:
    """A text with its facts filled in."""
    return _TEXTS[language][name].format(**facts)
