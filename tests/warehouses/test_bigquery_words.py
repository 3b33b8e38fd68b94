"""What BigQuery would take for something else: what our statements call their tables, and the patterns of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.bigquery.apart import apart
from starlode.sql.patterns import likened, with_one_group
from starlode.sql.translate import Untranslated
from starlode.warehouses.bigquery import BigQuery
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

# What statements call their tables; users' columns may be called so too.
TAKEN = (
    *(
        "asked",
        "c",
        "chosen",
        "counted",
        "cut",
        "d",
        "d0",
        "d1",
        "doubled",
        "f",
        "found",
        "gone",
        "h",
        "i",
        "k",
        "keyed",
    ),
    *("m", "moments", "n", "numbered", "numbers", "o", "p", "s", "said", "t", "v", "w", "wanted", "x"),
)
KEYS = ("h", "d", "said")


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("select `h`, h.`b` from `t` as h", "select `h`, __starlode_h.`b` from `t` as __starlode_h"),
        (
            "select `a` from (select b.* from `s`.`t` as b\n) as x",
            "select `a` from (select __starlode_b.* from `s`.`t` as __starlode_b\n) as __starlode_x",
        ),
        ("delete from `t` as h where h.`h` = 1", "delete from `t` as __starlode_h where __starlode_h.`h` = 1"),
        ("select 1 from __starlode_x as a", "select 1 from __starlode_x as __starlode_a"),
        # The name of a column, of a type, and what stands in a text.
        ("select (1) as h, 'from `t` as h' from `h`", "select (1) as h, 'from `t` as h' from `h`"),
        ("select cast((`string`) as string) from `t`", "select cast((`string`) as string) from `t`"),
        ("select n, n + 1 as m from unnest([1]) as n", "select n, n + 1 as m from unnest([1]) as n"),
    ],
)
def test_no_table_is_called_as_a_column_is(sql: str, sent: str) -> None:
    assert apart(sql) == sent


@pytest.mark.parametrize(
    ("pattern", "mark", "said"),
    [
        ("a_%", "", "a_%"),
        ("a\\%", "", "a\\\\%"),
        ("a\\%b", "\\", "a\\%b"),
        ("100!%!!_", "!", "100\\%!_"),
        ("!\\", "!", "\\\\"),
    ],
)
def test_a_backslash_in_a_pattern_means_what_it_did(pattern: str, mark: str, said: str) -> None:
    assert likened(pattern, mark) == said


@pytest.mark.parametrize(
    ("pattern", "number", "said"),
    [
        ("([a-z])([0-9])", 0, "(?:[a-z])(?:[0-9])"),
        ("([a-z])([0-9])", 2, "(?:[a-z])([0-9])"),
        (r"\((a)(?:b)(?P<n>c)", 2, r"\((?:a)(?:b)(c)"),
        ("[(]x(y)", 1, "[(]x(y)"),
        ("[]()](a)", 0, "[]()](?:a)"),
        ("a[[:alpha:](](b)", 0, "a[[:alpha:](](?:b)"),
    ],
)
def test_a_pattern_keeps_one_group(pattern: str, number: int, said: str) -> None:
    assert with_one_group(pattern, number) == said


def test_a_group_that_a_pattern_has_not_is_refused() -> None:
    with pytest.raises(Untranslated, match="no group 3"):
        with_one_group("(a)(b)", 3)


def test_users_columns_may_be_called_as_our_tables_are(bigquery: str, tmp_path: Path) -> None:
    """As attributes with and without history, as natural keys, in the grain and as measures."""
    columns = ",".join(TAKEN)
    declared = f"""
name: names
target: {bigquery}
sources:
  app:
    files: data
    streams:
      things: {{files: "things*.csv", key: [{", ".join(KEYS)}], since: upd}}
      events: {{files: "events*.csv", key: [f, m]}}
dimensions:
  thing: {{from: app.things, key: [{", ".join(KEYS)}], history: [w, c, x], at: upd}}
  plain: {{from: sql/plain.sql, key: h}}
facts:
  event: {{from: app.events, grain: [f, m], at: ts, dims: {{thing: [{", ".join(KEYS)}], plain: h}}, measures: [n, i]}}
  total: {{from: sql/total.sql, grain: [k], measures: [s]}}
"""
    files = {
        "starlode.yml": declared,
        "sql/plain.sql": "select h, max(o) as o, min(v) as v from app.things group by h",
        "sql/total.sql": "select k, sum(n) as s from app.events group by k",
        "data/things1.csv": f"{columns},upd\n" + _line("1", "2024-01-01") + _line("2", "2024-01-01"),
        "data/events1.csv": f"{columns},ts\n"
        + _line("1", "2024-01-05")
        + _line("2", "2024-03-05")
        + _line("9", "2024-03-05"),
    }
    project = projects.project(tmp_path, files)
    first = starlode.run(project)
    more = {
        "data/things2.csv": f"{columns},upd\n" + _line("1", "2024-02-01", c="7") + _line("9", "2024-02-01"),
        "data/events2.csv": f"{columns},ts\n" + _line("1", "2024-02-05", n="5"),
    }
    projects.write(tmp_path, more)

    second = starlode.run(project)

    assert (first.status, second.status, starlode.check(project)) == ("succeeded", "succeeded", ())
    joined = (
        "select f.`f`, d.`c`, d.`is_inferred`, f.`n`, q.`o` from star.fact_event as f\n"
        "  join star.dim_thing as d using (thing_key) join star.dim_plain as q using (plain_key) order by 1"
    )
    assert projects.rows(project, joined) == [(1, 7, False, 5, 1), (2, 2, False, 2, 2), (9, 9, False, 9, 9)]
    assert projects.rows(project, "select `k`, `s` from star.fact_total order by 1") == [(1, 5), (2, 2), (9, 9)]


def _line(value: str, moment: str, **other: str) -> str:
    return ",".join(other.get(name, value) for name in TAKEN) + f",{moment}\n"


def test_a_number_of_a_select_has_the_digits_that_it_needs(bigquery: str, tmp_path: Path) -> None:
    """BigQuery tells none of what a SELECT gives, and a number has nine behind the point there."""
    session = BigQuery.named(bigquery, tmp_path).connect()
    sql = "select numeric '10.50' as a, numeric '7' as b, cast(null as numeric) as c, bignumeric '0.0000000001' as d"

    held = session.arrow(sql).schema
    session.close()

    assert [str(field.type) for field in held] == [
        *("decimal128(3, 1)", "decimal128(1, 0)", "decimal128(1, 0)"),
        "decimal128(11, 10)",
    ]
