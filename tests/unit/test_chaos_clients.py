"""Clients of a campaign: the same seed asks for the same, and what is left open is asked again."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import httpx
import pytest

from api import placing
from api.problems import ProblemError
from api.schemas import PlaceOrder
from cli.chaos.clients.asking import Asker, Wanted
from cli.chaos.clients.drafts import draft
from cli.chaos.clients.edges import MUST_BE_REFUSED, at_the_edge
from cli.chaos.clients.writing import ClientTally, ToldLog
from cli.chaos.shared import CampaignState
from cli.chaos.told import Kind, Told, Verdict

WANTED = Wanted(Kind.AMEND, "web:A/1/amend", "web:A", "PATCH", "/orders/web:A", {"version": 1})
BEING_AMENDED = {"type": "urn:ariane:problem:being-amended"}
# With these dice nothing is sent twice at once.
ALONE = 3

Answering = Callable[[httpx.Request], httpx.Response]


def in_turn(*answers: httpx.Response | None) -> Answering:
    """A server that gives these answers; None cuts the connection."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        given = left.pop(0)
        if given is None:
            raise httpx.ReadError("cut off", request=request)
        return given

    return answer


async def asked(answering: Answering, path: Path, patience: float = 5.0) -> Sequence[Told]:
    """What a client that asks such a server has logged."""
    tally, state = ClientTally(), CampaignState()
    transport = httpx.MockTransport(answering)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as http:
        with ToldLog(path, tally) as log:
            await Asker(1, http, log, tally, state, patience).ask(WANTED, Random(ALONE))
    return logged(path)


def logged(path: Path) -> Sequence[Told]:
    return [Told.model_validate_json(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        httpx.Response(503, json={}),
        httpx.Response(500, json={}),
        httpx.Response(202, json={"pending": True}),
        httpx.Response(409, json=BEING_AMENDED),
        httpx.Response(200, text="{"),
    ],
)
async def test_what_is_left_open_is_asked_again_until_it_is_known(
    tmp_path: Path, nothing: httpx.Response | None
) -> None:
    told = await asked(in_turn(nothing, httpx.Response(200, json={"version": 2})), tmp_path / "log")

    assert [answer.verdict for answer in told] == [Verdict.UNKNOWN, Verdict.OK]
    assert {answer.key for answer in told} == {WANTED.key}
    assert [answer.body for answer in told] == [WANTED.body] * 2


async def test_a_refusal_is_an_answer(tmp_path: Path) -> None:
    told = await asked(in_turn(httpx.Response(409, json={"type": "x"})), tmp_path / "log")
    assert [(answer.verdict, answer.status) for answer in told] == [(Verdict.REFUSED, 409)]


async def test_patience_ends(tmp_path: Path) -> None:
    told = await asked(in_turn(None, None, None), tmp_path / "log", patience=0.3)
    assert [answer.verdict for answer in told] == [Verdict.UNKNOWN] * 2


def test_the_same_seed_writes_the_same_orders() -> None:
    def orders(seed: int) -> list[object]:
        return [draft(f"R-{n}", Random(f"{seed}:{n}")).body for n in range(50)]

    assert orders(1) == orders(1)
    assert orders(1) != orders(2)


def test_every_order_is_one_that_may_be_placed() -> None:
    for n in range(300):
        body = draft(f"R-{n}", Random(n)).body
        placing.new_order(PlaceOrder.model_validate(body), None)


def test_what_is_at_the_edge_is_on_its_side_of_it() -> None:
    taken, refused = set[str](), set[str]()
    for n in range(400):
        wanted = at_the_edge(f"R-{n}", Random(n))
        name = wanted.key.rpartition("/")[2]
        if MUST_BE_REFUSED in wanted.key:
            refused.add(name)
        elif name not in taken:
            taken.add(name)
            placing.new_order(PlaceOrder.model_validate(wanted.body), None)
    assert len(taken) > 8
    assert len(refused) > 15


def test_what_is_refused_by_its_form_alone_is_beyond_the_edge() -> None:
    # What only the books can tell (an unknown SKU, a weight, a total) is left to the API's tests.
    by_the_books = {"too-heavy", "too-dear", "unknown-sku", "unknown-customer", "half-paid"}
    for n in range(400):
        wanted = at_the_edge(f"R-{n}", Random(n))
        name = wanted.key.rpartition("/")[2]
        if MUST_BE_REFUSED in wanted.key and name not in by_the_books:
            with pytest.raises((ValueError, ProblemError)):
                placing.new_order(PlaceOrder.model_validate(wanted.body), None)
