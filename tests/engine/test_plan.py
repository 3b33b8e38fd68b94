"""A plan is a pure function: from a project, a state and what the sources show, without a warehouse and without files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from starlode.check import Check
from starlode.errors import ProjectError
from starlode.exporters.csv import Csv
from starlode.landing import LandedFile, Manifest
from starlode.ledger import Loaded, State
from starlode.plan import Options, Plan, Seen, digest_of, make_plan
from starlode.project import Project
from starlode.source import Look, Mode, Stream
from starlode.sources.files import Files, FileSettings
from starlode.star import Calendar, Dimension, Fact, Role, Select, Star
from starlode.step import Build, Land, Load
from starlode.stores.folder import Folder
from starlode.table import INTEGER, TEXT, TIMESTAMP, Column
from starlode.warehouses.duckdb import DuckDB

CUSTOMERS = Stream("shop", "customers", FileSettings(files="c*.csv"), key=("customer_id",))
ORDERS = Stream("shop", "orders", FileSettings(files="o*.csv"))
CUSTOMER = Dimension("customer", Select("select * from shop.customers", "customer.sql"), key=("customer_id",))
DATE = Dimension("date", calendar=Calendar(2024, 2024))
SALES = Fact(
    "sales",
    Select("select * from shop.orders", "sales.sql"),
    grain=("order_id",),
    roles=(Role("customer", ("customer_id",)), Role("date", ("ordered_at",))),
)
STAR = Star((DATE, CUSTOMER), (SALES,))
COLUMNS = {"shop.customers": (Column("customer_id", TEXT),), "shop.orders": (Column("order_id", INTEGER),)}
NOTHING = Seen(Look("incremental"))
NEW = Seen(Look("incremental", ("o2.csv",), reason="files: 1 new"), landed=(1,))
EVERYTHING = Seen(Look("full", ("a.csv",), reason="asked to read everything"), landed=(1,))


def test_nothing_new_makes_an_empty_plan() -> None:
    plan = _plan(_project(), _state())

    assert plan.is_empty
    assert plan.state == _state()


def test_a_first_run_does_everything_in_the_order_of_the_journey() -> None:
    first = Seen(Look("incremental", ("a.csv",), reason="files: 1 new"))

    plan = _plan(_project(), State(), {"shop.customers": first, "shop.orders": first})

    assert _objects(plan) == [
        "land shop.customers",
        "land shop.orders",
        "load shop.customers",
        "load shop.orders",
        "build dim_date",
        "build dim_customer",
        "build fact_sales",
        "check star",
    ]
    assert {step.reason for step in plan.steps if step.verb == "build"} == {"new"}


def test_a_build_is_narrowed_to_what_changed_since_the_last_one() -> None:
    plan = _plan(_project(), _state(), {"shop.orders": NEW})

    build = next(step for step in plan.steps if isinstance(step, Build))
    assert (build.since, build.changed, build.members) == (5, ("shop.orders",), ())


def test_a_stream_that_is_not_followed_is_taken_as_a_whole_and_the_plan_says_so() -> None:
    plan = _plan(_project(), _state(followed={}), {"shop.orders": NEW})

    build = next(step for step in plan.steps if isinstance(step, Build))
    assert (build.since, build.reason) == (0, "shop.orders changed; as a whole: shop.orders was loaded as a whole")


def test_a_select_that_cannot_be_narrowed_is_built_as_a_whole_and_the_plan_says_why() -> None:
    counted = replace(SALES, select=Select("select *, row_number() over () as n from shop.orders", "sales.sql"))
    project = _project(Star((DATE, CUSTOMER), (counted,)))

    plan = _plan(project, _state(project=project), {"shop.orders": NEW})

    build = next(step for step in plan.steps if isinstance(step, Build))
    assert build.reason == "shop.orders changed; as a whole: it looks at several rows at once (a window)"


def test_new_rows_move_only_what_is_made_from_them() -> None:
    plan = _plan(_project(), _state(), {"shop.orders": NEW})

    assert _objects(plan) == ["land shop.orders", "load shop.orders", "build fact_sales", "check star"]
    assert [step.reason for step in plan.steps] == [
        "files: 1 new",
        "files: 1 new",
        "shop.orders changed",
        "1 model built",
    ]


def test_a_dimension_that_moves_moves_its_facts() -> None:
    plan = _plan(_project(), _state(), {"shop.customers": NEW})

    assert _objects(plan)[-3:] == ["build dim_customer", "build fact_sales", "check star"]
    assert _reason(plan, "fact_sales") == "dim_customer changed"


def test_facts_follow_a_dimension_with_history_that_is_chosen_without_them() -> None:
    """A late row may let a version begin earlier and give it another key; no fact is left at a key that is gone."""
    moving = replace(CUSTOMER, history=("city",), at="changed_at")
    project = _project(Star((DATE, moving), (SALES,)))
    chosen = Options(select=("shop.customers", "dim_customer"), full=True)
    state = _state(project=project)

    plan = _plan(project, state, {"shop.customers": NEW}, chosen)
    plain = _plan(_project(), _state(), {"shop.customers": NEW}, chosen)
    tables = {name: columns for name, columns in state.tables.items() if name != str(SALES.table)}
    first = _plan(project, replace(state, tables=tables), {"shop.customers": NEW}, chosen)

    assert [s.object for s in plan.steps if isinstance(s, Build)] == ["dim_customer", "fact_sales"]
    assert _reason(plan, "dim_customer") == "asked for in full"
    assert _reason(plan, "fact_sales") == "dim_customer changed"
    assert [s.object for s in plain.steps if isinstance(s, Build)] == ["dim_customer"], "without versions, keys stay"
    assert [s.object for s in first.steps if isinstance(s, Build)] == ["dim_customer"], "what is not there has no keys"


def test_the_next_extraction_has_the_next_number_and_the_columns_of_the_last() -> None:
    land, load, *_ = _plan(_project(), _state(), {"shop.orders": NEW}).steps

    assert isinstance(land, Land)
    assert isinstance(load, Load)
    assert (land.number, load.numbers) == (2, (2,))
    assert land.columns == COLUMNS["shop.orders"]


def test_a_number_is_not_used_again_though_the_landing_was_emptied() -> None:
    emptied = Seen(NEW.look, landed=())

    land = _plan(_project(), _state(manifest=7), {"shop.orders": emptied}).steps[0]

    assert isinstance(land, Land)
    assert land.number == 8


def test_columns_that_never_had_a_value_are_left_to_the_next_rows() -> None:
    state = _state(undecided=frozenset({("shop.orders", "order_id")}))

    land = _plan(_project(), state, {"shop.orders": NEW}).steps[0]

    assert isinstance(land, Land)
    assert land.columns == ()


def test_a_changed_declaration_is_built_anew_and_what_uses_it() -> None:
    changed = Dimension(
        "customer", Select("select * from shop.customers where true", "customer.sql"), key=("customer_id",)
    )

    plan = _plan(_project(Star((DATE, changed), (SALES,))), _state())

    assert _objects(plan) == ["build dim_customer", "build fact_sales", "check star"]
    assert _reason(plan, "dim_customer") == "its declaration changed"


def test_a_table_that_was_dropped_is_new() -> None:
    tables = {name: columns for name, columns in _state().tables.items() if name != "star.fact_sales"}

    plan = _plan(_project(), _state(tables=tables))

    assert _reason(plan, "fact_sales") == "new"


def test_what_died_between_landing_and_loading_is_loaded_without_reading() -> None:
    died = Seen(Look("incremental"), landed=(1, 2), waiting=(_manifest(2),))

    plan = _plan(_project(), _state(), {"shop.orders": died})

    assert _objects(plan) == ["load shop.orders", "build fact_sales", "check star"]
    assert plan.steps[0].reason == "1 extraction landed and waiting"


def test_what_waits_is_loaded_before_what_is_new() -> None:
    both = Seen(NEW.look, landed=(1, 2), waiting=(_manifest(2),))

    land, load, *_ = _plan(_project(), _state(), {"shop.orders": both}).steps

    assert isinstance(land, Land)
    assert isinstance(load, Load)
    assert (land.number, load.numbers) == (3, (2, 3))
    assert land.columns == (Column("order_id", INTEGER), Column("note", TEXT))


def test_what_died_between_loading_and_building_is_built() -> None:
    state = _state(loads={("load", "shop.orders"): Loaded("", 9, 2)})

    plan = _plan(_project(), state)

    assert _objects(plan) == ["build fact_sales", "check star"]


def test_checks_that_have_not_passed_since_the_last_build_run_again() -> None:
    state = _state(loads={("check", "star"): Loaded(digest_of((STAR, ())), 1, 0)})

    plan = _plan(_project(), state)

    assert _objects(plan) == ["check star"]
    assert plan.steps[0].reason == "they have not passed since the last change"


def test_a_changed_check_runs_without_building() -> None:
    check = Check("no orders", "not_null", "fact_sales", ("order_id",))

    plan = _plan(_project(checks=(check,)), _state())

    assert _objects(plan) == ["check star"]
    assert plan.steps[0].reason == "the declarations changed"


def test_checks_of_staging_follow_its_loads() -> None:
    check = Check("no orders", "not_null", "shop.orders", ("order_id",))
    project = _project(Star(), checks=(check,))

    moved = _plan(project, State(columns=COLUMNS), {"shop.orders": NEW})
    failed = _plan(project, State({("load", "shop.orders"): Loaded("", 3, 1)}, columns=COLUMNS))

    assert _objects(moved) == ["land shop.orders", "load shop.orders", "check star"]
    assert _objects(failed) == ["check star"]


def test_history_asked_for_later_is_read_from_the_whole_landing() -> None:
    select = Select("select * from shop.customers", "customer.sql")
    kept = Dimension("customer", select, key=("customer_id",), history=("city",), at="changed_at")
    seen = Seen(Look("incremental"), landed=(1, 2, 3))

    plan = _plan(_project(Star((DATE, kept), (SALES,))), _state(), {"shop.customers": seen})

    load = plan.steps[0]
    assert isinstance(load, Load)
    assert (load.object, load.numbers, load.keeps_seen) == ("shop.customers", (1, 2, 3), True)
    assert load.reason == "a dimension asks for its history now"


def test_history_that_is_kept_already_asks_for_nothing() -> None:
    select = Select("select * from shop.customers", "customer.sql")
    kept = Dimension("customer", select, key=("customer_id",), history=("city",), at="changed_at")
    project = _project(Star((DATE, kept), (SALES,)))
    state = _state(project=project, seen=frozenset({"shop.customers"}))

    assert _plan(project, state, {"shop.customers": Seen(Look("incremental"), landed=(1, 2, 3))}).is_empty


def test_a_model_whose_stream_gave_no_row_is_not_planned_again() -> None:
    state = State(
        {("load", "shop.orders"): Loaded("", 1, 1), ("build", "dim_date"): Loaded(digest_of(DATE), 2, 0)},
        columns={"shop.orders": COLUMNS["shop.orders"]},
        tables={"star.dim_date": ()},
    )

    assert _objects(_plan(_project(), state)) == ["check star"]


def test_a_full_extract_that_found_its_files_gone_is_landed() -> None:
    gone = Seen(Look("full", gone=("o1.csv",), reason="files: 1 gone"), landed=(1,))

    assert _objects(_plan(_project(), _state(), {"shop.orders": gone}))[:2] == ["land shop.orders", "load shop.orders"]


def test_a_full_run_reads_and_builds_everything_and_forgets_the_types() -> None:
    plan = _plan(_project(), _state(), {"shop.customers": EVERYTHING, "shop.orders": EVERYTHING}, Options(full=True))

    assert len(plan.steps) == 8
    assert [step.columns for step in plan.steps if isinstance(step, Land)] == [(), ()]
    assert _reason(plan, "dim_date") == "asked for in full"


@pytest.mark.parametrize(
    ("only", "verbs"), [("land", {"land"}), ("load", {"land", "load"}), ("build", {"land", "load", "build"})]
)
def test_a_plan_may_end_at_any_verb(only: str, verbs: set[str]) -> None:
    plan = _plan(_project(), _state(), {"shop.orders": NEW}, Options(only=only))  # type: ignore[arg-type]

    assert {step.verb for step in plan.steps} == verbs


@pytest.mark.parametrize(
    ("select", "objects"),
    [
        ("shop.orders", ["land shop.orders", "load shop.orders"]),
        ("shop", ["land shop.customers", "land shop.orders", "load shop.customers", "load shop.orders"]),
        ("dim_*", ["build dim_date", "build dim_customer", "check star"]),
        ("customer", ["build dim_customer", "check star"]),
        (
            "+dim_customer",
            ["land shop.customers", "load shop.customers", "build dim_customer", "check star"],
        ),
        ("shop.orders+", ["land shop.orders", "load shop.orders", "build fact_sales", "check star"]),
    ],
)
def test_a_selection_takes_its_part_of_the_plan(select: str, objects: list[str]) -> None:
    project = _project()
    seen = {str(s): EVERYTHING for s in project.streams}

    plan = _plan(project, _state(), seen, Options((select,), full=True))

    assert _objects(plan) == objects


def test_a_selection_of_nothing_names_what_there_is() -> None:
    with pytest.raises(ProjectError, match="nothing is called `fact_sale`") as wrong:
        _plan(_project(), _state(), options=Options(("fact_sale",)))

    assert "fact_sales" in str(wrong.value)


def test_exports_follow_the_star_and_their_own_declaration(tmp_path: Path) -> None:
    exporter = Csv(to="out")
    project = _project(exports=(("csv", exporter),), folder=tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.csv").touch()
    held = {("export", "csv: out"): Loaded(digest_of(exporter), 99, 0)}
    named = {"csv: out": {"out/a.csv": 1, "out/b.csv": 1}}

    new = _plan(project, _state())
    done = _plan(project, _state(loads=held))
    missing = _plan(project, _state(loads=held, positions=named))
    moved = _plan(project, _state(loads=held), {"shop.orders": NEW})

    assert _reason(new, "csv: out") == "new"
    assert done.is_empty
    assert _reason(missing, "csv: out") == "a file is missing"
    assert _reason(moved, "csv: out") == "the star changed"


def _plan(project: Project, state: State, seen: dict[str, Seen] | None = None, options: Options | None = None) -> Plan:
    shown = {str(stream): NOTHING for stream in project.streams} | (seen or {})
    return make_plan(project, options or Options(), state, shown)


def _project(
    star: Star = STAR,
    *,
    checks: tuple[Check, ...] = (),
    exports: tuple[tuple[str, Csv], ...] = (),
    folder: Path = Path("/nowhere"),
) -> Project:
    source = Files("shop", "data", folder, (CUSTOMERS, ORDERS))
    return Project(
        "shop", folder, Folder(folder / "landing"), DuckDB(folder / "w.duckdb"), (source,), star, checks, exports
    )


def _state(*, project: Project | None = None, manifest: int = 1, loads: object = None, **changes: object) -> State:
    """The state after a run that did everything, with something of it changed."""
    of = project or _project()
    models: tuple[Dimension | Fact, ...] = (*of.star.dimensions, *of.star.facts)
    done = {
        ("load", "shop.customers"): Loaded("", 1, manifest),
        ("load", "shop.orders"): Loaded("", 2, manifest),
        **{("build", model.table.name): Loaded(digest_of(model), 3 + i, 0) for i, model in enumerate(models)},
        ("check", "star"): Loaded(digest_of((of.star, of.checks)), 8, 0),
    }
    held = {str(table): (Column("key", INTEGER), Column("at", TIMESTAMP)) for table in of.star.tables}
    followed = {"shop__customers": 1, "shop__orders": 2}
    fields = {"columns": COLUMNS, "tables": held, "followed": followed} | changes
    return State(done | dict(loads or {}), **fields)  # type: ignore[call-overload, arg-type]


def _manifest(number: int, mode: Mode = "incremental") -> Manifest:
    columns = (Column("order_id", INTEGER), Column("note", TEXT), Column("empty", TEXT))
    file = LandedFile("part-00001.parquet", 1, 1, "", columns)
    return Manifest("shop.orders", number, "run", mode, "", (file,), 1, 0, empty=("empty",))


def _objects(plan: Plan) -> list[str]:
    return [f"{step.verb} {step.object}" for step in plan.steps]


def _reason(plan: Plan, name: str) -> str:
    return next(step.reason for step in plan.steps if step.object == name)
