"""A dimension's history kept in three ways: by Starlode, by `dbt snapshot` and by SQLMesh, each in a folder of its own.

Each way has a base, the state after the first day, which is made once without being timed. A round copies it, puts the next
day's file into its place, and times the one command that brings the history up to date.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from environments import environment
from star_base import CHECKSUM, MUCH, RUN, STARLODE, WAREHOUSE, declare, fresh, once, put, run
from timing import Claim, Job, WrongResult, answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Command = Sequence[str | Path]

PEERS = Path(__file__).resolve().parent / "peers"
DBT_CORE, DBT_DUCKDB, SQLMESH = "1.11.16", "1.11.1", "0.236.4"
NAMES = ("dbt", "sqlmesh")
OURS, DBT, MESH = "starlode run", f"dbt {DBT_CORE} snapshot", f"sqlmesh {SQLMESH} run"
VERSIONS = "select customer_id, city, segment, valid_from, valid_to from star.dim_customer where customer_key > 0"
OPEN_END = "timestamp '9999-12-31'"

DIMENSION = """name: bench
target: ${BENCH_TARGET:-duckdb:warehouse.duckdb}
sources:
  crm:
    files: data
    streams:
      customers: {files: "customers-*.parquet", key: customer_id, since: updated_at}
dimensions:
  customer: {from: crm.customers, key: customer_id, history: [city, segment], at: updated_at}
"""


@dataclass(frozen=True)
class Way:
    """A tool with what its folder holds, the commands of the first day and of those after it, and a SELECT of its history."""

    name: str
    prepare: Callable[[Path], None]
    first: Command
    again: Command
    place: str  # of a day's customers in its folder
    history: str = VERSIONS
    environment: Mapping[str, str] = field(default_factory=dict)
    first_environment: Mapping[str, str] = field(default_factory=dict)
    is_peer: bool = False

    @property
    def folder(self) -> Path:
        return RUN / self.name.split()[0]


def ways(peers: Sequence[str]) -> list[Way]:
    """Starlode and the peers that are asked for; their environments are made where they are missing."""
    known = {"dbt": _dbt, "sqlmesh": _sqlmesh}
    ours = Way(
        OURS,
        declare(DIMENSION),
        [STARLODE, "run"],
        [STARLODE, "run"],
        "data/customers-{day}.parquet",
        first_environment=MUCH,
    )
    return [ours, *(known[name]() for name in peers)]


def second_day(way: Way, truth: Mapping[str, Any], known: Mapping[str, str], *, reuse: bool) -> Job:
    """The run that takes the second day's customers into the history."""
    base = RUN / "base" / f"{way.folder.name}-{truth['rows']}"
    once(base, partial(_first_day, way, truth["data"]), reuse=reuse)
    told = Claim("history", f"select {CHECKSUM} from ({way.history}) as h", truth["history"])
    return Job(
        way.name,
        way.again,
        way.folder,
        partial(fresh, base, way.folder, truth["data"] / "customers-2.parquet", way.place.format(day=2)),
        way.folder / WAREHOUSE,
        [told],
        {**way.environment, **known},
        truth["changed"],
        way.is_peer,
    )


def three_days(way: Way, truth: Mapping[str, Any]) -> str:
    """What a way makes of days that change a member several times and tell of one change late, in words."""
    shutil.rmtree(way.folder, ignore_errors=True)
    _first_day(way, truth["data"], way.folder)
    for day in (2, 3):
        put(truth["data"] / f"customers-{day}.parquet", way.folder / way.place.format(day=day))
        run(way.again, way.folder, way.environment)
    right = f"select * from read_parquet('{truth['data'].parent / 'history.parquet'}')"
    wrong, missing, versions, doubled = answers(
        way.folder / WAREHOUSE,
        [
            f"select count(*) from ({way.history} except {right})",
            f"select count(*) from ({right} except {way.history})",
            f"select count(*) from ({right})",
            f"select count(*) from (select customer_id from ({way.history}) where valid_to = {OPEN_END}\n"
            " group by customer_id having count(*) > 1)",
        ],
    )
    if not way.is_peer and (wrong, missing) != ("0", "0"):
        raise WrongResult(f"{way.name}: {wrong} versions are wrong and {missing} are missing")
    return (
        f"- {way.name}: of {int(versions):,} versions {int(missing):,} are missing; {int(wrong):,} that it holds "
        f"are wrong, and {int(doubled):,} members have two open versions"
    )


def versions_of(peers: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The peers' versions, for the page."""
    if "dbt" in peers:
        yield from (("dbt-core", DBT_CORE), ("dbt-duckdb", DBT_DUCKDB))
    if "sqlmesh" in peers:
        yield "SQLMesh", SQLMESH


def _first_day(way: Way, days: Path, folder: Path) -> None:
    way.prepare(folder)
    put(days / "customers-1.parquet", folder / way.place.format(day=1))
    run(way.first, folder, {**way.environment, **way.first_environment})


def _dbt() -> Way:
    packages = (f"dbt-core=={DBT_CORE}", f"dbt-duckdb=={DBT_DUCKDB}", f"duckdb=={version('duckdb')}")
    program = environment(f"dbt-{DBT_CORE}", *packages) / "bin" / "dbt"
    command: Command = [program, "snapshot", "--profiles-dir", "."]
    told = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_VERSION_CHECK": "false"}
    history = (
        "select customer_id, city, segment, dbt_valid_from as valid_from,\n"
        f"       coalesce(dbt_valid_to, {OPEN_END}) as valid_to from star.dim_customer"
    )
    start = partial(shutil.copytree, PEERS / "dbt")
    return Way(DBT, start, command, command, "customers.parquet", history, told, is_peer=True)


def _sqlmesh() -> Way:
    packages = (f"sqlmesh=={SQLMESH}", f"duckdb=={version('duckdb')}")
    program = environment(f"sqlmesh-{SQLMESH}", *packages) / "bin" / "sqlmesh"
    # It runs a model when an interval of its cron is over: the first day is one of the past.
    first: Command = [program, "plan", "--auto-apply", "--no-prompts", "--execution-time", "2024-01-03"]
    history = (
        f"select customer_id, city, segment, valid_from, coalesce(valid_to, {OPEN_END}) as valid_to\n"
        "  from star.dim_customer"
    )
    start = partial(shutil.copytree, PEERS / "sqlmesh")
    return Way(MESH, start, first, [program, "run"], "customers.parquet", history, is_peer=True)
