"""The import of the "Online Retail" CSV: every row ends up in exactly one place."""

from __future__ import annotations

import lzma
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cli.demo.imported import scenario_of
from cli.demo.places import built_in
from cli.demo.uci import Import, UnreadableFile, parse, read_file

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
GOOD = "700001,12345A,BLUE JUG,6,2011-10-03 09:15:00,2.55,17000.0,United Kingdom"


def _read(*rows: str, header: str = HEADER) -> Import:
    return parse([f"{line}\n" for line in (header, *rows)])


def _changed(column: str, value: str) -> str:
    fields = GOOD.split(",")
    fields[HEADER.split(",").index(column)] = value
    return ",".join(fields)


def test_a_row_becomes_a_line_in_pence_of_an_order_in_utc() -> None:
    (order,) = _read(GOOD).orders
    assert (order.reference, order.customer_id, order.country) == ("700001", "17000", "GB")
    # Nine in the morning in London is eight in UTC while summer time lasts.
    assert order.ordered_at == datetime(2011, 10, 3, 8, 15, tzinfo=UTC)
    (line,) = order.lines
    assert (line.row, line.sku, line.quantity, line.unit_price) == (2, "12345A", 6, 255)


def test_rows_of_an_invoice_are_one_order_even_with_others_between_them() -> None:
    other = _changed("InvoiceNo", "700002")
    orders = _read(GOOD, other, GOOD).orders
    assert [(order.reference, len(order.lines)) for order in orders] == [
        ("700001", 2),
        ("700002", 1),
    ]


def test_a_sku_that_stands_twice_in_an_order_stays_two_lines() -> None:
    (order,) = _read(GOOD, _changed("Quantity", "1")).orders
    assert [(line.sku, line.quantity) for line in order.lines] == [("12345A", 6), ("12345A", 1)]


def test_a_strange_description_is_kept_as_text() -> None:
    strange = _changed("Description", '" WOOD ""S/3"", £ & [bold]é "')
    assert _read(strange).orders[0].lines[0].description == ' WOOD "S/3", £ & [bold]é '


@pytest.mark.parametrize(
    ("price", "pence"),
    [("4.95", 495), ("0.005", 0), ("0.015", 2), ("0.025", 2), ("7", 700), ("1E+1", 1000)],
)
def test_a_price_is_rounded_to_pence_half_to_even(price: str, pence: int) -> None:
    prices = [
        line.unit_price for o in _read(_changed("UnitPrice", price)).orders for line in o.lines
    ]
    assert prices == ([pence] if pence else [])


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("InvoiceNo", "", "no invoice number"),
        ("InvoiceNo", "C700001", "a cancelled invoice"),
        ("InvoiceNo", "70:01", "not a usable invoice number"),
        ("StockCode", " ", "no stock code"),
        ("Quantity", "0", "a quantity of zero or less"),
        ("Quantity", "-3", "a quantity of zero or less"),
        ("Quantity", "1.5", "a quantity that is no whole number"),
        ("Quantity", "many", "a quantity that is no whole number"),
        ("Quantity", "100001", "an absurd quantity"),
        ("InvoiceDate", "soon", "a date that is none"),
        ("UnitPrice", "0.00", "a price of zero or less"),
        ("UnitPrice", "-1", "a price of zero or less"),
        ("UnitPrice", "free", "a price that is no number"),
        ("UnitPrice", "NaN", "an absurd price"),
        ("UnitPrice", "Infinity", "an absurd price"),
        ("UnitPrice", "1e30", "an absurd price"),
        ("UnitPrice", "-1e30", "an absurd price"),
        ("CustomerID", "", "no customer"),
        ("CustomerID", "17000.5", "a customer that is no number"),
        ("Country", "European Community", "European Community is no country to ship to"),
        ("Country", "Unspecified", "Unspecified is no country to ship to"),
        ("Country", "Atlantis", "unknown country 'Atlantis'"),
        ("Description", "A\0B", "a control character"),
        ("Description", "caf\udce9", "not UTF-8"),
    ],
)
def test_a_row_that_cannot_be_a_line_is_reported_with_its_reason(
    column: str, value: str, reason: str
) -> None:
    result = _read(GOOD, _changed(column, value))
    assert [(rejection.row, rejection.reason) for rejection in result.rejections] == [(3, reason)]
    assert (result.rows_read, result.accepted_lines) == (2, 1)


@pytest.mark.parametrize("row", ["700001,12345A", f"{GOOD},more", '700001,"12345A', 'a"b,"c"d'])
def test_a_malformed_row_is_reported_and_the_next_one_read(row: str) -> None:
    result = _read(row, GOOD)
    assert [rejection.row for rejection in result.rejections] == [2]
    assert (result.rows_read, result.accepted_lines) == (2, 1)


def test_a_line_of_another_customer_does_not_join_the_order() -> None:
    result = _read(GOOD, _changed("CustomerID", "17001.0"), _changed("Country", "EIRE"))
    assert [len(order.lines) for order in result.orders] == [1]
    assert len(result.rejections) == 2


def test_countries_that_the_data_set_names_in_its_own_way_are_known() -> None:
    names = ["EIRE", "RSA", "Channel Islands", "USA"]
    rows = [
        _changed("Country", name).replace("700001", f"70000{number}")
        for number, name in enumerate(names)
    ]
    assert [order.country for order in _read(*rows).orders] == ["IE", "ZA", "JE", "US"]


def test_columns_are_found_by_their_names() -> None:
    header = ",".join(["Extra", *reversed(HEADER.split(","))])
    row = ",".join(["x", *reversed(GOOD.split(","))])
    assert _read(row, header=header).orders == _read(GOOD).orders


def test_a_file_without_a_column_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="CustomerID, Country"):
        _read(header="InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(UnreadableFile, match="does not name"):
        read_file(tmp_path / "empty.csv")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read_file(tmp_path / "missing.csv")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_plain_and_compressed_files_are_told_apart_by_content(tmp_path: Path, end: str) -> None:
    content = f"\ufeff{HEADER}{end}{GOOD}{end}{end}".encode()
    (tmp_path / "a").write_bytes(content)
    (tmp_path / "b").write_bytes(lzma.compress(content))
    for name in ("a", "b"):
        result = read_file(tmp_path / name)
        assert (result.rows_read, result.accepted_lines) == (1, 1)


def test_bytes_that_are_not_utf8_cost_their_row_alone(tmp_path: Path) -> None:
    latin = GOOD.replace("BLUE JUG", "CAFÉ").encode("latin-1")
    (tmp_path / "mixed.csv").write_bytes(b"\n".join([HEADER.encode(), latin, GOOD.encode()]))
    result = read_file(tmp_path / "mixed.csv")
    assert [(r.row, r.reason) for r in result.rejections] == [(2, "not UTF-8")]
    assert (result.rows_read, result.accepted_lines) == (2, 1)


def test_another_encoding_altogether_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_bytes(f"{HEADER}\n{GOOD}\n".encode("utf-16"))
    with pytest.raises(UnreadableFile, match="does not name"):
        read_file(tmp_path / "wide.csv")


def test_a_compressed_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    whole = lzma.compress(f"{HEADER}\n{GOOD}\n".encode())
    (tmp_path / "cut.csv.xz").write_bytes(whole[:-20])
    with pytest.raises(UnreadableFile, match="cut off or damaged"):
        read_file(tmp_path / "cut.csv.xz")


def test_a_compressed_file_that_is_damaged_is_refused(tmp_path: Path) -> None:
    whole = bytearray(lzma.compress(f"{HEADER}\n{GOOD}\n".encode()))
    whole[30] ^= 0xFF
    (tmp_path / "bad.csv.xz").write_bytes(whole)
    with pytest.raises(UnreadableFile, match="cut off or damaged"):
        read_file(tmp_path / "bad.csv.xz")


def test_the_scenario_of_an_import_is_the_same_each_time_and_places_every_line() -> None:
    rows = [GOOD, GOOD, _changed("InvoiceNo", "700002"), _changed("InvoiceNo", "700003")]
    orders = _read(*rows).orders
    first, second = (scenario_of(orders, seed=5, places=built_in()) for _ in range(2))
    assert first == second
    assert [len(order["lines"]) for order in first.orders] == [2, 1, 1]
    assert {receipt.sku for receipt in first.receipts} == {"12345A"}
    assert len({order["channel"] for order in first.orders}) == 1
    assert len({order["ship_to"]["postal_code"] for order in first.orders}) == 1
