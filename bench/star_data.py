"""Makes the data of the star bench as Parquet below a folder, the same for the same size, and writes down what they come to.

`python bench/star_data.py KIND ROWS CHANGED FOLDER`, where the kinds are those of `KINDS`. What a project reads lies in `data`;
`history.parquet` beside it holds the versions that its customers must have in the end.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from star_base import CHECKSUM

if TYPE_CHECKING:
    from collections.abc import Callable

    Truth = dict[str, str]

CUSTOMERS, PRODUCTS = 100_000, 10_000
CUSTOMER = """
select customer_id, 'Customer ' || customer_id as name, {city} as city,
       'Segment ' || hash(n, 6) % 5 as segment, {moment} as updated_at
  from ({ids})"""
FIRST, OTHER = "'City ' || hash(customer_id) % 1000", "'City ' || (1000 + n % 1000)"
# One of each part of the whole, so that changes are scattered over all of it.
SCATTERED = "select n * {each} + (hash(n, 7) % {each})::bigint as customer_id, n from range({count}) as s(n)"
HISTORY = """
select customer_id, city, segment, updated_at as valid_from,
       lead(updated_at, 1, timestamp '9999-12-31') over (partition by customer_id order by updated_at) as valid_to
  from read_parquet('{folder}/data/customers-*.parquet')"""
SALES = """
select n as sale_id, (hash(n, 1) % {members})::bigint as customer_id,
       timestamp '2025-01-01' + to_seconds((hash(n, 2) % 31536000)::bigint) as sold_at,
       ((hash(n, 3) % 1000000) / 100.0)::decimal(12, 2) as amount
  from range({rows}) as s(n)"""
ORDERS = """
select n as order_id, (hash(n, 1) % {customers})::bigint as customer_id,
       timestamp '2025-01-01' + to_seconds((hash(n, 2) % 31536000)::bigint) as ordered_at
  from range({rows}) as s(n)"""
LINES = """
select n // 5 as order_id, n % 5 + 1 as line_no, (hash(n, 3) % {products})::bigint as product_id,
       (hash(n, 4) % 9 + 1)::bigint as quantity, ((hash(n, 5) % 100000) / 100.0)::decimal(12, 2) as amount,
       timestamp '2025-12-31' as changed_at
  from range({rows}) as s(n)"""
# A tenth of them are new: the sixth of an order.
CHANGED_LINES = """
select customer_id // 5 as order_id, case when n % 10 = 0 then 6 else customer_id % 5 + 1 end as line_no,
       (hash(customer_id, 3) % {products})::bigint as product_id, 1::bigint as quantity,
       (1000 + n / 100.0)::decimal(12, 2) as amount, timestamp '2026-01-02' as changed_at
  from ({ids})"""


def main() -> None:
    """The command line."""
    kind, rows, changed, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    folder.joinpath("data").mkdir(parents=True)
    truth = KINDS[kind](Maker(folder), rows, changed)
    folder.joinpath("truth.json").write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")


class Maker:
    """Writes the results of SELECTs as Parquet, and asks what they come to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._connection = duckdb.connect()

    def write(self, name: str, select: str) -> None:
        self._connection.execute(f"copy ({select}) to '{self.folder / name}' (format parquet)")

    def ask(self, select: str) -> str:
        row = self._connection.execute(select).fetchone()
        return str(row[0]) if row else ""

    def customers(self, day: int, ids: str, moment: str, city: str) -> None:
        self.write(f"data/customers-{day}.parquet", CUSTOMER.format(city=city, moment=moment, ids=ids))

    def history(self) -> Truth:
        """Write down the versions that the customers of all days come to."""
        self.write("history.parquet", HISTORY.format(folder=self.folder))
        return {"history": self.ask(f"select {CHECKSUM} from {self.file('history.parquet')}")}

    def file(self, name: str) -> str:
        return f"read_parquet('{self.folder / name}')"


def dimension(make: Maker, rows: int, changed: int) -> Truth:
    """Members, and a batch of news about some of them, one for each; a hundredth of the batch is of new members."""
    new = changed // 100
    make.customers(
        1, _all(rows), "timestamp '2025-01-01' + to_seconds((hash(customer_id, 3) % 8640000)::bigint)", FIRST
    )
    ids = f"{_scattered(rows, changed - new)} union all select {rows} + n, n from range({new}) as s(n)"
    make.customers(2, ids, "timestamp '2025-06-01' + to_seconds(n)", OTHER)
    return make.history()


def torn(make: Maker, rows: int, changed: int) -> Truth:
    """Members, a batch that changes some of them three times, and a batch that is late: of a time between those."""
    some = _scattered(rows, changed)
    make.customers(1, _all(rows), "timestamp '2025-01-01' + to_seconds(customer_id)", FIRST)
    thrice = f"select customer_id, n + time * 10 as n, time from ({some}), range(3) as t(time)"
    make.customers(2, thrice, "timestamp '2025-06-01' + to_days(time::integer)", OTHER)
    make.customers(3, some, "timestamp '2025-06-02 12:00:00'", "'Between ' || n")
    return make.history()


def late(make: Maker, rows: int, changed: int) -> Truth:
    """Facts of a year, a tenth as many members of which some moved in autumn, and news that come late: of a move in July."""
    members = rows // 10
    moves = f"select customer_id, n, move from ({_all(members)}), range(2) as t(move) where move = 0 or customer_id % 10 = 3"
    city = f"case when move = 0 then {FIRST} else 'Autumn ' || n end"
    make.customers(1, moves, "timestamp '2024-12-31' + to_days((270 * move)::integer)", city)
    make.customers(2, _scattered(members, changed), "timestamp '2025-07-01'", OTHER)
    make.write("data/sales.parquet", SALES.format(rows=rows, members=members))
    truth = make.history()
    sales = make.file("data/sales.parquet")
    moved = (
        f"select count(*) from {sales} as f join {make.file('history.parquet')} as h using (customer_id)\n"
        " where h.valid_from = timestamp '2025-07-01' and f.sold_at >= h.valid_from and f.sold_at < h.valid_to"
    )
    return {**truth, "facts": make.ask(f"select {_totals()} from {sales}"), "moved": make.ask(moved)}


def lines(make: Maker, rows: int, changed: int) -> Truth:
    """Lines of orders, customers and products that are as many at each size, and a batch that changes lines or adds them."""
    make.customers(1, _all(CUSTOMERS), "timestamp '2024-12-31'", FIRST)
    product = "select n as product_id, 'Product ' || n as label, 'Group ' || n % 50 as product_group"
    make.write("data/products.parquet", f"{product} from range({PRODUCTS}) as s(n)")
    make.write("data/orders.parquet", ORDERS.format(rows=rows // 5, customers=CUSTOMERS))
    make.write("data/lines-1.parquet", LINES.format(rows=rows, products=PRODUCTS))
    ids = _scattered(rows, changed)
    make.write("data/lines-2.parquet", CHANGED_LINES.format(ids=ids, products=PRODUCTS))
    before, after = make.file("data/lines-1.parquet"), make.file("data/lines-2.parquet")
    kept = f"select b.amount from {before} as b anti join {after} as a using (order_id, line_no)"
    return {"facts": make.ask(f"select {_totals()} from ({kept} union all select amount from {after})")}


KINDS: dict[str, Callable[[Maker, int, int], Truth]] = {
    "dimension": dimension,
    "torn": torn,
    "late": late,
    "lines": lines,
}


def _all(rows: int) -> str:
    return f"select n as customer_id, n from range({rows}) as s(n)"


def _scattered(rows: int, count: int) -> str:
    return SCATTERED.format(each=rows // count, count=count)


def _totals() -> str:
    return "count(*) || ' rows, amount ' || sum(amount)"


if __name__ == "__main__":
    main()
