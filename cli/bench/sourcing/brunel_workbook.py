"""Read the workbook of Brunel's logistics problem, as it is published."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from cli.bench.sourcing.brunel import OPENS, Brunel, Freight, Order, Plant

SHEETS = (
    "OrderList", "FreightRates", "WhCosts", "WhCapacities", "ProductsPerPlant", "VmiCustomers",
    "PlantPorts",
)  # fmt: skip


class UnreadableWorkbook(Exception):
    """The file is not what it should be; the message says why, in words."""


def read_workbook(path: Path, seed: int) -> Brunel:
    """Read the published workbook; the seed shuffles the orders. Raises `UnreadableWorkbook`."""
    try:
        sheets = _sheets(path)
    except (ImportError, KeyError, OSError, ValueError) as error:
        raise UnreadableWorkbook(f"{path} is no workbook of logistics: {error}") from error
    orders = [_order(number, row) for number, row in enumerate(sheets["OrderList"], start=1)]
    Random(seed).shuffle(orders)
    day = sheets["OrderList"][0]["Order Date"]
    return Brunel(
        orders=tuple(orders),
        plants=_plants(sheets),
        freight=_freight(sheets["FreightRates"]),
        at=datetime.combine(day.date(), OPENS),
        source=path.name,
    )


def _sheets(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows by sheet, each by the names in the sheet's first row; rows without a first cell are
    none."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    found = {}
    for name in SHEETS:
        head, *rows = book[name].iter_rows(values_only=True)
        titles = [str(title).strip() for title in head]
        found[name] = [
            dict(zip(titles, row, strict=False)) for row in rows if row and row[0] is not None
        ]
    book.close()
    return found


def _order(number: int, row: Mapping[str, Any]) -> Order:
    return Order(
        order_id=f"brunel:{number}",
        customer=row["Customer"],
        product=str(row["Product ID"]),
        units=int(row["Unit quantity"]),
        kilograms=float(row["Weight"]),
        level=row["Service Level"],
        days=int(row["TPT"]),
    )


def _plants(sheets: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Plant]:
    products, customers, ports = defaultdict(set), defaultdict(set), defaultdict(list)
    for row in sheets["ProductsPerPlant"]:
        products[row["Plant Code"]].add(str(row["Product ID"]))
    for row in sheets["VmiCustomers"]:
        customers[row["Plant Code"]].add(row["Customers"])
    for row in sheets["PlantPorts"]:
        ports[row["Plant Code"]].append(row["Port"])
    from_where = {row["orig_port_cd"] for row in sheets["FreightRates"]}
    capacity = {row["Plant ID"]: int(row["Daily Capacity"]) for row in sheets["WhCapacities"]}
    return {
        row["WH"]: Plant(
            plant_id=row["WH"],
            port=next((port for port in ports[row["WH"]] if port in from_where), ""),
            unit_cost=float(row["Cost/unit"]),
            capacity=capacity[row["WH"]],
            products=frozenset(products[row["WH"]]),
            only=frozenset(customers[row["WH"]]) if row["WH"] in customers else None,
        )
        for row in sorted(sheets["WhCosts"], key=lambda row: str(row["WH"]))
    }


def _freight(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Freight, ...]]:
    bands = defaultdict(list)
    for row in rows:
        lane = row["orig_port_cd"], row["Carrier"], row["svc_cd"], int(row["tpt_day_cnt"])
        bands[lane].append(
            (
                float(row["minm_wgh_qty"]),
                float(row["max_wgh_qty"]),
                float(row["minimum cost"]),
                float(row["rate"]),
                row["mode_dsc"].strip() == "GROUND",
            )
        )
    found = defaultdict(list)
    for (port, carrier, level, days), prices in sorted(bands.items()):
        found[port].append(Freight(carrier, level, days, tuple(prices)))
    return {port: tuple(offers) for port, offers in found.items()}
