"""Read orders from the CSV of UCI's "Online Retail" data set, as it is published.

Each physical line is one row, and each row ends up in one place: among the lines of an order
or among the rejections, with its reason. A file that cannot be read as a whole is an error, since
nobody knows what its unread part held.
"""

import csv
import lzma
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from cli.demo.countries import COUNTRIES, NO_COUNTRIES

CURRENCY = "GBP"
_COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
_TIMEZONE = ZoneInfo("Europe/London")
_XZ_MAGIC = b"\xfd7zXZ\x00"
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_CUSTOMER = re.compile(r"([0-9]{1,18})(?:\.0+)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PENNY = Decimal("0.01")
# What the API takes; a larger one would cost the whole order.
_HIGHEST_PRICE = Decimal(10_000_000)
_HIGHEST_QUANTITY = 100_000


class UnreadableFile(Exception):
    """The file is not what it should be; the message says why, in words."""


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """`row` is the line's number in the file, the header being 1; `unit_price` is in pence."""

    row: int
    sku: str
    description: str
    quantity: int
    unit_price: int


@dataclass(slots=True)
class ImportedOrder:
    """The rows of one invoice. The same SKU may stand on several lines."""

    reference: str
    customer_id: str
    country: str
    ordered_at: datetime
    lines: list[ImportedLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that became no order line, and why."""

    row: int
    reason: str


@dataclass(slots=True)
class Import:
    """What a file held: `rows_read` is the sum of the orders' lines and of the rejections."""

    rows_read: int = 0
    orders: list[ImportedOrder] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    @property
    def accepted_lines(self) -> int:
        return sum(len(order.lines) for order in self.orders)


class _RowError(ValueError):
    """Why a row becomes no order line."""


def read_file(path: Path) -> Import:
    """Read a plain or xz-compressed file, told apart by its content, in UTF-8.

    Raises `UnreadableFile` for a file that is missing, is cut off or damaged, or lacks a column.
    """
    try:
        with _opened(path) as binary, TextIOWrapper(binary, "utf-8-sig", "surrogateescape") as text:
            return parse(text)
    except (EOFError, lzma.LZMAError) as error:
        raise UnreadableFile(f"{path} is cut off or damaged: {error}") from error
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}") from error


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        compressed = file.read(len(_XZ_MAGIC)) == _XZ_MAGIC
        file.seek(0)
        if compressed:
            with lzma.open(file) as unpacked:
                yield unpacked  # type: ignore[misc]  # an LZMAFile reads as any binary file
        else:
            yield file


def parse(lines: Iterable[str]) -> Import:
    """Make orders of the lines of a file, in the order in which the file first names them.

    Bytes that are not UTF-8 are expected as lone surrogates (`surrogateescape`). Prices are rounded
    to pence half to even, as is usual for money: the data set itself has no finer ones.
    """
    numbered = enumerate(lines, start=1)
    columns = _columns(next(numbered, (1, ""))[1])
    result = Import()
    orders: dict[str, ImportedOrder] = {}
    for number, line in numbered:
        if not line.strip():
            continue
        result.rows_read += 1
        try:
            _add(orders, number, _fields(line, columns))
        except _RowError as error:
            result.rejections.append(Rejection(number, str(error)))
    result.orders = list(orders.values())
    return result


@dataclass(frozen=True, slots=True)
class _Columns:
    """How many fields a row has, and which of them hold the known columns, in their order."""

    count: int
    indices: tuple[int, ...]


def _columns(header: str) -> _Columns:
    names = [name.strip() for name in next(csv.reader([header]), [])]
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise UnreadableFile(f"its first line does not name the column(s) {', '.join(missing)}")
    return _Columns(len(names), tuple(names.index(name) for name in _COLUMNS))


def _fields(line: str, columns: _Columns) -> list[str]:
    try:
        values = next(csv.reader([line.rstrip("\r\n")], strict=True))
    except csv.Error as error:
        raise _RowError(f"not a CSV row: {error}") from None
    if len(values) != columns.count:
        raise _RowError(f"{len(values)} field(s) in place of {columns.count}")
    chosen = [values[index] for index in columns.indices]
    if not line.isascii() and _SURROGATE.search(line):
        raise _RowError("not UTF-8")
    if _CONTROL.search(line):
        raise _RowError("a control character")
    return chosen


def _add(orders: dict[str, ImportedOrder], number: int, row: list[str]) -> None:
    invoice, sku, description, quantity, ordered_at, price, customer, country = row
    reference = _reference("invoice number", invoice)
    line = ImportedLine(
        row=number,
        sku=_reference("stock code", sku),
        description=description,
        quantity=_quantity(quantity),
        unit_price=_pence(price),
    )
    given = ImportedOrder(
        reference=reference,
        customer_id=_customer(customer),
        country=_country(country),
        ordered_at=_utc(ordered_at),
    )
    order = orders.setdefault(reference, given)
    if (order.customer_id, order.country) != (given.customer_id, given.country):
        raise _RowError("another customer or country than on the invoice's first line")
    order.lines.append(line)


def _reference(what: str, value: str) -> str:
    if not _REFERENCE.fullmatch(value):
        raise _RowError(f"no {what}" if not value.strip() else f"not a usable {what}")
    if what == "invoice number" and value.startswith("C"):
        raise _RowError("a cancelled invoice")
    return value


def _quantity(value: str) -> int:
    if not _INTEGER.fullmatch(value):
        raise _RowError("a quantity that is no whole number")
    if int(value) <= 0:
        raise _RowError("a quantity of zero or less")
    if int(value) > _HIGHEST_QUANTITY:
        raise _RowError("an absurd quantity")
    return int(value)


def _pence(value: str) -> int:
    try:
        price = Decimal(value)
    except InvalidOperation:
        raise _RowError("a price that is no number") from None
    if not price.is_finite() or abs(price) > _HIGHEST_PRICE:
        raise _RowError("an absurd price")
    pence = int(price.quantize(_PENNY, rounding=ROUND_HALF_EVEN).scaleb(2))
    if pence <= 0:
        raise _RowError("a price of zero or less")
    return pence


def _customer(value: str) -> str:
    match = _CUSTOMER.fullmatch(value)
    if not match:
        raise _RowError("no customer" if not value.strip() else "a customer that is no number")
    return match[1]


def _country(value: str) -> str:
    if value in NO_COUNTRIES:
        raise _RowError(f"{value} is no country to ship to")
    if value not in COUNTRIES:
        raise _RowError(f"unknown country {value!r}")
    return COUNTRIES[value]


def _utc(value: str) -> datetime:
    try:
        local = datetime.fromisoformat(value)
    except ValueError:
        raise _RowError("a date that is none") from None
    return local.replace(tzinfo=local.tzinfo or _TIMEZONE).astimezone(UTC)
