"""The house stays as ARCHITECTURE.md draws it: imports point down, SQL has its rooms, and nothing grows beyond a glance."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "starlode"
FLOORS = (
    ("cli", "__main__", "commands", "terminal", "arguments", "asked", "completion"),
    (
        *("run", "history", "query", "sweep", "retention", "paper", "cost", "why", "tracing"),
        *("rebuild", "undo", "reloading", "restoring"),
    ),
    ("expand",),
    ("plan", "narrowing", "portions"),
    ("steps", "work"),
    ("project", "schema", "meaning", "declaration", "declare", "document", "environment", "ledger", "contract"),
    ("registry", "engine", "sources", "warehouses", "exporters", "diagram", "delivery"),
    ("sandbox",),
    (
        *("formats", "embedded", "bigquery", "postgres", "redshift", "snowflake"),
        *("landing", "edition", "parts", "arrow", "stores", "remembered"),
    ),
    ("sql",),
    ("source", "warehouse", "session", "star", "step", "check", "export", "store"),
    ("errors", "finding", "languages", "table", "nearest", "words", "secret"),
)
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
MODULES = sorted(
    path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py" and "templates" not in path.parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
EVERY_FILE = [*MODULES, SOURCE / "__init__.py", *TESTS, *sorted((ROOT / "bench").glob("*.py"))]
# Where a statement may be written: its own floor, and the adapters that have words of their own.
ROOMS_FOR_SQL = ("sql", "warehouses", "embedded", "bigquery", "postgres", "redshift", "snowflake", "engine", "sandbox")
# A stream in place of a SELECT is one; the plan on paper names landed files.
MAY_SPEAK_SQL = ("meaning.selects", "paper")
STATEMENT = re.compile(
    r"^\s*(select\s|insert into\s|delete from\s|update \S+ set\s|create (temp )?table|drop table|alter table)", re.I
)
LONGEST_FILE, LONGEST_FUNCTION = 500, 60


def test_every_part_of_the_house_has_its_floor() -> None:
    parts = {_part(path) for path in MODULES}

    assert parts == FLOOR_OF.keys()


def test_imports_point_down() -> None:
    up = [
        f"{_module(path)} imports {name}"
        for path in MODULES
        for name in _own_imports(path)
        if FLOOR_OF[name.split(".")[0]] < FLOOR_OF[_part(path)]
    ]

    assert up == []


def test_no_import_goes_round_in_circles() -> None:
    graph = {_module(path): _own_imports(path) for path in MODULES}

    order = list(TopologicalSorter(graph).static_order())

    assert set(order) >= graph.keys()


@pytest.mark.parametrize(
    ("driver", "rooms"),
    [
        ("duckdb", ("warehouses", "embedded", "postgres", "engine", "sandbox")),
        ("psycopg", ("postgres", "warehouses", "sandbox")),
        ("google", ("bigquery", "sandbox")),
        ("redshift_connector", ("redshift",)),
        ("snowflake", ("snowflake", "sandbox")),
        ("obstore", ("stores", "sandbox")),
        ("botocore", ("stores", "sandbox")),
        ("rich", ("terminal",)),
        ("argcomplete", ("completion", "commands")),
    ],
)
def test_a_driver_is_imported_only_in_its_room(driver: str, rooms: tuple[str, ...]) -> None:
    users = {_part(path) for path in MODULES if driver in _imports(path)}

    assert users <= set(rooms)
    assert users


def test_nothing_of_our_own_is_imported_inside_a_function() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in MODULES
        for function in _functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("starlode")
    ]

    assert found == []


def test_sql_is_written_in_its_rooms_only() -> None:
    found = [
        f"{path.relative_to(SOURCE)}: {text[:60]}"
        for path in MODULES
        if _part(path) not in ROOMS_FOR_SQL and _module(path) not in MAY_SPEAK_SQL
        for text in _texts(path)
        if STATEMENT.match(text)
    ]

    assert found == []


def test_a_file_can_be_read_in_one_sitting() -> None:
    sizes = {str(path.relative_to(ROOT)): path.read_text("utf-8").count("\n") for path in EVERY_FILE}

    assert {name: lines for name, lines in sizes.items() if lines > LONGEST_FILE} == {}


def test_a_function_fits_a_glance() -> None:
    sizes = {f"{path.relative_to(ROOT)} {f.name}": _length(f) for path in EVERY_FILE for f in _functions(path)}

    assert {name: lines for name, lines in sizes.items() if lines > LONGEST_FUNCTION} == {}


def test_every_file_opens_by_saying_what_it_is() -> None:
    assert [_module(path) for path in MODULES if not ast.get_docstring(_tree(path))] == []


def test_no_test_plays_with_puppets() -> None:
    words = re.compile(r"\b(Magic" + r"Mock|Mock\(|mock\." + r"patch|mocker\.|monkey" + r"patch\.setattr)")

    assert [path.name for path in TESTS if words.search(path.read_text("utf-8"))] == []


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|NotImplemented" + r"Error)\b")

    assert [str(path.relative_to(ROOT)) for path in EVERY_FILE if words.search(path.read_text("utf-8"))] == []


def test_a_tool_for_warehouses_asks_for_none_by_name() -> None:
    named = re.compile(r"==\s*[\"'](duckdb|postgres|snowflake|bigquery|redshift|spark)[\"']")

    assert [path.name for path in MODULES if named.search(path.read_text("utf-8"))] == []


def _part(path: Path) -> str:
    """The floor's member that a module belongs to: a folder, or a module of its own."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def _module(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _imports(path: Path) -> set[str]:
    """The top names of everything that a module imports when it runs."""
    return {name.split(".")[0] for name in _imported(path)}


def _own_imports(path: Path) -> set[str]:
    """The modules of the house that a module imports when it runs."""
    modules = {_module(other) for other in MODULES}
    own = {name.removeprefix("starlode.") for name in _imported(path) if name.startswith("starlode.")}
    return {name if name in modules else name.rpartition(".")[0] for name in own} & modules - {_module(path)}


def _imported(path: Path) -> set[str]:
    """Dotted names as they are imported; what only type checkers see is left out."""
    tree = _tree(path)
    seen_by_checkers = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in seen_by_checkers:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(_tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _texts(path: Path) -> list[str]:
    """The texts of a module, with what is put into them left out; docstrings are no texts."""
    tree = _tree(path)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]
