"""How far changes reach in a SELECT is read from its text alone: what is followed, by which cuts, and why anything is not."""

from __future__ import annotations

import pytest

from starlode.sql import select
from starlode.sql.reach import Reach, Unreached, reach
from starlode.star import Select
from starlode.table import INTEGER, Column, Table

COLUMNS = tuple(Column(name, INTEGER) for name in ("id", "ref", "n", "_file", "_row", "_load"))
PLACES = {f"app.{name}": Table("staging", f"app__{name}", COLUMNS) for name in "abc"}
WHOLE = {
    "select id, row_number() over (order by n) as place from app.a": "it looks at several rows at once (a window)",
    "select id, now() as at from app.a": "it asks for the time of day, for chance or for a setting",
    "select id, current_date as at from app.a": "it asks for the time of day, for chance or for a setting",
    "select id, random() as r from app.a": "it asks for the time of day, for chance or for a setting",
    "select id from app.a tablesample 10 percent": "it samples, pivots or joins laterally",
    "select id, sum(n) as n from app.a group by rollup (id)": "it makes subtotals",
    "select b.id from app.a as a right join app.b as b on b.ref = a.id": "it has a join of the kind right",
    "select a.id from app.a as a full join app.b as b on b.ref = a.id": "it has a join of the kind full",
    "select a.id from app.a as a semi join app.b as b on b.ref = a.id": "it has a join of the kind semi",
    "select count(*) as id from app.a": "it is one total over all rows",
    "select max(id) as id, ref from app.a group by ref": "it does not group by id",
    "select distinct on (ref) id, ref from app.a": "it keeps one row of several (distinct on)",
    "select id from app.a union all select id from app.b": "it is a set operation",
    "select id from app.a where id in (select ref from app.b)": "it reads a stream in a place that cannot be followed",
    "select a.id from app.a as a where exists (select 1 from app.b as b where b.ref = a.id)": (
        "it reads a stream in a place that cannot be followed"
    ),
    "select s.k as id from (select id, n from app.a) as s(k, m)": "it names the columns of what it starts from anew",
    "with w(k) as (select id from app.a) select k as id from w": "it does not start from a stream",
    "with w as (select * from app.a) select x.id from w as x join w as y on y.ref = x.id": "it reads w more than once",
    "select a.id from app.a as a join (select ref from app.b union select ref from app.c) as j on j.ref = a.id": (
        "what it joins as j reads more than one stream"
    ),
    "select a.id from app.a as a join (select c.n from app.b as b join app.c as c on c.id = b.id) as j on j.n = a.id": (
        "what it joins as j is found by n, which is not of the stream that it starts from"
    ),
    "select a.id from app.a as a join (select b.ref from app.b as b full join app.c as c on c.id = b.id) as j "
    "on j.ref = a.id": "it has a join of the kind full",
    "select a.id from app.a as a join (select s.ref from (select ref from app.b) as s) as j on j.ref = a.id": (
        "what it joins as j does not start from a stream"
    ),
    "select a.id, j.n from app.a as a join (select b.ref, sum(s.n) as n from app.b as b join (select id, max(n) as n "
    "from app.c group by id) as s on s.n = b.n group by b.ref) as j on j.ref = a.id": "it joins or filters by a sum of s",
    "select a.id from app.a as a join (select ref from app.b order by n limit 1) as j on j.ref = a.id": (
        "what it joins as j keeps only some of its rows"
    ),
    "select a.id, t.n from app.a as a cross join (select sum(n) as n from app.b) as t": "it joins one total over all rows",
    "select a.id from app.a as a join (select ref, sum(n) as n from app.b group by ref) as s on s.n = a.n": (
        "it joins or filters by a sum of s"
    ),
    "select a.id from app.a as a join (select ref, sum(n) as n from app.b group by ref) as s on s.ref = a.id where s.n > 1": (
        "it joins or filters by a sum of s"
    ),
}
JOINED = {
    "select a.id, b.n from app.a as a left join app.b as b on b.id = a.ref": ["app.b"],
    "select a.id, b.n from app.a as a join app.b as b on b.id = a.ref join app.c as c on c.id = b.ref": [
        "app.b",
        "app.c",
    ],
    "select a.id, o.n from app.a as a join app.a as o on o.id = a.ref": ["app.a"],
    "select a.id, s.n from app.a as a join (select ref, sum(n) as n from app.b group by ref) as s on s.ref = a.id": [
        "app.b"
    ],
    "select a.ref as id, sum(b.n) as n from app.a as a cross join app.b as b group by a.ref": ["app.b"],
    "select a.id from app.a as a join (select b.ref from app.b as b join app.c as c on c.id = b.id) as j on j.ref = a.id": [
        "app.b",
        "app.c",
    ],
}


@pytest.mark.parametrize(("sql", "reason"), WHOLE.items())
def test_what_cannot_be_followed_is_told(sql: str, reason: str) -> None:
    with pytest.raises(Unreached) as told:
        _reach(sql)

    assert str(told.value) == reason


@pytest.mark.parametrize(("sql", "streams"), JOINED.items())
def test_each_joined_stream_has_a_cut(sql: str, streams: list[str]) -> None:
    assert [cut.stream for cut in _reach(sql).cuts] == streams


def test_a_cut_finds_the_driving_rows_of_what_is_joined_and_of_nothing_later() -> None:
    sql = """
    select a.id, b.n from app.a as a left join app.b as b on b.id = a.ref left join app.c as c on c.id = a.n
     where a.n > 1 and b.n > 2 and coalesce(c.n, 0) > 3
    """

    first, second = (cut.tree.sql().replace('"', "") for cut in _reach(sql).cuts)

    # A changed row of a left join may stand where there was none, so what WHERE asks of it is not asked.
    assert first.partition(" FROM ")[2] == "app.a AS a JOIN app.b AS b ON b.id = a.ref WHERE a.n > 1"
    joins, _, asked = second.partition(" FROM ")[2].partition(" WHERE ")
    assert joins == "app.a AS a LEFT JOIN app.b AS b ON b.id = a.ref JOIN app.c AS c ON c.id = a.n"
    assert asked == "a.n > 1 AND b.n > 2"


def test_a_group_that_is_joined_is_found_whatever_having_says() -> None:
    sql = """
    select a.id, s.n from app.a as a
      left join (select ref, sum(n) as n from app.b group by ref having sum(n) > 7) as s on s.ref = a.id
    """

    (cut,) = _reach(sql).cuts

    assert "7" not in cut.tree.sql()


def test_a_group_over_several_streams_is_found_by_the_one_that_it_starts_from() -> None:
    sql = """
    with t as (select id, sum(n) as n from app.a group by id),
         s as (select b.ref, min(t.n) as n from app.b as b left join app.c as c on c.id = b.n join t on t.id = b.id
                where b.n > 1 and coalesce(c.n, 0) > 2 group by b.ref having min(t.n) > 3)
    select a.id, s.n from app.a as a left join s on s.ref = a.id
    """

    cuts = {cut.stream: cut.tree.sql().replace('"', "") for cut in _reach(sql).cuts}

    # A changed row of a left join may stand where there was none, so what WHERE asks of it is not asked.
    assert "s AS (SELECT b.ref AS ref FROM app.b AS b WHERE b.n > 1)" in cuts["app.b"]
    assert "s AS (SELECT b.ref AS ref FROM app.b AS b JOIN app.c AS c ON c.id = b.n WHERE b.n > 1)" in cuts["app.c"]
    assert "JOIN t AS t ON t.id = b.id WHERE b.n > 1 AND COALESCE(c.n, 0) > 2)" in cuts["app.a"]
    assert all(cut.endswith("FROM app.a AS a JOIN s AS s ON s.ref = a.id") for cut in cuts.values())


@pytest.mark.parametrize(
    ("sql", "names", "is_one"),
    [
        ("select id, n from app.a", ("id",), True),
        ("select ref as id, n from app.a", ("id",), False),
        ("select id + 1 as id from app.a", ("id",), False),
        ("select a.id, b.id as other from app.a as a join app.b as b on b.ref = a.id", ("id", "other"), False),
    ],
)
def test_a_name_stands_for_one_row_where_it_holds_the_key_as_it_is(
    sql: str, names: tuple[str, ...], is_one: bool
) -> None:
    found = _reach(sql, names)

    assert found.is_one_row_of(("ID",)) is is_one
    assert not found.is_one_row_of(())


def _reach(sql: str, names: tuple[str, ...] = ("id",)) -> Reach:
    return reach(select.parse(Select(sql, "test.sql")), PLACES, names)
