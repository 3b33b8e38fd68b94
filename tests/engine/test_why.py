"""`why` finds the source rows of a row through SELECTs of every shape, and says where nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from tests import projects
from tests.engine import shop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

PROJECT = """
name: a
sources:
  app:
    files: data
    streams:
      lines: {files: "l*.csv", types: {amt: integer}}
      prod: {files: "p*.csv", key: Pid}
      more: {files: "m*.csv", types: {amt: integer}}
facts: {f: {from: sql/f.sql, grain: id, measures: {amt: max}, may_lose: true, may_multiply: true}}
"""
FILES = {
    "data/l1.csv": "id,pid,amt\n1,1,10\n2,2,20\n",
    "data/l2.csv": "id,pid,amt\n3,9,30\n2,1,25\n",
    "data/p.csv": "Pid,pname,parent\n1,A,2\n2,B,\n",
    "data/m.csv": "id,pid,amt\n7,1,70\n1,2,10\n",
}
P1, P2 = ("app.prod", "p.csv", 1), ("app.prod", "p.csv", 2)
L1, L2 = ("app.lines", "l1.csv", 1), ("app.lines", "l1.csv", 2)
L3, L4 = ("app.lines", "l2.csv", 1), ("app.lines", "l2.csv", 2)
M1, M2 = ("app.more", "m.csv", 1), ("app.more", "m.csv", 2)
SUMMED, ASKED = (
    "its rows are summed up before they get here",
    "it is read in a sub-select, which gives none of its rows",
)
ABSENT = "no row of it takes part"


def _why(folder: Path, select: str, of: int) -> starlode.Why:
    project = projects.project(folder, {"starlode.yml": PROJECT, "sql/f.sql": select, **FILES})
    starlode.run(project)
    return starlode.why(project, "fact_f", {"id": of})


def _places(told: starlode.Why) -> set[tuple[str, str | None, int | None]]:
    return {(source.stream, source.file, source.row) for source in told.rows[0].sources}


@pytest.mark.parametrize(
    ("select", "of", "places", "untold"),
    [
        ("select id, amt from app.lines where pid = 9", 3, {L3}, {}),
        ("select l.*, p.pname from app.lines as l left join app.prod p using (pid) where amt <> 25", 1, {L1, P1}, {}),
        ("select l.id, L.amt, p.pname from app.lines l left join app.prod p using (pid) where amt <> 25", 3, {L3},
         {"app.prod": ABSENT}),
        ("select l.id, l.amt, q.pname from app.lines l join app.prod p on p.pid = l.pid "
         "left join app.prod q on q.pid = p.parent where l.amt <> 25", 1, {L1, P1, P2}, {}),
        ("with x as (select * from app.lines where pid < 9), y as (select x.id, x.amt, pname as n from x "
         "join app.prod using (pid)) select id, amt, n from y where amt <> 25", 2, {L2, P2}, {}),
        ("select s.id, s.amt from (select id, pid, amt from app.lines) s join app.prod t on t.pid = s.pid "
         "where s.amt <> 25", 1, {L1, P1}, {}),
        ("select l.id, sum(l.amt) as amt, max(p.pname) as n from app.lines l join app.prod p on p.pid = l.pid group by 1",
         2, {L2, L4, P1, P2}, {}),
        ("select id as id, count(*) as amt from app.lines group by all having count(*) > 1", 2, {L2, L4}, {}),
        ("select distinct id, 1 as amt from app.lines", 2, {L2, L4}, {}),
        ("select id, amt from app.lines where amt <> 25 and pid > 1 union all select id, amt from app.more", 1, {M2},
         {"app.lines": ABSENT}),
        ("select l.id, l.amt from app.lines l where amt <> 25 union select m.id, m.amt from app.more m "
         "join app.prod p on p.pid = m.pid", 1, {L1, M2, P2}, {}),
        ("with s as (select pid, count(*) as n from app.more group by pid) select l.id, l.amt, s.n from app.lines l "
         "left join s on s.pid = l.pid where amt <> 25", 1, {L1}, {"app.more": SUMMED}),
        ("select id, amt from app.lines l where amt <> 25 and exists (select 1 from app.more m where m.pid = l.pid)", 1,
         {L1}, {"app.more": ASKED}),
        ("select l.id, l.amt from app.lines l semi join app.prod p on p.pid = l.pid where amt <> 25", 2, {L2},
         {"app.prod": "it is only asked whether it has such a row"}),
        ("select id, amt from app.lines where amt <> 25 except select id, amt from app.more", 2, set(),
         {"app.lines": "a set operation takes rows away", "app.more": "a set operation takes rows away"}),
        ("select max(id) as id, sum(amt) as amt from app.lines", 3, set(),
         {"app.lines": "what tells its rows apart is summed up"}),
        ("select id, amt from (select *, row_number() over (partition by id order by amt desc) as n from app.lines) s "
         "where n = 1", 2, {L4}, {}),
        ("select a.id, a.amt, b.n from app.lines a join (values (1, 'x'), (2, 'y')) as b(id, n) on b.id = a.id "
         "where amt <> 25", 2, {L2}, {}),
        ("with t as (select * from app.prod) select l.id, l.amt, a.pname, b.pname as parent from app.lines l "
         "join t a on a.pid = l.pid join t b on b.pid = a.parent where l.amt <> 25", 1, {L1, P1, P2}, {}),
    ],
)  # fmt: skip
def test_source_rows_are_found_through_selects_of_every_shape(
    select: str, of: int, places: set[tuple[str, str, int]], untold: dict[str, str], tmp_path: Path
) -> None:
    told = _why(tmp_path, select, of)

    assert _places(told) == places
    assert {one.stream: one.why for one in told.untold} == untold
    assert told.remarks == ()


def test_a_source_row_names_its_extraction_its_parquet_and_its_load(tmp_path: Path) -> None:
    told = _why(tmp_path, "select id, pid, amt from app.lines where amt <> 25", 3)

    (source,) = told.rows[0].sources
    project = starlode.read(tmp_path)
    (landed,) = source.landed
    assert (project.landing.folder / landed).is_file()
    assert source.extraction == 1
    assert (source.loaded.verb, source.loaded.object) == ("load", "app.lines")
    written = told.rows[0].written
    assert written is not None
    assert (written.verb, written.object, written.because) == ("build", "fact_f", "new")
    assert written.run_id == starlode.status(project)[0].run_id == source.loaded.run_id


def test_a_landed_file_that_is_gone_is_not_named(tmp_path: Path) -> None:
    told = _why(tmp_path, "select id, pid, amt from app.lines where amt <> 25", 3)
    project = starlode.read(tmp_path)
    (project.landing.folder / told.rows[0].sources[0].landed[0]).unlink()

    (source,) = starlode.why(project, "fact_f", {"id": "3"}).rows[0].sources

    assert source.landed == ()


def test_each_key_of_a_fact_says_why_it_is_that_version(tmp_path: Path) -> None:
    files = {
        "data/customers1.csv": "customer_id,city,changed_at\nC1,Paris,2024-01-10 00:00:00\nC1,Lyon,2024-02-01 00:00:00\n",
        "data/orders1.csv": (
            "order_id,customer_id,product_id,ordered_at,amount,quantity\n"
            "1,C1,P1,2024-01-11 10:00:00,10.10,1\n2,C1,P1,2024-01-05 10:00:00,1.00,2\n3,C9,P1,2024-01-12 10:00:00,3.30,3\n"
            "4,,P1,2024-01-13 10:00:00,1.00,1\n5,C1,P2,,1.00,1\n"
        ),
    }
    shop.opened(tmp_path)
    project = projects.project(tmp_path, files)
    starlode.run(project)

    reasons = {order: starlode.why(project, "sales", {"order_id": order}).pointings[0].because for order in range(1, 6)}
    other = {one.column: one.because for one in starlode.why(project, "sales", {"order_id": 5}).pointings}

    assert reasons == {
        1: "as of ordered_at",
        2: "ordered_at lies before the first, so the first one",
        3: "not in dim_customer: inferred, not yet arrived",
        4: "unknown because customer_id is NULL",
        5: "ordered_at is NULL, so the current one",
    }
    assert other["product_key"] == "the member of product_id; it has no history"
    assert other["date_key"] == "unknown because ordered_at is NULL"


def test_a_row_that_was_pointed_anew_says_so(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    late = "customer_id,city,changed_at\nC1,Nice,2024-01-05 00:00:00\n"
    project = projects.project(tmp_path, {"data/customers2.csv": late})
    starlode.run(project)

    told = starlode.why(project, "fact_sales", {"order_id": 1})

    written = told.rows[0].written
    assert written is not None
    assert written.because == "dim_customer changed"
    assert told.remarks == (f"load {written.load_key} looked its keys up again: its source rows were there before",)
    assert told.pointings[0].valid_from == projects.value(
        project, "select valid_from from star.dim_customer where city = 'Nice'"
    )


def test_a_member_tells_its_versions_with_the_rows_that_say_each(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    project = shop.later(tmp_path)
    starlode.run(project)

    told = starlode.why(project, "dim_customer", {"customer_id": "C1"})
    by_key = starlode.why(project, "customer", {"city": "Lyon"})
    unknown = starlode.why(project, "customer", {"customer_key": -1})
    inferred = starlode.why(project, "customer", {"customer_id": "C9"})

    assert told == by_key
    assert [(row.values["city"], [(s.file, s.row) for s in row.sources]) for row in told.rows] == [
        ("Paris", [("customers1.csv", 1)]),
        ("Lyon", [("customers2.csv", 1)]),
    ]
    assert unknown.remarks == ("a reserved member",)
    assert inferred.remarks == ("inferred from a fact: no row of its own has come yet",)
    assert [written.object for row in inferred.rows if (written := row.written)] == ["fact_sales"]


def test_conflicts_of_a_member_and_of_source_rows_are_told(tmp_path: Path) -> None:
    declared = PROJECT.replace(", key: Pid}", "}").replace(
        "facts:", "dimensions: {p: {from: app.prod, key: Pid}}\nfacts:"
    )
    files = FILES | {"data/p.csv": "Pid,pname,parent\n1,A,2\n1,A2,\n2,B,\n"}
    select = (
        "select l.id, l.amt, p.pname from app.lines l left join app.prod p using (pid) where amt <> 25 and pname <> 'A'"
    )
    project = projects.project(tmp_path, {"starlode.yml": declared, "sql/f.sql": select, **files})
    starlode.run(project)

    member = starlode.why(project, "dim_p", {"Pid": 1})
    lost = starlode.why(project, "dim_p", {"Pid": 2})
    row = starlode.why(project, "fact_f", {"id": 1})

    assert [(c.columns, c.rows, c.rule) for c in member.conflicts] == [("pname, parent", 2, "most_frequent")]
    assert lost.conflicts == ()
    assert row.conflicts == ()


def test_rows_that_moved_on_since_are_told(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    orders = "order_id,customer_id,product_id,ordered_at,amount,quantity\n1,C2,P1,2024-01-10 10:00:00,11.10,1\n"
    project = projects.project(tmp_path, {"data/orders1.csv": orders + "2,C2,P2,2024-01-11 10:00:00,20.20,2\n" * 2})
    starlode.run(project, only="load")

    changed = starlode.why(project, "fact_sales", {"order_id": 1})
    gone = starlode.why(project, "fact_sales", {"order_id": 3})

    moved = "shop.orders was loaded since it was built; the next run builds it anew"
    assert changed.remarks == (moved, "what its SELECT gives now differs in customer_id, amount")
    assert gone.remarks == (moved, "its SELECT gives no such row any more")


def test_history_by_load_time_says_what_only_the_dimension_remembers(tmp_path: Path) -> None:
    declared = 'name: a\nsources: {app: {files: data, streams: {c: {files: "c.csv", mode: full, key: id}}}}\n'
    files = {"starlode.yml": declared + "dimensions: {c: {from: app.c, key: id, history: [city]}}\n"}
    starlode.run(projects.project(tmp_path, {**files, "data/c.csv": "id,city\n1,Oslo\n"}))
    project = projects.project(tmp_path, {"data/c.csv": "id,city\n1,Bergen\n"})
    starlode.run(project)

    told = starlode.why(project, "c", {"id": "1"})

    assert [(row.values["city"], len(row.sources)) for row in told.rows] == [("Oslo", 0), ("Bergen", 1)]
    assert "only the dimension remembers" in told.remarks[0]


@pytest.mark.parametrize(
    ("table", "where", "what", "hint"),
    [
        ("fact_sale", {"order_id": 1}, "the star has no table `fact_sale`", "did you mean `fact_sales`?"),
        ("sales", {}, "no row is named", "name one by order_id"),
        ("sales", {"order": 1}, "fact_sales has no column `order`", "did you mean `order_id`?"),
        ("sales", {"order_id": "one"}, "what is given for order_id cannot be read as integer", "starlode query"),
        ("sales", {"order_id": 77}, "no row of fact_sales has this order_id", "starlode query"),
        ("sales", {"product_id": "P1"}, "2 rows of fact_sales have this product_id", "name order_id as well; they differ in"),
        ("customer", {"is_current": "true", "is_inferred": "false"}, "3 members of dim_customer", "name customer_id as well"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_found_is_told_with_what_to_do(
    table: str, where: dict[str, object], what: str, hint: str, tmp_path: Path
) -> None:
    project = shop.opened(tmp_path)
    starlode.run(project)

    with pytest.raises(starlode.ProjectError) as refused:
        starlode.why(project, table, where)

    assert what in refused.value.mistakes[0].what
    assert hint in refused.value.mistakes[0].hint


def test_before_the_first_run_there_is_nothing_to_tell(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    with pytest.raises(starlode.WarehouseError, match=r"no warehouse yet|not built yet"):
        starlode.why(project, "fact_sales", {"order_id": 1})
