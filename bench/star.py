"""The star: a large dimension beside dbt and SQLMesh, facts that are pointed anew, and what a change costs at each size.

`python bench/star.py` makes the data and environments for the peers below `bench/.work`, lets all take turns, checks each
result against what the generator says the data come to, and prints tables. `--quick` shows that all of it runs.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import star_history as history
from environments import WORK
from page import section, shown, write
from star_base import CHECKSUM, MUCH, RUN, STARLODE, WAREHOUSE, data, declare, fresh, once, put, run
from timing import Claim, Job, WrongResult, race

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from timing import Table

METHOD = Path(__file__).with_name("star_method.md")
SCAN = Path(__file__).resolve().parent / "peers" / "scan_and_join.py"
QUICK = {"members": 20_000, "changes": 1_000, "facts": 100_000, "late": 500, "lines": [10_000, 50_000], "changed": 100}
USUAL = {
    "members": 5_000_000,
    "changes": 100_000,
    "facts": 20_000_000,
    "late": 10_000,
    "lines": [1_000_000, 10_000_000, 50_000_000],
    "changed": 10_000,
}
LIMIT, REPOINT = "scan and join of the fact (DuckDB)", "starlode run that points facts anew"
SIZED = "starlode run, a fact of "
TORN = (20_000, 1_000)

LATE = f"""{history.DIMENSION.partition("dimensions:")[0]}      sales: {{files: sales.parquet, key: sale_id}}
dimensions:{history.DIMENSION.partition("dimensions:")[2]}facts:
  sales: {{from: crm.sales, grain: sale_id, at: sold_at, dims: {{customer: customer_id}}, measures: {{amount: sum}}}}
"""
LINES = """name: bench
target: ${BENCH_TARGET:-duckdb:warehouse.duckdb}
sources:
  shop:
    files: data
    streams:
      customers: {files: "customers-*.parquet", key: customer_id, since: updated_at}
      products: {files: products.parquet, key: product_id}
      orders: {files: orders.parquet, key: order_id}
      lines: {files: "lines-*.parquet", key: [order_id, line_no], since: changed_at}
dimensions:
  customer: {from: shop.customers, key: customer_id, history: [city, segment], at: updated_at}
  product: {from: shop.products, key: product_id}
facts:
  lines:
    from: sql/lines.sql
    grain: [order_id, line_no]
    at: ordered_at
    dims: {customer: customer_id, product: product_id}
    measures: {quantity: sum, amount: sum}
"""
SELECT = """select l.order_id, l.line_no, o.customer_id, l.product_id, o.ordered_at, l.quantity, l.amount
  from shop.lines as l
  join shop.orders as o on o.order_id = l.order_id
"""
# A moment of a fact is never before the first version of its member here.
WRONG_KEYS = """select count(*) from star.{fact} as f left join star.dim_customer as d on d.customer_key = f.customer_key
 where d.customer_key is null or d.customer_id <> f.customer_id or f.{at} < d.valid_from or f.{at} >= d.valid_to"""
REPOINTED = "select rows_updated from starlode.step where object = 'fact_sales' order by started_at desc limit 1"
WRONG_PRODUCTS = """select count(*) from star.fact_lines as f left join star.dim_product as d on d.product_key = f.product_key
 where d.product_key is null or d.product_id <> f.product_id"""


def main() -> None:
    """The command line; exit code 1 when a result of ours is wrong."""
    asked = _arguments()
    tables, told = [], []
    try:
        for table in _tables(asked):
            print(shown(table), end="\n\n", flush=True)
            tables.append(table)
        if asked.members:
            told = [history.three_days(way, data("torn", *TORN)) for way in history.ways(asked.peers)]
    except WrongResult as error:
        raise SystemExit(f"error: {error}") from error
    closing = [*_goals(tables), *_three_days(told)]
    print("\n\n".join(closing))
    used = _versions(asked.peers)
    results = {"versions": used, "rounds": asked.rounds, "tables": [asdict(table) for table in tables], "told": told}
    WORK.joinpath("star.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if asked.write:
        method = METHOD.read_text(encoding="utf-8").format(rounds=asked.rounds)
        write(asked.write, "star", section(tables, used, method, closing))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Measure the star: history beside dbt and SQLMesh, late rows, changes."
    )
    parser.add_argument("--members", type=int, help="members of the dimension beside dbt and SQLMesh; 0 leaves it out")
    parser.add_argument("--changes", type=int, help="rows of the batch that changes them")
    parser.add_argument("--facts", type=int, help="facts that late rows point anew; 0 leaves the table out")
    parser.add_argument("--late", type=int, help="late rows of their dimension")
    parser.add_argument("--lines", type=int, nargs="*", help="rows of the fact that few changes reach; none: no table")
    parser.add_argument("--changed", type=int, help="source rows of it that change")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", nargs="*", choices=history.NAMES, default=list(history.NAMES), help="beside whom")
    parser.add_argument("--memory", help="DuckDB's memory limit for Starlode, such as 1GB; else its default")
    parser.add_argument("--reuse", action="store_true", help="start from the first days that an earlier call has made")
    parser.add_argument("--quick", action="store_true", help="small sizes and one round")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write the results into a page, e.g. docs/benchmarks.md"
    )
    asked = parser.parse_args()
    for name, size in (QUICK if asked.quick else USUAL).items():
        if getattr(asked, name) is None:
            setattr(asked, name, size)
    if asked.quick:
        asked.rounds = 1
    return asked


def _tables(asked: argparse.Namespace) -> Iterator[Table]:
    WORK.mkdir(exist_ok=True)
    known = {"BENCH_TARGET": f"duckdb:{WAREHOUSE}?memory={asked.memory}"} if asked.memory else {}
    if asked.members:
        truth = data("dimension", asked.members, asked.changes)
        ways = history.ways(asked.peers)
        jobs = [history.second_day(way, truth, known, reuse=asked.reuse) for way in ways]
        yield race(f"A dimension of {asked.members:,} members and {asked.changes:,} changes", jobs, rounds=asked.rounds)
    if asked.facts:
        title = f"{asked.facts:,} facts and {asked.late:,} late rows of their dimension"
        yield race(
            title, _repoint(data("late", asked.facts, asked.late), known, reuse=asked.reuse), rounds=asked.rounds
        )
    if asked.lines:
        jobs = [_few_changes(data("lines", rows, asked.changed), known, reuse=asked.reuse) for rows in asked.lines]
        title = f"{asked.changed:,} changed source rows of a fact, at each size"
        yield race(title, jobs, rounds=asked.rounds)


def _repoint(truth: Mapping[str, Any], known: Mapping[str, str], *, reuse: bool) -> list[Job]:
    files = ["customers-1.parquet", "sales.parquet"]
    base = _base("late", declare(LATE), truth, files, reuse=reuse)
    folder = RUN / "late"
    claims = [
        Claim("history", f"select {CHECKSUM} from ({history.VERSIONS}) as h", truth["history"]),
        Claim("facts", "select count(*) || ' rows, amount ' || sum(amount) from star.fact_sales", truth["facts"]),
        Claim("facts with a wrong key", WRONG_KEYS.format(fact="fact_sales", at="sold_at"), "0"),
        Claim("facts pointed anew", REPOINTED, truth["moved"]),
    ]
    scan = Job(LIMIT, [sys.executable, SCAN, base / WAREHOUSE], base)
    ready = partial(fresh, base, folder, truth["data"] / "customers-2.parquet", "data/customers-2.parquet")
    return [scan, Job(REPOINT, [STARLODE, "run"], folder, ready, folder / WAREHOUSE, claims, known)]


def _few_changes(truth: Mapping[str, Any], known: Mapping[str, str], *, reuse: bool) -> Job:
    files = ["customers-1.parquet", "products.parquet", "orders.parquet", "lines-1.parquet"]
    base = _base("lines", declare(LINES, lines=SELECT), truth, files, reuse=reuse)
    folder = RUN / base.name
    claims = [
        Claim("facts", "select count(*) || ' rows, amount ' || sum(amount) from star.fact_lines", truth["facts"]),
        Claim("facts with a wrong customer", WRONG_KEYS.format(fact="fact_lines", at="ordered_at"), "0"),
        Claim("facts with a wrong product", WRONG_PRODUCTS, "0"),
    ]
    ready = partial(fresh, base, folder, truth["data"] / "lines-2.parquet", "data/lines-2.parquet")
    return Job(f"{SIZED}{truth['rows']:,} rows", [STARLODE, "run"], folder, ready, folder / WAREHOUSE, claims, known)


def _base(
    name: str, prepare: Callable[[Path], None], truth: Mapping[str, Any], files: Sequence[str], *, reuse: bool
) -> Path:
    """The state after the first day, made by a run that is not timed."""
    base = RUN / "base" / f"{name}-{truth['rows']}"
    once(base, partial(_first_day, prepare, truth["data"], files), reuse=reuse)
    return base


def _first_day(prepare: Callable[[Path], None], days: Path, files: Sequence[str], base: Path) -> None:
    prepare(base)
    for file in files:
        put(days / file, base / "data" / file)
    run([STARLODE, "run"], base, MUCH)


def _goals(tables: Sequence[Table]) -> Iterator[str]:
    """What the goals are about, as ratios of walls, round by round."""
    rows = {row.name: row for table in tables for row in table.rows}
    sizes = [row for name, row in rows.items() if name.startswith(SIZED)]
    lines = [
        f"- {rows[name].name} takes {rows[name].ratio(rows[history.OURS]):.1f} times as long as Starlode, goal: at least {goal}"
        for name, goal in ((history.DBT, 3), (history.MESH, 5))
        if name in rows
    ]
    if REPOINT in rows:
        lines.append(
            f"- pointing facts anew takes {rows[REPOINT].ratio(rows[LIMIT]):.2f} times a scan and join, goal: under 3"
        )
    if len(sizes) > 1:
        lines.append(
            f"- the same changes take {sizes[-1].ratio(sizes[0]):.2f} times as long in the largest fact as in the smallest, "
            "goal: at most 2 from 1,000,000 to 50,000,000 rows"
        )
    if lines:
        yield "### Against the goals"
        yield "\n".join(lines)


def _three_days(told: Sequence[str]) -> Iterator[str]:
    if told:
        members, changed = TORN
        yield "### Several changes of a member in one batch, and one that comes late"
        yield (
            f"{members:,} members on the first day; on the second {changed:,} of them change three times each; on the third "
            "a change between those of the second comes late for each of them. Measured is only what the history says."
        )
        yield "\n".join(told)


def _versions(peers: Sequence[str]) -> dict[str, str]:
    ours = {package: version(package) for package in ("starlode", "duckdb", "pyarrow")}
    return {"Python": sys.version.split()[0], **ours, **dict(history.versions_of(peers))}


if __name__ == "__main__":
    main()
