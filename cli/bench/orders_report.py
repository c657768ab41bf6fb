"""What the benchmark of orders says: each figure beside its reference and its aim."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.bench.histories import STRAIGHT
from cli.bench.latency import percentile
from cli.bench.processes import CLIENT
from cli.bench.rates import EMPTY, FLOOR, ORDERS
from cli.bench.reporting import spread
from cli.bench.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cli.bench.counting import Counts
    from cli.bench.rates import Measured, Plan, Stretch
    from cli.bench.statements import Tally

OF_THE_FLOOR = 0.8
P50_OF_THE_FLOOR = 1.5
P99_MILLISECONDS = 500
STATEMENTS = 12
FLOOR_WORKER = "floor worker"
BYTES_WITHIN = 0.05
_P50, _P99 = 0.5, 0.99
_SHOWN = {
    "server": "Temporal",
    "worker": "worker",
    FLOOR_WORKER: "worker",
    "api": "API",
    "postgres": "Postgres",
    "world": "the simulated partners",
    CLIENT: "the clients of this benchmark",
}
_COUNTED = {
    "events": "events",
    "size": "bytes",
    "actions": "billable actions",
    "activities": "activities",
    "local_activities": "local activities",
    "workflow_tasks": "workflow tasks",
}
# What an order costs whoever runs it, without who buys and who delivers.
_OURS = ("server", "worker", FLOOR_WORKER, "api", "postgres")


@dataclass(frozen=True)
class OrdersReport:
    """All that was measured of orders. `floor` are the counts of a floor workflow."""

    plan: Plan
    measured: Measured
    histories: Mapping[str, Sequence[Counts]]
    floor: Counts
    statements: Mapping[str, Tally]

    def content(self, machine: str) -> str:
        """The section of the file, in Markdown; `machine` says on what it was measured."""
        return "\n\n".join(
            [
                _HEAD.format(machine=machine, offered=self.plan.rate, rounds=self.plan.rounds),
                f"### Orders per second\n\n{self._rates()}",
                f"### From `POST /orders` to the promise\n\n{self._latencies()}",
                f"### Milliseconds of processor time for each order\n\n{self._processor()}",
                f"### What an order asks of Postgres until it is booked\n\n{self._statements()}",
                f"### What an order leaves behind in Temporal\n\n{self._histories()}",
                f"### The floor beside a straight order\n\n{self._floor()}",
            ]
        )

    def missed(self) -> list[str]:
        """The aims that were not reached, in words."""
        found = []
        for clients in self.plan.numbers:
            ratio = statistics.median(self._beside(clients, _booked))
            if ratio < OF_THE_FLOOR:
                words = f"orders booked per second, {_clients(clients)}"
                found.append(f"{words}: {ratio:.2f} of the floor, not {OF_THE_FLOOR:g}")
        ratio = statistics.median(self._beside(1, _p50))
        if ratio > P50_OF_THE_FLOOR:
            found.append(f"p50 to the promise: {ratio:.2f} times the floor's")
        p99 = self._pooled(ORDERS)
        if p99 >= P99_MILLISECONDS:
            words = f"p99 at {self.plan.rate:g} orders offered per second"
            found.append(f"{words}: {p99:,.0f} ms, not {P99_MILLISECONDS}")
        asked = sum(tally.statements for tally in self.statements.values())
        if asked > STATEMENTS:
            found.append(f"statements until an order is booked: {asked}, not {STATEMENTS}")
        return [*found, *self.unlike()]

    def unlike(self) -> list[str]:
        """Where the floor is no measure of an order, because it is not like one."""
        differences = self.floor.differences(self.histories[STRAIGHT][0], BYTES_WITHIN)
        return [f"the floor is unlike an order: {difference}" for difference in differences]

    def _rates(self) -> str:
        rows = []
        for clients in self.plan.numbers:
            orders, floor, empty = (self._of(n, clients) for n in (ORDERS, FLOOR, EMPTY))
            for words, rate, aim in (("answered", _placed, ""), ("booked", _booked, OF_THE_FLOOR)):
                rows.append(
                    [
                        f"{words}, {_clients(clients)}",
                        spread([rate(stretch) for stretch in orders]),
                        spread([rate(stretch) for stretch in floor]),
                        spread(self._beside(clients, rate), 2),
                        str(aim),
                        spread([rate(stretch) for stretch in empty]),
                    ]
                )
        head = ["", "orders", "floor", "of the floor", "at least", "empty workflows"]
        return table(head, rows)

    def _latencies(self) -> str:
        rate = self.plan.rate
        times = f"{P50_OF_THE_FLOOR:g} times the floor's"
        rows = [
            self._one_client("p50", _p50, times),
            self._one_client("p99", _p99, ""),
            self._offered("p50", _P50),
            self._offered("p99", _P99),
            [
                f"p99, {rate:g} offered, all rounds together",
                *(f"{self._pooled(who):,.0f}" for who in (ORDERS, FLOOR)),
                f"{self._pooled(ORDERS) / self._pooled(FLOOR):.2f}",
                f"{P99_MILLISECONDS} ms",
            ],
        ]
        return table(["milliseconds", "orders", "floor", "times the floor's", "at most"], rows)

    def _one_client(self, name: str, of: Callable[[Stretch], float], aim: str) -> list[str]:
        seen = (spread([of(s) for s in self._of(who, 1)], 0) for who in (ORDERS, FLOOR))
        return [f"{name}, 1 client", *seen, spread(self._beside(1, of), 2), aim]

    def _offered(self, name: str, share: float) -> list[str]:
        opened = self.measured.open_loop
        orders, floor = ([_ms(s, share) for s in opened[who]] for who in (ORDERS, FLOOR))
        ratios = [ours / theirs for ours, theirs in zip(orders, floor, strict=True)]
        first = f"{name}, {self.plan.rate:g} offered per second"
        return [first, spread(orders, 0), spread(floor, 0), spread(ratios, 2), ""]

    def _processor(self) -> str:
        clients = max(self.plan.numbers)
        orders, floor = self._of(ORDERS, clients), self._of(FLOOR, clients)
        names = [name for name in _SHOWN if name != FLOOR_WORKER]
        rows = []
        for name in names:
            beside = FLOOR_WORKER if name == "worker" else name
            rows.append([_SHOWN[name], *_spent(orders, [name]), *_spent(floor, [beside])])
        ours = ["all that an operator runs", *_spent(orders, _OURS), *_spent(floor, _OURS)]
        head = ["", "orders, booked", "to the end", "floor, booked", "to the end"]
        return table(head, [*rows[:4], ours, *rows[4:]])

    def _statements(self) -> str:
        rows = [
            [name, str(t.statements), str(t.transactions), str(t.housekeeping)]
            for name, t in self.statements.items()
        ]
        total = [
            sum(getattr(t, what) for t in self.statements.values())
            for what in ("statements", "transactions", "housekeeping")
        ]
        aim = [f"together (aim: {STATEMENTS} statements)", *map(str, total)]
        return table(["", "statements", "transactions", "of the driver's own"], [*rows, aim])

    def _histories(self) -> str:
        rows = [
            [name, *(_alike([getattr(c, what) for c in counts]) for what in _COUNTED)]
            for name, counts in self.histories.items()
        ]
        return table(["", *_COUNTED.values()], rows)

    def _floor(self) -> str:
        order, floor = self.histories[STRAIGHT][0], self.floor
        mine, others = order.listed, floor.listed
        rows = [[kind, f"{mine[kind]:,}", f"{others.get(kind, 0):,}"] for kind in mine]
        return table(["", "straight order", "floor"], rows)

    def _of(self, name: str, clients: int) -> Sequence[Stretch]:
        return self.measured.closed_loop[name, clients]

    def _beside(self, clients: int, of: Callable[[Stretch], float]) -> list[float]:
        """The ratio of orders to the floor, taken within each round."""
        pairs = zip(self._of(ORDERS, clients), self._of(FLOOR, clients), strict=True)
        return [of(orders) / of(floor) for orders, floor in pairs]

    def _pooled(self, name: str) -> float:
        return _ms([s for stretch in self.measured.open_loop[name] for s in stretch], _P99)


def _alike(numbers: Sequence[int]) -> str:
    """One number where all are the same."""
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _spent(stretches: Iterable[Stretch], names: Iterable[str]) -> list[str]:
    """Milliseconds until booked, and until the end."""
    names = list(names)
    booked, ended = [], []
    for stretch in stretches:
        booked.append(1000 * sum(stretch.until_booked[name] for name in names))
        ended.append(1000 * sum(stretch.until_ended[name] for name in names))
    return [spread(booked, 0), spread(ended, 0)]


def _placed(stretch: Stretch) -> float:
    return stretch.placed


def _booked(stretch: Stretch) -> float:
    return stretch.booked


def _p50(stretch: Stretch) -> float:
    return _ms(stretch.latencies, _P50)


def _p99(stretch: Stretch) -> float:
    return _ms(stretch.latencies, _P99)


def _ms(seconds: Sequence[float], share: float) -> float:
    return 1000 * percentile(seconds, share)


def _clients(number: int) -> str:
    return "1 client" if number == 1 else f"{number} clients"


_HEAD = """## Orders

Written by `make bench`, {rounds} rounds: median (lowest to highest); ratios are taken within each
round. An order is straight: one line on account, one shipment, in a world that does everything
right. It is *booked* when its carrier and its location have said yes and that is committed. What it
is measured beside runs on the same server in the same minutes, a stretch of each in turns, and
before each stretch all earlier orders are closed:

- the *floor* is a bare workflow that gives the engine what an order gives it: as many local
  activities, calls, updates, signals, timers and search attributes, with as many bytes, on a worker
  with our settings, and does nothing. It is started, and told what happened, straight by the
  client: no API, no Postgres, no carrier. Its script is read off the history of the order below.
- an *empty workflow* begins and ends.

Everything runs on this one machine: the clients, the API, one worker, Postgres, Temporal, and the
simulated partners. In open loop {offered:g} orders are offered per second, as a Poisson process,
whatever became of those before; each is timed from when it was due. Processor time is of all
threads and child processes, at the most clients. Statements are read from the log of a Postgres of
a second stack; what relays ask, for all orders together, is left out.

Billable actions are counted from the history by Temporal Cloud's published rules: the start, each
activity and each further attempt, timer, signal, update and upsert of search attributes is one; the
local activities of one workflow task are one together. Customers' notices are sent by one relay for
all orders and stand in no order's history.

{machine}"""
