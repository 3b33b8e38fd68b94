"""Random lives of a shop: whatever comes late, twice, corrected, deleted or back again, the star is what plain Python says."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

import starlode
from tests import projects
from tests.star.expected import plain
from tests.star.history import FOR_EVER
from tests.star.playing import UNBALANCED, tables_of
from tests.star.shop import PROJECT, SELECTS, Shop, Star, key_of, member, star

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.project import Project
    from tests.star.streams import Row

pytestmark = pytest.mark.usefixtures("every_warehouse")

EXAMPLES = int(os.environ.get("STARLODE_STAR_EXAMPLES", "2"))
# A run costs so much more than a row that shrinking pays only where somebody waits for it.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, *((Phase.shrink,) if EXAMPLES > 2 else ()))
SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=10,
    deadline=None,
    derandomize=EXAMPLES == 2,
    phases=PHASES,
    suppress_health_check=list(HealthCheck),
)
MOST_ROWS = 6
BEGINNING = datetime(1, 1, 1)
START = datetime(2024, 1, 1)

minutes = st.integers(0, 30).map(lambda minute: str(START + timedelta(minutes=minute)))
customer_ids = st.sampled_from(["C1", "C2", "C3", "C4"])
store_ids = st.tuples(st.sampled_from(["S", "T"]), st.integers(1, 2))
customers = st.fixed_dictionaries(
    {
        "customer_id": customer_ids,
        "city": st.sampled_from(["Paris", "Lyon", None]),
        "segment": st.sampled_from(["gold", "", None]),
        "name": st.sampled_from(["Ann", "Anna", None]),
        "moment": minutes,
    }
)
stores = st.builds(
    lambda key, manager, title, moment: {
        "chain": key[0],
        "store_no": key[1],
        "manager": manager,
        "title": title,
        "moment": moment,
    },
    store_ids,
    st.sampled_from(["Mia", "Max", None]),
    st.sampled_from(["Old", "New"]),
    minutes,
)
products = st.dictionaries(
    st.sampled_from(["P1", "P2", "P3"]), st.tuples(st.sampled_from(["Lamp", "Light", None]), st.integers(1, 3))
)
orders = st.builds(
    lambda number, customer, store, moment: {
        "order_id": number,
        "customer_id": customer,
        "chain": store[0],
        "store_no": store[1],
        "ordered_at": moment,
    },
    st.integers(1, 6),
    st.one_of(st.none(), customer_ids),
    st.one_of(store_ids, st.just((None, None)), st.just(("S", None))),
    minutes,
)
lines = st.fixed_dictionaries(
    {
        "order_id": st.integers(1, 6),
        "line_no": st.integers(1, 2),
        "product_id": st.sampled_from(["P1", "P2", "P3", None]),
        "quantity": st.integers(1, 3),
        "amount": st.integers(-500, 500).map(lambda cents: cents / 100),
    }
)


class Life(RuleBasedStateMachine):
    """Files come and change in any order, runs come between them, and after each the star is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="starlode-"))
        self.shop = Shop()
        self.keys: dict[tuple[Any, ...], int] = {}
        self.files = 0
        self.run()

    def teardown(self) -> None:
        try:
            self.run()
            self._the_same_in_one_batch()
        finally:
            shutil.rmtree(self.folder)

    # What happens at the source

    @rule(rows=st.lists(customers, min_size=1, max_size=MOST_ROWS), now=st.booleans())
    def customers_come(self, rows: list[Row], now: bool) -> None:
        self._history_comes("customers", rows, now=now)

    @rule(rows=st.lists(stores, min_size=1, max_size=MOST_ROWS), now=st.booleans())
    def stores_come(self, rows: list[Row], now: bool) -> None:
        self._history_comes("stores", rows, now=now)

    @rule(data=st.data(), stream=st.sampled_from(["customers", "stores", "orders", "lines"]), now=st.booleans())
    def a_batch_comes_twice(self, data: st.DataObject, stream: str, now: bool) -> None:
        file = data.draw(st.sampled_from(sorted(self.shop.files[stream])))
        if stream in ("customers", "stores"):
            self._come(stream, list(self.shop.files[stream][file]), now=now)
            return
        # Said again later, it is what counts, so only what still counts may be said again.
        counts = self.shop.current(stream)
        again = [row for row in self.shop.files[stream][file] if counts[key_of(stream, row)] is row]
        self._come(stream, again, now=now)

    @rule(data=st.data(), row=customers, now=st.booleans())
    def a_customer_is_corrected(self, data: st.DataObject, row: Row, now: bool) -> None:
        """The file that alone told of a moment tells it otherwise."""
        told = self.shop.rows("customers")
        times = Counter((held["customer_id"], held["moment"]) for held in told)
        seen = {key[:2] for key in self.shop.told.get("customers", {})}
        alone = [h for h in told if times[h["customer_id"], h["moment"]] == 1 and h["customer_id"] != "C0"]
        if alone and seen:
            old = data.draw(st.sampled_from(alone))
            new = row | {"customer_id": old["customer_id"], "moment": old["moment"]}
            self._replace("customers", lambda held: [new if h is old else h for h in held])
            self._perhaps(now)

    @rule(stream=st.sampled_from(["customers", "orders", "lines"]), data=st.data(), now=st.booleans())
    def rows_are_deleted(self, stream: str, data: st.DataObject, now: bool) -> None:
        """All files lose some keys. History keeps what it has seen of them; the rest is gone."""
        if stream == "customers":
            # A run first: what no run has seen cannot be kept.
            self.run()
        keys = sorted(key for key in self.shop.current(stream) if key[0] not in (0, "C0"))
        if keys:
            gone = set(data.draw(st.lists(st.sampled_from(keys), min_size=1, max_size=3)))
            self._replace(stream, lambda held: [row for row in held if key_of(stream, row) not in gone])
            self._perhaps(now)

    @rule(told=products, now=st.booleans())
    def an_extract_of_products_comes(self, told: dict[str, tuple[str | None, int]], now: bool) -> None:
        rows = [{"product_id": p, "label": label, "price": price} for p, (label, price) in told.items()]
        self.shop.files["products"]["1"] = rows
        self._perhaps(now)

    @rule(
        rows=st.lists(orders, unique_by=lambda row: row["order_id"], min_size=1, max_size=MOST_ROWS), now=st.booleans()
    )
    def orders_come(self, rows: list[Row], now: bool) -> None:
        self._come("orders", rows, now=now)

    @rule(
        rows=st.lists(lines, unique_by=lambda row: (row["order_id"], row["line_no"]), min_size=1, max_size=MOST_ROWS),
        now=st.booleans(),
    )
    def lines_come(self, rows: list[Row], now: bool) -> None:
        self._come("lines", rows, now=now)

    @precondition(lambda self: self.files)
    @rule(full=st.booleans())
    def nothing_happens(self, full: bool) -> None:
        """A run changes nothing, and building all anew changes nothing of what is shown."""
        self.run()
        before = self._raw()
        again = starlode.run(starlode.read(self.folder), full=full)
        assert full or again.status == "unchanged"
        assert self._raw() == before

    # Runs

    def run(self) -> None:
        project = projects.project(self.folder, {"starlode.yml": PROJECT, **SELECTS, **self.shop.texts()})
        starlode.run(project)
        self.shop.see()
        wanted = star(self.shop)
        tables = tables_of(project, project.star.tables)
        self._keys_stay(tables)
        for name, versions in (("customer", wanted.customers), ("store", wanted.stores)):
            _spans_hold(tables[f"dim_{name}"], name)
            assert _versions(tables[f"dim_{name}"], name) == _wanted_versions(versions, name)
        assert _products(tables["dim_product"]) == wanted.products
        _facts_point(tables, wanted)
        assert projects.rows(project, UNBALANCED) == []
        assert starlode.check(project) == ()

    def _keys_stay(self, tables: Mapping[str, list[Row]]) -> None:
        """A version has one key for as long as it is there, and nobody else has had it."""
        found: dict[tuple[Any, ...], int] = {}
        for name, key in NATURAL.items():
            for row in tables[f"dim_{name}"]:
                if row[f"{name}_key"] > 0 and not row["is_inferred"]:
                    found[(name, *(row[c] for c in key), row.get("valid_from"))] = row[f"{name}_key"]
        kept = {version: self.keys[version] for version in self.keys.keys() & found.keys()}
        assert {version: found[version] for version in kept} == kept
        others = {(version[0], key) for version, key in self.keys.items()}
        new = {(version[0], key) for version, key in found.items() if version not in self.keys}
        assert not others & new
        self.keys |= found

    def _the_same_in_one_batch(self) -> None:
        other = Path(mkdtemp(prefix="starlode-"))
        try:
            whole = self.shop.everything()
            fresh = projects.project(other, {"starlode.yml": PROJECT, **SELECTS, **whole.texts()})
            starlode.run(fresh)
            assert _named(projects.star(starlode.read(self.folder))) == _named(projects.star(fresh))
        finally:
            shutil.rmtree(other)

    def _raw(self) -> dict[str, list[str]]:
        """Every table, with its keys."""
        project: Project = starlode.read(self.folder)
        return {
            name: sorted(repr({column: cell for column, cell in row.items() if column != "load_key"}) for row in rows)
            for name, rows in tables_of(project, project.star.tables).items()
        }

    # Files

    def _history_comes(self, stream: str, rows: list[Row], *, now: bool) -> None:
        """Rows of moments that nobody has told of yet."""
        told = {(*key_of(stream, row), row["moment"]) for row in self.shop.rows(stream)} | set(self.shop.told[stream])
        fresh = {moment: row for row in rows if (moment := (*key_of(stream, row), row["moment"])) not in told}
        self._come(stream, list(fresh.values()), now=now)

    def _come(self, stream: str, rows: list[Row], *, now: bool) -> None:
        if rows:
            self.files += 1
            self.shop.files[stream][f"{self.files:03}"] = [dict(row) for row in rows]
            self._perhaps(now)

    def _replace(self, stream: str, change: Any) -> None:
        self.shop.files[stream] = {name: change(held) for name, held in self.shop.files[stream].items()}

    def _perhaps(self, now: bool) -> None:
        if now:
            self.run()


NATURAL = {"customer": ("customer_id",), "store": ("chain", "store_no"), "product": ("product_id",)}
SAID = {"customer": ("city", "segment", "name"), "store": ("manager", "title")}


def test_a_star_is_what_plain_python_says_of_the_life_of_a_shop() -> None:
    run_state_machine_as_test(Life, settings=SETTINGS)


def _spans_hold(rows: list[Row], name: str) -> None:
    """No gap, no overlap, no empty span, and one current version of each member."""
    members: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row[f"{name}_key"] > 0:
            members.setdefault(tuple(row[c] for c in NATURAL[name]), []).append(row)
    for versions in members.values():
        versions.sort(key=lambda row: row["valid_from"])
        assert all(row["valid_from"] < row["valid_to"] for row in versions)
        assert all(a["valid_to"] == b["valid_from"] for a, b in pairwise(versions))
        assert [row["is_current"] for row in versions] == [False] * (len(versions) - 1) + [True]
        assert versions[-1]["valid_to"] == FOR_EVER


def _versions(rows: list[Row], name: str) -> list[str]:
    names = (*NATURAL[name], "valid_from", "valid_to", *SAID[name])
    return sorted(repr([row[c] for c in names]) for row in rows if row[f"{name}_key"] > 0 and not row["is_inferred"])


def _wanted_versions(versions: Mapping[tuple[Any, ...], Any], name: str) -> list[str]:
    return sorted(
        repr([*map(plain, key), version.valid_from, version.valid_to, *(version.said[c] for c in SAID[name])])
        for key, chained in versions.items()
        for version in chained
    )


def _products(rows: list[Row]) -> dict[Any, Row]:
    names = ("product_id", "label", "price")
    real = [row for row in rows if row["product_key"] > 0 and not row["is_inferred"]]
    return {row["product_id"]: {name: row[name] for name in names} for row in real}


def _facts_point(tables: Mapping[str, list[Row]], wanted: Star) -> None:
    """Each row says what it must, and each of its keys stands for the version of its moment."""
    by_key = {name: {row[f"{name}_key"]: row for row in tables[f"dim_{name}"]} for name in NATURAL}
    for fact, rows, roles in (
        ("sales", wanted.sales, NATURAL),
        ("orders", wanted.orders, {"customer": NATURAL["customer"]}),
    ):
        found = []
        for row in tables[f"fact_{fact}"]:
            members = {name: by_key[name][row[f"{name}_key"]] for name in roles}
            told = {n: cell for n, cell in row.items() if n != "load_key" and not n.endswith("_key")}
            found.append(repr(_plain(told) + [_pointed(name, m) for name, m in members.items()]))
        must = [repr(_plain(row) + [_points(name, row, wanted) for name in roles]) for row in rows]
        assert sorted(found) == sorted(must)


def _plain(row: Row) -> list[Any]:
    return sorted((name, plain(cell)) for name, cell in row.items())


def _pointed(name: str, row: Row) -> tuple[Any, ...]:
    if row[f"{name}_key"] < 0:
        return (name, None)
    return (name, _key(name, row), row.get("valid_from"))


def _points(name: str, row: Row, wanted: Star) -> tuple[Any, ...]:
    key = tuple(row[c] for c in NATURAL[name])
    if any(cell is None for cell in key):
        return (name, None)
    if name == "product":
        return (name, _key(name, row), None)
    version = member(wanted.customers if name == "customer" else wanted.stores, key, row["ordered_at"])
    return (name, _key(name, row), version.valid_from if version else BEGINNING)


def _key(name: str, row: Row) -> tuple[Any, ...]:
    return tuple(plain(row[c]) for c in NATURAL[name])


def _named(tables: Mapping[str, list[tuple[Any, ...]]]) -> dict[str, list[str]]:
    """A star without the inferred members, which stay when no fact names them any more; facts show those that they name."""
    return {
        name: sorted(repr(row) for row in rows if not (name.startswith("dim_") and "Not yet arrived" in row))
        for name, rows in tables.items()
    }
