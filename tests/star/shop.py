"""A shop's source as plain Python, and the star that must come of it: dimensions and facts in a few loops, without SQL."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.star.history import Version, chain, version_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.star.streams import Row

PROJECT = """
name: shop
sources:
  shop:
    files: data
    streams:
      customers: {files: "customers/*.jsonl", key: customer_id, since: moment, may_shrink: true, types: {moment: timestamp}}
      stores: {files: "stores/*.jsonl", key: [chain, store_no], since: moment, may_shrink: true, types: {moment: timestamp}}
      products: {files: "products/*.jsonl", mode: full, key: product_id, may_shrink: true}
      orders:
        {files: "orders/*.jsonl", key: order_id, may_shrink: true, types: {ordered_at: timestamp, customer_id: text}}
      lines: {files: "lines/*.jsonl", key: [order_id, line_no], may_shrink: true, types: {amount: "decimal(9,2)"}}
dimensions:
  customer: {from: shop.customers, key: customer_id, history: [city, segment], at: moment}
  store: {from: shop.stores, key: [chain, store_no], history: [manager], at: moment}
  product: {from: shop.products, key: product_id}
facts:
  sales:
    from: sql/sales.sql
    grain: [order_id, line_no]
    at: ordered_at
    dims: {customer: customer_id, store: [chain, store_no], product: product_id}
    measures: {quantity: sum, amount: sum}
    may_lose: true
  orders:
    from: sql/orders.sql
    grain: order_id
    at: ordered_at
    dims: {customer: customer_id}
    measures: {amount: sum, line_count: sum}
"""
SELECTS = {
    "sql/sales.sql": """
select l.order_id, l.line_no, o.customer_id, o.chain, o.store_no, l.product_id, o.ordered_at, l.quantity, l.amount
  from shop.lines as l join shop.orders as o on o.order_id = l.order_id
""",
    "sql/orders.sql": """
with summed as (select order_id, sum(amount) as amount, count(*) as line_count from shop.lines group by order_id)
select o.order_id, o.customer_id, o.ordered_at, coalesce(s.amount, 0) as amount, coalesce(s.line_count, 0) as line_count
  from shop.orders as o left join summed as s on s.order_id = o.order_id
""",
}
STREAMS = ("customers", "stores", "products", "orders", "lines")
KEYS = {
    "customers": ("customer_id",),
    "stores": ("chain", "store_no"),
    "products": ("product_id",),
    "orders": ("order_id",),
    "lines": ("order_id", "line_no"),
}
# Rows that are there from the first day on, so that no stream and no fact is ever empty.
ALWAYS: dict[str, Row] = {
    "customers": {"customer_id": "C0", "city": "Bonn", "segment": None, "name": "Zoe", "moment": "2024-01-01 00:00:00"},
    "stores": {"chain": "S", "store_no": 0, "manager": "Mia", "title": "Old", "moment": "2024-01-01 00:00:00"},
    "products": {"product_id": "P0", "label": "Lamp", "price": 1},
    "orders": {
        "order_id": 0,
        "customer_id": "C0",
        "chain": "S",
        "store_no": 0,
        "ordered_at": "2024-01-01 00:10:00",
    },
    "lines": {"order_id": 0, "line_no": 1, "product_id": "P0", "quantity": 1, "amount": 1.5},
}


@dataclass
class Shop:
    """What lies at the source, and everything that customers and stores ever told."""

    files: dict[str, dict[str, list[Row]]] = field(
        default_factory=lambda: {stream: {"0": [ALWAYS[stream]]} for stream in STREAMS}
    )
    told: dict[str, dict[tuple[Any, ...], Row]] = field(default_factory=dict)
    products: dict[Any, Row] = field(default_factory=dict)

    def see(self) -> None:
        """Remember what a run sees now: what is told again of a moment takes the place of what was told before."""
        for stream in ("customers", "stores"):
            seen = self.told.setdefault(stream, {})
            for row in self.rows(stream):
                seen[(*key_of(stream, row), row["moment"])] = row
        self.products |= {row["product_id"]: row for row in self.rows("products")}

    def rows(self, stream: str) -> list[Row]:
        return [row for name in sorted(self.files[stream]) for row in self.files[stream][name]]

    def current(self, stream: str) -> dict[tuple[Any, ...], Row]:
        """The last row of each key by file and place."""
        return {key_of(stream, row): row for row in self.rows(stream)}

    def texts(self) -> dict[str, str]:
        """The files as they are written."""
        return {
            f"data/{stream}/{name}.jsonl": "".join(json.dumps(row) + "\n" for row in rows)
            for stream, held in self.files.items()
            for name, rows in held.items()
        }

    def everything(self) -> Shop:
        """The same in one batch: all that was ever told, and of the rest what is there now."""
        whole = Shop()
        whole.files = {stream: {"all": list(self.current(stream).values())} for stream in ("orders", "lines")}
        whole.files |= {stream: {"all": list(rows.values())} for stream, rows in self.told.items()}
        whole.files["products"] = {"all": list(self.products.values())}
        return whole


def key_of(stream: str, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEYS[stream])


@dataclass(frozen=True)
class Star:
    """What the dimensions and the facts must hold."""

    customers: dict[tuple[Any, ...], tuple[Version, ...]]
    stores: dict[tuple[Any, ...], tuple[Version, ...]]
    products: dict[Any, Row]
    sales: list[Row]
    orders: list[Row]


def star(shop: Shop) -> Star:
    """The star of what was told."""
    orders = [_timed(row, "ordered_at") for row in shop.current("orders").values()]
    lines = [row | {"amount": Decimal(str(row["amount"]))} for row in shop.current("lines").values()]
    by_order = {row["order_id"]: row for row in orders}
    sales = [by_order[line["order_id"]] | line for line in lines if line["order_id"] in by_order]
    sums = [
        {
            **{name: order[name] for name in ("order_id", "customer_id", "ordered_at")},
            "amount": sum((line["amount"] for line in lines if line["order_id"] == order["order_id"]), Decimal(0)),
            "line_count": sum(line["order_id"] == order["order_id"] for line in lines),
        }
        for order in orders
    ]
    return Star(
        _history(shop.told["customers"].values(), KEYS["customers"], ("city", "segment"), ("name",)),
        _history(shop.told["stores"].values(), KEYS["stores"], ("manager",), ("title",)),
        shop.products,
        sales,
        sums,
    )


def member(versions: dict[tuple[Any, ...], tuple[Version, ...]], key: tuple[Any, ...], at: datetime) -> Version | None:
    """The version that a fact of a moment points to; nobody where no row ever told of the key."""
    return version_at(versions[key], at) if key in versions else None


def _history(
    rows: Iterable[Row], key: tuple[str, ...], kept: tuple[str, ...], overwritten: tuple[str, ...]
) -> dict[tuple[Any, ...], tuple[Version, ...]]:
    return chain([_timed(row, "moment") for row in rows], key=key, kept=kept, overwritten=overwritten)


def _timed(row: Row, name: str) -> Row:
    return row | {name: datetime.fromisoformat(row[name])}
