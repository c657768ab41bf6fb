"""Answers and problems of returns."""

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote

from adapters.postgres.returns.views import ReturnView
from api.problems import FieldError, ProblemError, invalid
from api.return_answers import ReturnAnswer
from domain.messages.returns import ReportRefused, ReturnReport
from domain.returns import Refusal
from domain.returns.authorising import Why

_WHY: dict[Why, str] = {
    "unknown_line": "nothing of such a line was sent",
    "not_delivered": "the customer does not have it yet",
    "too_late": "the time in which it could come back is over",
    "too_many": "only {allowed} unit(s) of it may come back",
}


def return_path(return_id: str) -> str:
    return f"/returns/{quote(return_id, safe=':')}"


def return_answer(view: ReturnView) -> ReturnAnswer:
    """All of a return."""
    parts = {name: getattr(view, name) for name in view.__slots__}
    links = {"self": return_path(view.return_id), "order": f"/orders/{view.order_id}"}
    if not view.status.is_final:
        for name in ("received", "inspected", "cancel"):
            links[name] = f"{links['self']}/{name}"
    if view.exchange_order_id is not None:
        links["exchange_order"] = f"/orders/{view.exchange_order_id}"
    return ReturnAnswer.model_validate({**parts, "links": links})


def not_returnable(refusals: Sequence[Refusal]) -> ProblemError:
    """409, naming the lines that may not come back, and how much of them may."""
    faults = [
        FieldError(
            field=f"lines[{refusal.position}].quantity",
            message=_WHY[refusal.why].format(allowed=refusal.allowed),
        )
        for refusal in refusals
    ]
    detail = "; ".join(
        f"line {r.line_id!r}: {f.message}" for r, f in zip(refusals, faults[:3], strict=False)
    )
    return ProblemError(HTTPStatus.CONFLICT, "not-returnable", f"{detail}.", errors=faults)


def refused_report(refused: ReportRefused, report: ReturnReport, field: str) -> ProblemError:
    """What the books refuse of a report: 422 for another one under the same event id, else 409."""
    if refused.code == "event_reused":
        return invalid([FieldError(field="event_id", message=refused.reason)], "id-reused")
    detail = f"{refused.reason[:1].upper()}{refused.reason[1:]}."
    faults = []
    if refused.position is not None:
        position = refused.position
        if refused.part == "inspected" and report.arrived:
            # Where both are said in one list, only some of its rows are inspected.
            position = 0
        faults = [FieldError(field=f"{field}[{position}].quantity", message=refused.reason)]
    return ProblemError(HTTPStatus.CONFLICT, "not-as-reported", detail, errors=faults)
