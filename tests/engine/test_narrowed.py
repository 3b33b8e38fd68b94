"""What a build of some rows must see to beside them: rows that did not change, and are concerned all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

PROJECT = """
name: shop
sources:
  shop:
    files: data
    streams:
      customers: {files: "customers*.csv", key: customer_id, since: changed_at, types: {changed_at: timestamp}}
      labels: {files: "labels*.csv", key: label_id, types: {label_id: integer}}
      orders: {files: "orders*.csv", key: order_id, types: {ordered_at: timestamp, label_id: integer}}
dimensions:
  customer: {from: sql/customer.sql, key: customer_id, history: [city], at: changed_at}
  order: {from: sql/sales.sql, key: order_id}
facts:
  sales: {from: sql/sales.sql, grain: order_id, at: ordered_at, dims: {customer: customer_id}}
"""
FILES = {
    "starlode.yml": PROJECT,
    "sql/customer.sql": "select customer_id, city, changed_at from shop.customers where city is not null",
    "sql/sales.sql": """
select o.order_id, o.customer_id, o.ordered_at, coalesce(l.rank, '7') as rank
  from shop.orders as o left join shop.labels as l on l.label_id = o.label_id
""",
    "data/customers1.csv": "customer_id,city,changed_at\nC1,Paris,2024-01-01\nC1,Lyon,2024-03-01\nC2,Rome,2024-01-01\n",
    "data/labels.csv": "label_id,rank\n1,\n2,\n",
    "data/orders.csv": "order_id,customer_id,label_id,ordered_at\n1,C1,1,2024-01-05\n2,C2,2,2024-01-05\n3,C1,,2024-04-05\n",
}


def test_a_column_of_another_type_is_derived_for_rows_that_did_not_change(tmp_path: Path) -> None:
    """A column without a value has no type yet; what its first value decides changes the type of what is made from it."""
    project = projects.project(tmp_path, FILES)
    starlode.run(project)
    assert _ranks(project) == [["7", "7", "7"], ["7", "7", "7"]]

    projects.write(tmp_path, {"data/labels2.csv": "label_id,rank\n2,5\n"})
    starlode.run(project)

    assert _ranks(project) == [[7, 5, 7], [7, 5, 7]]


def test_facts_leave_a_first_version_that_is_gone_though_the_next_is_as_it_was(tmp_path: Path) -> None:
    project = projects.project(tmp_path, FILES)
    starlode.run(project)
    before = projects.rows(project, "select city, customer_key from star.dim_customer where customer_id = 'C1'")
    keys = dict(before)

    # What was said of January was wrong, and nothing is known of it.
    projects.write(tmp_path, {"data/customers1.csv": FILES["data/customers1.csv"].replace("Paris", "")})
    starlode.run(project)

    pointed = "select order_id, customer_key from star.fact_sales where customer_id = 'C1' order by 1"
    assert projects.rows(project, pointed) == [(1, keys["Lyon"]), (3, keys["Lyon"])]
    assert starlode.check(project) == ()


def _ranks(project: starlode.Project) -> list[list[object]]:
    """The ranks of the fact and of the dimension, in the order of their orders."""
    return [
        [rank for (rank,) in projects.rows(project, f"select rank from star.{table} where {real} order by order_id")]
        for table, real in (("fact_sales", "true"), ("dim_order", "order_key > 0"))
    ]


GROUPED = """
name: shop
sources:
  shop:
    files: data
    streams:
      tags: {files: "tags*.csv", key: [tag, colour]}
      orders: {files: "orders*.csv", key: order_id, may_shrink: true, types: {tag: text}}
facts:
  orders: {from: shop.orders, grain: order_id}
  colours: {from: sql/colours.sql, grain: colour, measures: [orders], may_multiply: true, may_lose: true}
"""
COLOURS = """
select t.colour, count(*) as orders
  from shop.orders as o join shop.tags as t on t.tag = o.tag
 group by t.colour
"""


def test_a_group_of_which_only_a_part_is_read_again_stays(tmp_path: Path) -> None:
    """Order 1 is read again for the red group, and counts among the blue as well."""
    project = _grouped(tmp_path)

    projects.write(tmp_path, {"data/orders2.csv": "order_id,tag\n3,C\n"})
    starlode.run(project)

    assert projects.rows(project, "select colour, orders from star.fact_colours order by 1") == [
        ("blue", 2),
        ("red", 2),
    ]


def test_what_a_row_that_is_gone_stood_for_is_derived_again(tmp_path: Path) -> None:
    project = _grouped(tmp_path)

    projects.write(tmp_path, {"data/orders1.csv": "order_id,tag\n2,B\n"})
    starlode.run(project)

    assert projects.rows(project, "select order_id from star.fact_orders") == [(2,)]
    assert projects.rows(project, "select colour, orders from star.fact_colours") == [("blue", 1)]


def test_what_a_joined_row_that_is_gone_was_joined_to_is_derived_again(tmp_path: Path) -> None:
    project = _grouped(tmp_path)

    projects.write(tmp_path, {"data/tags.csv": "tag,colour\nA,red\nB,green\nC,red\n"})
    starlode.run(project)

    assert projects.rows(project, "select colour, orders from star.fact_colours order by 1") == [
        ("green", 1),
        ("red", 1),
    ]


def _grouped(folder: Path) -> starlode.Project:
    files = {
        "starlode.yml": GROUPED,
        "sql/colours.sql": COLOURS,
        "data/tags.csv": "tag,colour\nA,red\nA,blue\nB,blue\nC,red\n",
        "data/orders1.csv": "order_id,tag\n1,A\n2,B\n",
    }
    project = projects.project(folder, files)
    starlode.run(project)
    assert projects.rows(project, "select colour, orders from star.fact_colours order by 1") == [
        ("blue", 2),
        ("red", 1),
    ]
    return project


@pytest.mark.parametrize(
    "sql",
    [
        "select s.number, s.tag from (select order_id, tag from shop.orders) as s(number, tag)",
        "with s(number, tag) as (select order_id, tag from shop.orders) select number, tag from s",
    ],
)
def test_what_starts_from_columns_that_are_named_anew_is_derived_as_a_whole(sql: str, tmp_path: Path) -> None:
    declared = GROUPED.replace("grain: order_id", "grain: number").replace("from: shop.orders", "from: sql/orders.sql")
    files = {"starlode.yml": declared, "sql/orders.sql": sql, "sql/colours.sql": COLOURS}
    data = {"data/tags.csv": "tag,colour\nA,red\n", "data/orders1.csv": "order_id,tag\n1,A\n2,B\n"}
    starlode.run(projects.project(tmp_path, files | data))

    project = projects.project(tmp_path, {"data/orders2.csv": "order_id,tag\n2,C\n3,B\n"})
    starlode.run(project)

    assert projects.rows(project, "select number, tag from star.fact_orders order by 1") == [
        (1, "A"),
        (2, "C"),
        (3, "B"),
    ]


def test_a_member_that_left_ends_though_no_row_of_it_was_read(tmp_path: Path) -> None:
    declared = PROJECT.replace("since: changed_at,", "since: changed_at, may_shrink: true,")
    declared = declared.replace("history: [city], at: changed_at}", "history: [city], at: changed_at, deletes: close}")
    project = projects.project(tmp_path, {**FILES, "starlode.yml": declared})
    starlode.run(project)

    projects.write(tmp_path, {"data/customers1.csv": FILES["data/customers1.csv"].replace("C2,Rome,2024-01-01\n", "")})
    starlode.run(project)

    current = "select customer_id from star.dim_customer where is_current and customer_key > 0 order by 1"
    assert projects.rows(project, current) == [("C1",)]


SPLIT = """
name: shop
sources:
  shop:
    files: data
    streams:
      lines: {files: "lines*.csv", key: [order_id, line_no]}
      orders: {files: "orders*.csv", key: order_id}
      rates: {files: "rates*.csv", key: zone}
facts:
  lines: {from: sql/lines.sql, grain: [order_id, line_no], measures: [cost]}
"""
# An order's cost is shared out to its lines, rounded down; what is left falls to the last of them.
SHARED = """
with totals as (select order_id, sum(pieces) as pieces, max(line_no) as last_line from shop.lines group by order_id),
     costs as (
       select p.order_id, min(t.pieces) as pieces, min(t.last_line) as last_line, min(r.cost) as cost,
              cast(sum(r.cost * p.pieces // t.pieces) as bigint) as handed_out
         from shop.lines as p
         join shop.orders as o on o.order_id = p.order_id
         join shop.rates as r on r.zone = o.zone
         join totals as t on t.order_id = p.order_id
        group by p.order_id)
select l.order_id, l.line_no,
       c.cost * l.pieces // c.pieces + case when l.line_no = c.last_line then c.cost - c.handed_out else 0 end as cost
  from shop.lines as l left join costs as c on c.order_id = l.order_id
"""
SPLIT_FILES = {
    "starlode.yml": SPLIT,
    "sql/lines.sql": SHARED,
    "data/lines1.csv": "order_id,line_no,pieces\n1,1,1\n1,2,1\n1,3,1\n2,1,5\n2,2,2\n3,1,1\n",
    "data/orders1.csv": "order_id,zone\n1,A\n2,B\n3,A\n",
    "data/rates1.csv": "zone,cost\nA,100\nB,11\n",
}
CHANGES = {
    "a line comes": {"data/lines2.csv": "order_id,line_no,pieces\n2,3,4\n"},
    "a line goes": {"data/lines1.csv": SPLIT_FILES["data/lines1.csv"].replace("1,3,1\n", "")},
    "an order changes": {"data/orders2.csv": "order_id,zone\n3,B\n"},
    "an order goes": {"data/orders1.csv": "order_id,zone\n1,A\n3,A\n"},
    "a rate changes": {"data/rates2.csv": "zone,cost\nA,101\n"},
    "all at once": {
        "data/lines1.csv": SPLIT_FILES["data/lines1.csv"].replace("2,2,2\n", "2,2,1\n"),
        "data/orders1.csv": "order_id,zone\n1,B\n2,A\n3,A\n",
        "data/rates1.csv": "zone,cost\nA,7\nB,12\n",
    },
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_joined_group_over_several_streams_is_derived_again_where_one_of_them_changed(
    change: str, tmp_path: Path
) -> None:
    project = projects.project(tmp_path / "day by day", SPLIT_FILES)
    starlode.run(project)
    assert projects.rows(project, "select order_id, line_no, cost from star.fact_lines order by 1, 2") == [
        *((1, 1, 33), (1, 2, 33), (1, 3, 34), (2, 1, 7), (2, 2, 4), (3, 1, 100))
    ]

    projects.write(tmp_path / "day by day", CHANGES[change])
    (build,) = (step for step in starlode.plan(project).steps if step.verb == "build")
    starlode.run(project)

    at_once = projects.project(tmp_path / "at once", SPLIT_FILES | CHANGES[change])
    starlode.run(at_once)
    assert "as a whole" not in build.reason
    assert projects.star(project) == projects.star(at_once)


def test_rows_beside_one_that_changed_are_derived_again_where_their_stream_is_joined_to_itself(tmp_path: Path) -> None:
    """The stream that drives the fact is the only one that changes, and it is not only there that it is read."""
    sql = """
    select l.order_id, l.line_no, l.pieces, t.pieces as of_order
      from shop.lines as l
      join (select order_id, sum(pieces) as pieces from shop.lines group by order_id) as t on t.order_id = l.order_id
    """
    files = SPLIT_FILES | {"sql/lines.sql": sql, "starlode.yml": SPLIT.replace("[cost]", "[pieces]")}
    project = projects.project(tmp_path, files)
    starlode.run(project)

    projects.write(tmp_path, CHANGES["a line goes"] | CHANGES["a line comes"])
    starlode.run(project)

    assert projects.rows(project, "select order_id, line_no, of_order from star.fact_lines order by 1, 2") == [
        *((1, 1, 2), (1, 2, 2), (2, 1, 11), (2, 2, 11), (2, 3, 11), (3, 1, 1))
    ]
