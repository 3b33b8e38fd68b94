"""A row that cannot be carried was not deleted: its member stays, and where nobody can say whose it was, all stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.finding import Reject
from starlode.steps.doubt import key_in
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlode.finding import Finding

pytestmark = pytest.mark.usefixtures("every_warehouse")

PROJECT = """
name: shop
sources:
  shop:
    files: data
    streams:
      customers:
        {files: "customers*.%s", key: [country, customer_id], mode: %s, may_shrink: true, max_rejects: 9,
         types: {country: text, customer_id: integer, rank: integer, changed_at: timestamp}}
dimensions:
  customer: {from: shop.customers, key: [country, customer_id], history: [rank], at: changed_at, deletes: close}
  marked: {from: shop.customers, key: [country, customer_id], deletes: flag}
"""
HEADER = "country,customer_id,rank,changed_at\n"
AT = "2024-01-01 00:00:00"
FIRST = [f"FR,1,1,{AT}", f"FR,2,2,{AT}", f"DE,1,3,{AT}", f"DE,12,4,{AT}"]


@pytest.mark.parametrize("mode", ["full", "incremental"])
def test_only_whom_no_rejected_row_names_is_deleted(mode: str, tmp_path: Path) -> None:
    _run(tmp_path, FIRST, mode)

    told = _run(tmp_path, [FIRST[0], f"DE,1,many,{AT}"], mode)

    assert _away(tmp_path) == {("FR", 2), ("DE", 12)}
    assert [f.found for f in told if f.rule == "deletions held back"] == ["1"]
    _mended(tmp_path, FIRST[:1] + FIRST[2:3], mode)
    assert _away(tmp_path) == {("FR", 2), ("DE", 12)}
    assert projects.value(_project(tmp_path), "select count(*) from star.dim_customer where customer_id = 1") == 2


@pytest.mark.parametrize("mode", ["full", "incremental"])
def test_once_nothing_is_rejected_whoever_is_missing_is_deleted(mode: str, tmp_path: Path) -> None:
    _run(tmp_path, FIRST, mode)
    _run(tmp_path, [*FIRST[:2], f"DE,one,3,{AT}"], mode)
    assert _away(tmp_path) == set()

    told = _run(tmp_path, FIRST[:2], mode)

    assert _away(tmp_path) == {("DE", 1), ("DE", 12)}
    assert [f for f in told if f.rule == "deletions held back"] == []
    starlode.rebuild(_project(tmp_path), "customer", "marked")
    assert _away(tmp_path) == {("DE", 1), ("DE", 12)}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('"DE","12","x"', [("DE", 12)]),
        ("DE, 001 ,x", [("DE", 1)]),
        ("DE~12~4~more", [("DE", 12)]),
        ("FR,2,12", [("FR", 2)]),
        ("DE,112,x", []),
        ('{"country": "DE", "customer": {"id": 12.0}}', [("DE", 12)]),
        ('{"country": "D\\u0045", "customer_id": 1}', [("DE", 1)]),
        ('{"country": "DE", "customer_id": null}', []),
        ('"a ""B""",3', [('a "B"', 3)]),
        ("a B,3", []),
    ],
)
def test_the_key_of_a_rejected_row_is_read_from_its_text(text: str, named: list[tuple[object, ...]]) -> None:
    reject = Reject("customers.csv", 2, "rank", text, "not of type integer", "type")

    assert key_in([("FR", 2), ("DE", 1), ("DE", 12), ('a "B"', 3)], [reject]) == named


def test_so_it_is_read_from_json(tmp_path: Path) -> None:
    rows = ['{"country": "FR", "customer_id": 1, "rank": 1}', '{"country": "DE", "customer_id": 1, "rank": 1}']
    files = {"data/customers1.jsonl": "\n".join([*rows, '{"country": "IT", "customer_id": 1, "rank": 1}'])}
    projects.project(tmp_path, {"starlode.yml": PROJECT.replace(", at: changed_at", "") % ("jsonl", "full"), **files})
    starlode.run(_project(tmp_path))

    bad = rows[1].replace('"rank": 1', '"rank": "a lot"')
    projects.write(tmp_path, {"data/customers1.jsonl": f"{rows[0]}\n{bad}\n"})
    starlode.run(_project(tmp_path))

    assert _away(tmp_path) == {("IT", 1)}


def test_a_rebuild_remembers_what_was_rejected_then(tmp_path: Path) -> None:
    _run(tmp_path, FIRST, "full")
    _run(tmp_path, [*FIRST[:2], f"DE,1,many,{AT}"], "full")
    before = projects.star(_project(tmp_path))

    starlode.rebuild(_project(tmp_path), "customer", "marked")

    assert _away(tmp_path) == {("DE", 12)}
    assert projects.star(_project(tmp_path)) == before


def _run(folder: Path, rows: list[str], mode: str) -> tuple[Finding, ...]:
    projects.write(folder, {"starlode.yml": PROJECT % ("csv", mode), **_files(rows)})
    run = starlode.run(_project(folder))
    return tuple(finding for done in run.done for finding in done.outcome.findings)


def _mended(folder: Path, rows: list[str], mode: str) -> None:
    assert starlode.rejects(_project(folder)) != ()
    _run(folder, rows, mode)
    assert starlode.rejects(_project(folder)) == ()


def _files(rows: list[str]) -> Mapping[str, str]:
    return {"data/customers1.csv": HEADER + "".join(f"{row}\n" for row in rows)}


def _project(folder: Path) -> starlode.Project:
    return starlode.read(folder)


def _away(folder: Path) -> set[tuple[str, int]]:
    """The members that are marked as deleted; those without a current version are the same."""
    marked = projects.rows(_project(folder), "select country, customer_id from star.dim_marked where is_deleted")
    ended = projects.rows(
        _project(folder),
        "select country, customer_id from star.dim_customer where customer_key > 0\n"
        " group by country, customer_id having not bool_or(is_current)",
    )
    assert set(marked) == set(ended)
    return set(marked)
