"""No statement changes or takes out rows of the star that were not kept before, so that every run can be undone."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[2] / "src" / "starlode"
# Those of these modules speak of tables of the star; the others of staging, of the ledger, or of what was kept.
OF_THE_STAR = (
    "calendar",
    "cascade",
    "daily",
    "dimension",
    "fact",
    "junk",
    "kinds",
    "life",
    "lives",
    "mending",
    "pointing",
)
CHANGE = re.compile(
    r"((delete from|update) \{dialect\.table\(|dialect\.delete\()((shape\.)?(dimension|fact)\.)?table\b"
)
# One puts back what was kept; the other takes over what was built, and kept, where the star is built.
ELSEWHERE = ("undo", "taking_over")
# It keeps every member once, whatever it does to them then.
KEEPS_ALL = {"calendar._renew": {"correct_members"}}
# What goes with columns: a run that changes those cannot be undone, and `undo` refuses it.
WITH_COLUMNS = {
    "shaping._shape_table": {"delete_past", "open_spans"},
    "junk.build_junk": {"empty"},
}


def test_whatever_changes_rows_of_the_star_keeps_them_first() -> None:
    changing = {name for module in OF_THE_STAR for name in _changing(SOURCE / "sql" / f"{module}.py")} | {"empty"}
    unkept = [
        f"steps/{path.stem}.py: {function.name} runs {name} and keeps nothing before it"
        for path in sorted((SOURCE / "steps").glob("*.py"))
        if path.stem not in ELSEWHERE
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        for name, is_kept in _run(function, changing)
        if not is_kept and name not in (WITH_COLUMNS | KEEPS_ALL).get(f"{path.stem}.{function.name}", set())
    ]

    assert {"delete_changed", "flag_deleted", "take_out", "remove", "delete_reserved", "label_inferred"} <= changing
    assert unkept == []


def test_what_goes_with_columns_is_there() -> None:
    run = {
        f"{path.stem}.{function.name}": {name for name, _ in _run(function, {"delete_past", "open_spans", "empty"})}
        for path in (SOURCE / "steps").glob("*.py")
        if path.stem not in ELSEWHERE
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
    }

    assert {name: called for name, called in run.items() if called} == WITH_COLUMNS


def _changing(module: Path) -> Iterator[str]:
    """The functions of a module that say a statement which changes or takes out rows of a table of the star."""
    for function in ast.parse(module.read_text()).body:
        if isinstance(function, ast.FunctionDef) and CHANGE.search(ast.unparse(function)):
            yield function.name


def _run(function: ast.FunctionDef, changing: set[str]) -> Iterator[tuple[str, bool]]:
    """The statements that a function runs of some, and whether rows were kept between it and the one before."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    kept = [call.lineno for call in calls if _name(call) == "keep_before"]
    # Each change has a keeping of its own before it.
    changes = sorted((call.lineno, _name(call)) for call in calls if _name(call) in changing)
    for place, (line, name) in enumerate(changes):
        after = changes[place - 1][0] if place else 0
        yield name, any(after < at < line for at in kept)


def _name(call: ast.Call) -> str:
    return (
        call.func.attr
        if isinstance(call.func, ast.Attribute)
        else call.func.id
        if isinstance(call.func, ast.Name)
        else ""
    )
