"""How what an order comes to falls on its tenders: the account, and payments up front.

What a tender was charged is what its captures and the account's share of the invoices say; what is
left of it follows from that and from what the order is still to be invoiced
(`domain.tenders.left_of`). Whoever decides by it has the order's row locked.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.amounts import gross
from domain.messages.orders import OrderTender, Tender
from domain.tenders import Borne, left_of, pour

UNINVOICED = f"""(
    SELECT coalesce(sum({gross("l.ordered - l.cancelled")} - {gross("l.invoiced")}), 0)::bigint
    FROM order_lines l WHERE l.order_id = o.id)"""  # noqa: S608 - made of a constant
"""What order `o` is still to be invoiced, as its lines are now."""

_CHARGED = """
    SELECT p.position, sum(c.amount) AS amount
    FROM payments p JOIN payment_captures c ON c.payment_reference = p.reference
    WHERE p.order_id = o.id GROUP BY 1
    UNION ALL
    SELECT t.position, sum(i.on_account)
    FROM invoices i JOIN order_tenders t ON t.order_id = i.order_id AND t.tender = 'account'
    WHERE i.order_id = o.id GROUP BY 1
"""


def account_share(remaining: str) -> str:
    """What of a `remaining` amount the account of order `o` bears, in SQL: the account is the last
    to be charged. The same as `domain.tenders.left_of`, which a test holds it against."""
    return f"""(
    SELECT coalesce(least(
        sum(t.amount - coalesce(c.amount, 0)) FILTER (WHERE t.tender = 'account'),
        greatest({remaining} - coalesce(sum(greatest(t.amount - coalesce(c.amount, 0), 0))
            FILTER (WHERE t.tender <> 'account'), 0), 0)), 0)::bigint
    FROM order_tenders t LEFT JOIN ({_CHARGED}) AS c USING (position)
    WHERE t.order_id = o.id HAVING bool_or(t.tender = 'account'))"""  # noqa: S608 - constants


_STANDING = text(f"""
SELECT t.position, t.tender, t.amount, {UNINVOICED} AS uninvoiced, o.currency,
       p.reference, p.state, p.authorised, c.charged,
       coalesce((SELECT sum(i.on_account) FROM invoices i
                 WHERE i.order_id = o.id AND t.tender = 'account'), 0)::bigint AS on_account,
       coalesce(c.live, 0)::bigint AS live
FROM orders o JOIN order_tenders t ON t.order_id = o.id
LEFT JOIN payments p ON p.order_id = o.id AND p.position = t.position
LEFT JOIN LATERAL (
    SELECT sum(amount)::bigint AS charged, sum(amount) FILTER (WHERE state <> 'refused') AS live
    FROM payment_captures WHERE payment_reference = p.reference
) AS c ON true
WHERE o.id = :order_id ORDER BY t.position, p.expires_at, length(p.reference), p.reference
""")  # noqa: S608 - made of constants
_TO_CAPTURE = text("""
INSERT INTO payment_captures (shipment_id, payment_reference, amount, state, reference)
SELECT :shipment_id, c.payment_reference, c.amount, 'intent', c.reference
FROM jsonb_to_recordset(:captures)
    AS c(payment_reference text, amount bigint, reference text)
""").bindparams(bindparam("captures", type_=JSONB))


@dataclass(frozen=True, slots=True)
class Charge:
    """How an invoice falls on the order's tenders: what the customer owes `on_account`, and what is
    taken of payments up front."""

    on_account: int
    prepaid: int


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What a provider blocks for the tender at `position`. `authorised` counts while it may be
    captured from; `live` is what was captured of it or is on the way, `state` as in the books."""

    reference: str
    position: int
    state: str
    authorised: int
    live: int

    @property
    def spare(self) -> int:
        """What can still be captured of it."""
        return max(self.authorised - self.live, 0) if self.state == "authorised" else 0


@dataclass(frozen=True, slots=True)
class Standing:
    """The tenders of an order as they stand: `uninvoiced` is what they are still to bear together,
    in minor units of `currency`, `authorisations` what is blocked for those that are paid up front,
    what expires first coming first."""

    currency: str
    uninvoiced: int
    tenders: Sequence[Borne]
    authorisations: Sequence[Authorisation]

    @property
    def charged(self) -> int:
        return sum(borne.charged for borne in self.tenders)

    def of(self, position: int) -> list[Authorisation]:
        """What is blocked for the tender at a position."""
        return [a for a in self.authorisations if a.position == position]

    def is_exchange(self, position: int) -> bool:
        """Whether what came back of another order pays the tender at a position."""
        kinds = {borne.tender.position: borne.tender.tender for borne in self.tenders}
        return kinds[position] is Tender.EXCHANGE

    def left(self, total: int | None = None) -> dict[int, int]:
        """What each tender is still to bear, by position; of another `total` of the order, if it is
        to have one."""
        remaining = self.uninvoiced if total is None else max(total - self.charged, 0)
        return left_of(self.tenders, remaining)

    def lacking(self, position: int, total: int | None) -> int:
        """What is not blocked yet for the tender at a position, if the order comes to `total`."""
        blocked = sum(a.spare for a in self.of(position))
        return max(self.left(total)[position] - blocked, 0)

    def still_needed_of(self, authorisation: Authorisation) -> int:
        """What is to be captured of an authorisation yet, if the others are used up first."""
        others = sum(a.spare for a in self.of(authorisation.position)) - authorisation.spare
        needed = max(self.left()[authorisation.position] - others, 0)
        return min(authorisation.spare, needed)

    def find(self, reference: str) -> Authorisation | None:
        return next((a for a in self.authorisations if a.reference == reference), None)


async def read_standing(conn: AsyncConnection, order_id: str) -> Standing:
    """The tenders of an order; its row is locked by an earlier statement."""
    rows = (await conn.execute(_STANDING, {"order_id": order_id})).all()
    tenders: dict[int, OrderTender] = {}
    charged: dict[int, int] = defaultdict(int)
    authorisations = []
    for row in rows:
        tenders[row.position] = OrderTender(
            position=row.position, tender=Tender(row.tender), amount=row.amount
        )
        charged[row.position] += row.on_account + (row.charged or 0)
        if row.reference is not None:
            authorisations.append(
                Authorisation(row.reference, row.position, row.state, row.authorised, row.live)
            )
    return Standing(
        currency=rows[0].currency,
        uninvoiced=rows[0].uninvoiced,
        tenders=[Borne(tender, charged[position]) for position, tender in tenders.items()],
        authorisations=authorisations,
    )


async def charge(conn: AsyncConnection, shipment: Mapping[str, Any], amount: int) -> Charge:
    """Charge the invoice of a shipment to its order's tenders, as far as each still bears
    something: vouchers first, then cards, then the account.

    Written down is what is to be captured; what the account owes is the caller's to move. The
    account and the order are locked by earlier statements, and the lines are as they were before
    the invoice. `shipment` is what `shipping.read_shipment` gives.
    """
    if shipment["tender"] == Tender.ACCOUNT:
        return Charge(on_account=amount, prepaid=0)
    shipment_id: str = shipment["id"]
    standing = await read_standing(conn, shipment["order_id"])
    shares = pour(standing.left(), amount)
    kinds = {borne.tender.position: borne.tender.tender for borne in standing.tenders}
    on_account = sum(n for position, n in shares.items() if kinds[position] is Tender.ACCOUNT)
    prepaid = {p: n for p, n in shares.items() if n and kinds[p] is not Tender.ACCOUNT}
    taken = [part for position, n in prepaid.items() for part in _drawn(standing.of(position), n)]
    if taken:
        captures = [
            {"payment_reference": part, "amount": n, "reference": _reference(shipment_id, number)}
            for number, (part, n) in enumerate(taken, start=1)
        ]
        await conn.execute(_TO_CAPTURE, {"shipment_id": shipment_id, "captures": captures})
    return Charge(on_account=on_account, prepaid=sum(prepaid.values()))


def _drawn(authorisations: Sequence[Authorisation], amount: int) -> list[tuple[str, int]]:
    """From which authorisations of a tender an amount is taken.

    What none of them covers, since one was declined or has run out, is asked for all the same, of
    the last one: the provider refuses it, and a person decides.
    """
    if not authorisations:
        raise LookupError("nothing was ever authorised for what is to be taken")
    limits: Mapping[int, int] = {n: a.spare for n, a in enumerate(authorisations)}
    parts = pour(limits, amount)
    parts[len(authorisations) - 1] += amount - sum(parts.values())
    return [(authorisations[n].reference, part) for n, part in parts.items() if part]


def _reference(shipment_id: str, number: int) -> str:
    return f"{shipment_id}:capture" if number == 1 else f"{shipment_id}:capture:{number}"


_REMAINING = "(:total - coalesce((SELECT sum(amount) FROM invoices WHERE order_id = o.id), 0))"
_ACCOUNT_SHARE = text(f"""
SELECT {account_share(_REMAINING)}
FROM orders o WHERE o.id = :order_id
""")  # noqa: S608 - made of constants


async def account_share_of(conn: AsyncConnection, order_id: str, total: int) -> int:
    """What the account bears of what is to be invoiced yet, if the order comes to `total`."""
    share = await conn.execute(_ACCOUNT_SHARE, {"order_id": order_id, "total": total})
    amount: int = share.scalar_one() or 0
    return amount
