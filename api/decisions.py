"""Why an order ships from where: its decisions, in numbers and in words."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from adapters.postgres.decisions import DecisionAccount, read_account
from api.answers import Units
from api.decision_answers import (
    ChosenAnswer,
    CostAnswer,
    DecisionAnswer,
    DecisionsAnswer,
    ExcludedAnswer,
    GivenUpAnswer,
    PlaceAnswer,
    RejectedAnswer,
    ReliefAnswer,
    RuledOutAnswer,
    SourcedAnswer,
)
from api.fields import Language, OrderIdInPath, Parameters
from api.languages import AcceptLanguage, chosen_language
from api.problems import not_found
from api.rendering import decisions_path, links_of
from api.services import Shared
from domain.mishaps import in_language
from domain.sourcing import Alternative, SourcedShipment, SourcingPlan, SourcingProblem
from domain.sourcing.explain import (
    names_of,
    reason_of,
    rejected,
    service_name,
    shortage,
    term_names,
    why,
)
from domain.sourcing.summary import brief, cause, given_way, most_telling, outcome, search

router = APIRouter(prefix="/orders", tags=["orders"])

_ALL_OF_IT = 20_000


class DecisionsView(Parameters):
    language: Language | None = Field(default=None, description="Of the words.")


@router.get("/{order_id}/decisions")
async def get_decisions(
    order_id: OrderIdInPath,
    services: Shared,
    view: Annotated[DecisionsView, Query()],
    accept_language: AcceptLanguage = None,
) -> DecisionsAnswer:
    """Why an order ships from where: each decision with what it was about, what was chosen, the
    best plans that were not, and every location that could not take part, in numbers and in words.

    What customers pay is no part of it: costs are our own.
    """
    found = await read_account(services.engine, order_id)
    if found is None:
        raise not_found(f"There is no order {order_id!r}.")
    language = view.language or chosen_language(accept_language)
    return DecisionsAnswer(
        order_id=order_id,
        currency=found.currency,
        language=language,
        decisions=[decision_answer(account, language) for account in found.decisions],
        links={"self": decisions_path(order_id), "order": links_of(order_id)["self"]},
    )


def decision_answer(account: DecisionAccount, language: str) -> DecisionAnswer:
    """One decision, its words in one of `domain.wording.LANGUAGES`."""
    return _Told(account, language).answer()


class _Told:
    """One decision in one language."""

    def __init__(self, account: DecisionAccount, language: str) -> None:
        self._account = account
        self._problem: SourcingProblem = account.decision.problem
        self._plan: SourcingPlan = account.decision.plan
        self._language = language
        self._names = names_of(self._problem)
        self._skus = {line.line_id: line.sku for line in self._problem.lines}
        # A plan for nothing says of every location that it has nothing.
        self._sought = account.sought and bool(self._problem.lines)

    def answer(self) -> DecisionAnswer:
        decision, occasion = self._account.decision, self._account.occasion
        problem, plan, language = self._problem, self._plan, self._language
        sought = self._account.sought
        return DecisionAnswer(
            generation=decision.generation,
            at=decision.at,
            policy_version=decision.policy_version,
            told=list(
                brief(
                    problem, plan, occasion, language=language, sought=sought, most_bytes=_ALL_OF_IT
                )
            ),
            cause=cause(occasion, language),
            given_up=self._given_up(),
            ruled_out=self._ruled_out(),
            outcome=" ".join(outcome(problem, plan, language, sought=sought)),
            method=plan.method,
            search=search(problem, plan, language),
            gap=plan.gap,
            gap_ratio=plan.gap_ratio,
            cost=plan.cost,
            costs=self._plan_costs(plan),
            co2_grams=sum(shipment.co2_grams for shipment in plan.shipments),
            shipments=self._chosen(),
            backordered=self._units(plan.backordered),
            shortage=shortage(problem, plan, language)
            if plan.backordered and self._sought
            else None,
            relaxed=[
                ReliefAnswer(limit=limit, text=text)
                for limit, text in zip(
                    plan.relaxed, given_way(problem, plan, language), strict=True
                )
            ],
            rejected=[self._rejected(alternative) for alternative in plan.alternatives],
            excluded=self._excluded(),
        )

    def _chosen(self) -> list[ChosenAnswer]:
        ids = self._account.shipment_ids or [None] * len(self._plan.shipments)
        return [
            ChosenAnswer(
                **self._sourced(shipment),
                shipment_id=shipment_id,
                why=why(self._problem, self._plan, shipment, self._language),
            )
            for shipment_id, shipment in zip(ids, self._plan.shipments, strict=True)
        ]

    def _rejected(self, alternative: Alternative) -> RejectedAnswer:
        return RejectedAnswer(
            locations=self._places(alternative.location_ids),
            shipments=[SourcedAnswer(**self._sourced(s)) for s in alternative.shipments],
            missing_units=alternative.missing_units,
            cost=alternative.cost,
            difference=alternative.cost - self._plan.cost,
            costs=self._plan_costs(alternative),
            text=rejected(self._problem, self._plan, alternative, self._language),
        )

    def _excluded(self) -> list[ExcludedAnswer]:
        if not self._sought:
            return []
        return [
            ExcludedAnswer(
                code=excluded.code,
                reason=reason_of(excluded, self._language),
                locations=self._places(excluded.location_ids),
            )
            for excluded in most_telling(self._plan.excluded)
        ]

    def _given_up(self) -> list[GivenUpAnswer]:
        return [
            GivenUpAnswer(
                shipment_id=gone.shipment_id,
                location_name=gone.location_name,
                reason=in_language(gone.reason, self._language),
            )
            for gone in self._account.occasion.given_up
        ]

    def _ruled_out(self) -> list[RuledOutAnswer]:
        return [
            RuledOutAnswer(
                **exclusion.model_dump(include={"location_id", "sku", "carrier", "service"}),
                reason=in_language(exclusion.reason, self._language),
                location_name=self._names.get(exclusion.location_id or ""),
                new=exclusion in self._account.occasion.ruled_out,
            )
            for exclusion in self._problem.exclusions
        ]

    def _sourced(self, shipment: SourcedShipment) -> dict[str, Any]:
        """The fields of a `SourcedAnswer`."""
        same = set(SourcedAnswer.model_fields) - {"lines", "costs"}
        return {
            **shipment.model_dump(include=same),
            "location_name": self._names[shipment.location_id],
            "service_name": service_name(self._problem, shipment, self._language),
            "lines": self._units(shipment.lines),
            "cost": shipment.costs.total,
            "costs": self._terms(shipment.costs.model_dump()),
        }

    def _plan_costs(self, plan: SourcingPlan | Alternative) -> list[CostAnswer]:
        costs = Counter({"split": plan.split_cost, "backorder": plan.backorder_cost})
        for shipment in plan.shipments:
            costs.update(shipment.costs.model_dump())
        return self._terms(costs)

    def _terms(self, costs: Mapping[str, int]) -> list[CostAnswer]:
        return [
            CostAnswer(term=term, name=name, amount=costs[term])
            for term, name in term_names(self._language).items()
            if term in costs
        ]

    def _units(self, lines: Mapping[str, int]) -> list[Units]:
        return [
            Units(line_id=line, sku=self._skus[line], quantity=units)
            for line, units in lines.items()
        ]

    def _places(self, location_ids: Iterable[str]) -> list[PlaceAnswer]:
        return [PlaceAnswer(location_id=place, name=self._names[place]) for place in location_ids]
