"""How amounts fall on the tenders of an order."""

from hypothesis import given
from hypothesis import strategies as st

from domain.messages.orders import OrderTender, Tender
from domain.tenders import Borne, in_turn, left_of, pour, summary_of, with_a_rest

VOUCHER = OrderTender(position=2, tender=Tender.VOUCHER, amount=3000)
CARD = OrderTender(position=1, tender=Tender.CARD)
ACCOUNT = OrderTender(position=3, tender=Tender.ACCOUNT, amount=2000)
MIXED = (CARD, VOUCHER, ACCOUNT)

amounts = st.integers(min_value=1, max_value=500)


@st.composite
def paid_with(draw: st.DrawFn) -> list[OrderTender]:
    """Up to four tenders, one account at most, one of which takes the rest."""
    kinds = draw(
        st.lists(st.sampled_from([Tender.CARD, Tender.VOUCHER]), max_size=3).map(list)
    ) + draw(st.sampled_from([[], [Tender.ACCOUNT]]))
    kinds = kinds or [Tender.CARD]
    rest = draw(st.integers(min_value=0, max_value=len(kinds) - 1))
    return [
        OrderTender(position=n, tender=kind, amount=None if n == rest + 1 else draw(amounts))
        for n, kind in enumerate(kinds, start=1)
    ]


def _left(*charged: int, remaining: int) -> list[int]:
    tenders = [Borne(tender, n) for tender, n in zip(MIXED, charged, strict=True)]
    left = left_of(tenders, remaining)
    return [left[position] for position in (1, 2, 3)]


def test_each_tender_bears_its_amount_and_one_the_rest() -> None:
    assert _left(0, 0, 0, remaining=12_000) == [7000, 3000, 2000]


def test_of_a_lower_total_the_account_bears_less_last_and_the_rest_first() -> None:
    assert _left(0, 0, 0, remaining=4000) == [0, 3000, 1000]
    assert _left(0, 0, 0, remaining=2500) == [0, 2500, 0]


def test_what_was_charged_before_is_not_borne_again() -> None:
    assert _left(1000, 3000, 0, remaining=8000) == [6000, 0, 2000]


def test_a_tender_that_was_charged_more_than_it_would_bear_now_bears_nothing_more() -> None:
    assert _left(7000, 3000, 0, remaining=0) == [0, 0, 0]


def test_an_invoice_takes_what_it_can_of_one_tender_before_the_next() -> None:
    assert pour({2: 3000, 1: 7000, 3: 2000}, 3001) == {2: 3000, 1: 1, 3: 0}


def test_vouchers_are_charged_first_then_cards_then_the_account() -> None:
    assert [tender.position for tender in in_turn(MIXED)] == [2, 1, 3]


def test_where_every_tender_has_an_amount_the_last_one_to_be_charged_takes_the_rest() -> None:
    fixed = [CARD.model_copy(update={"amount": 7000}), VOUCHER]
    assert [tender.amount for tender in with_a_rest(fixed)] == [None, 3000]
    assert with_a_rest(MIXED) == list(MIXED)
    assert with_a_rest(()) == []


def test_one_word_says_how_an_order_is_paid() -> None:
    assert summary_of([VOUCHER, VOUCHER]) is Tender.VOUCHER
    assert summary_of(MIXED) is Tender.MIXED


@given(paid_with(), st.lists(st.integers(min_value=0, max_value=700), min_size=1, max_size=5))
def test_invoices_fall_on_the_tenders_to_the_cent_however_an_order_is_split(
    tenders: list[OrderTender], invoices: list[int]
) -> None:
    total = sum(invoices)
    whole = left_of([Borne(tender) for tender in tenders], total)
    charged = dict.fromkeys(whole, 0)
    remaining = total
    for invoice in invoices:
        left = left_of([Borne(t, charged[t.position]) for t in tenders], remaining)
        assert sum(left.values()) == remaining
        for position, part in pour(left, invoice).items():
            charged[position] += part
        remaining -= invoice
    assert charged == whole
