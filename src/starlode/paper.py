"""The SQL of a plan, said without touching the warehouse.

The plan is carried out on an empty shadow in memory whose tables have the columns of the real ones, and what each step says
to it is written down. So the printed SQL is what the run will say, not a second description of it.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from starlode.arrow import columns_of
from starlode.landing import LandedFile, Manifest, numbers, read_manifest
from starlode.ledger import Ledger
from starlode.sql import staging
from starlode.sql.deletes import deleted_table
from starlode.sql.dialect import OWN
from starlode.sql.following import gone_table
from starlode.sql.keys import key_map
from starlode.sql.ledger import FOLLOWED
from starlode.step import Build, Check, Land, Load
from starlode.steps.build import build
from starlode.steps.check import claims_of
from starlode.steps.load import load_extraction
from starlode.stores.folder import Folder
from starlode.warehouses.duckdb import DuckDB
from starlode.work import Readers, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import pyarrow as pa

    from starlode.plan import Plan
    from starlode.session import Reshape, Session
    from starlode.source import Mode, Stream
    from starlode.sql.dialect import Dialect
    from starlode.step import Step
    from starlode.store import Promised, Store
    from starlode.table import Column, Table, Type

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Heard:
    """What a run says to the warehouse: a statement with its values, or a question whose answer decides how it goes on."""

    sql: str
    values: tuple[Any, ...] = ()
    is_question: bool = False


def statements(plan: Plan) -> tuple[tuple[Step, tuple[str, ...]], ...]:
    """Each step of a plan with the statements that it would run, the ledger's own lines aside."""
    return tuple((step, tuple(h.sql for h in said if not h.is_question)) for step, said in heard(plan))


def heard(plan: Plan) -> tuple[tuple[Step, tuple[Heard, ...]], ...]:
    """The same with what a run asks in between, and with the values of each."""
    session = DuckDB(Path(":memory:")).connect()
    dialect = plan.project.warehouse.dialect
    filled = tuple(table for table in plan.project.star.tables if str(table) in plan.state.tables)
    try:
        with Readers(plan.project) as readers:
            paper = Paper(session, filled)
            told = _carry_out(plan, paper, readers)
            return told if dialect.is_users else _carry_out(plan, Echo(session, dialect, paper.answers), readers)
    finally:
        session.close()


def _carry_out(plan: Plan, paper: Paper, readers: Readers) -> tuple[tuple[Step, tuple[Heard, ...]], ...]:
    work = Work(
        plan.project,
        Named(plan.project.landing.folder, plan.project.landing),
        paper,
        Ledger(paper, plan.project.name, "plan"),
        readers,
        lambda _: None,
        is_on_paper=True,
    )
    work.ledger.prepare()
    _make_tables(plan, work)
    paper.note(FOLLOWED, tuple(plan.state.followed.items()))
    modes = {step.object: step.look.mode for step in plan.steps if isinstance(step, Land)}
    sent = paper.dialect.sent
    return tuple(
        (step, tuple(replace(said, sql=sent(said.sql)) for said in _said(step, modes, work, paper)))
        for step in plan.steps
    )


@dataclass(frozen=True)
class Named(Folder):
    """The landing on paper: its files have names, and nobody reads them."""

    landing: Store

    def fetch(self, files: Sequence[Promised]) -> Iterator[tuple[str, ...]]:
        yield tuple(self.landing.shown(file.path) for file in files)


class Paper:
    """A session that runs on the shadow and remembers what it was told to change."""

    def __init__(self, session: Session, filled: tuple[Table, ...]) -> None:
        self._session = session
        self._counts = frozenset(staging.count(session.dialect, table) for table in filled)
        self.said: list[Heard] = []
        self.answers: list[Any] = []

    @property
    def dialect(self) -> Dialect:
        return self._session.dialect

    def reads(self, files: Sequence[str], landed: Mapping[str, Type]) -> bool:  # noqa: ARG002
        return False

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self.said.append(Heard(sql, tuple(values)))
        self._session.execute(sql, values)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of the shadow; tables that are filled in the real warehouse count one, so that they are compared."""
        self._ask(sql, values)
        return self._kept([(1,)] if sql in self._counts else self._session.rows(sql, values))

    def arrow(self, sql: str, values: Sequence[Any] = ()) -> pa.RecordBatchReader:
        self._ask(sql, values)
        return self._session.arrow(sql, values)

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Left out: only the ledger writes rows by hand."""

    def describe(self, sql: str) -> tuple[Column, ...]:
        return self._kept(self._session.describe(sql))

    def sized(self, columns: tuple[Column, ...], rows: str) -> tuple[Column, ...]:  # noqa: ARG002
        """As they are: on paper no text has a length."""
        return columns

    def columns(self, table: Table) -> tuple[Column, ...]:
        return self._kept(self._session.columns(table))

    def note(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Let the shadow know what the ledger says."""
        self._session.insert(table, rows)

    def load(self, table: Table, files: Sequence[str], landed: Mapping[str, Type], fixed: Mapping[str, int]) -> None:
        d = self.dialect
        loading = d.loading(table, files, landed, fixed)
        self.said += map(Heard, loading)
        if loading:
            return
        text = (
            f"insert into {d.table(table)} ({d.names(table.names)})\n"
            f"select {', '.join(staging.values(d, table, landed, fixed))}\n  from the landed files {', '.join(files)}"
        )
        self.said.append(Heard(text))

    def misfits(self, column: Column, values: pa.Array[Any]) -> None:
        """None: nothing is landed on paper."""

    def reshape(self, table: Table, change: Reshape) -> None:
        for statement in staging.reshape(self.dialect, table, change):
            self.execute(statement)

    def lay(self, table: Table) -> None:
        """Nothing: on paper nothing lies anywhere."""

    @contextmanager
    def showing(self, view: Table, select: Callable[[], str | None]) -> Iterator[None]:
        self.execute(staging.drop_view(self.dialect, view))
        yield
        shown = select()
        if shown is not None:
            self.execute(staging.create_view(self.dialect, view, shown))

    def swap(self, table: Table, beside: Table) -> None:
        if self.columns(table):
            self.execute(staging.drop(self.dialect, table))
        self.execute(staging.rename(self.dialect, beside, table.name))

    def find_by(self, table: Table, names: Sequence[str], *, grows: bool = False) -> None:
        """Left out: it changes no row."""

    def learn(self, table: str) -> None:
        """Left out: it changes no row."""

    def look_up(self, sql: str) -> None:
        self.execute(sql)

    def sign(self, run_id: str) -> None:
        """Left out: it changes no row."""

    def transaction(self) -> AbstractContextManager[None]:
        return self._session.transaction()

    def close(self) -> None:
        self._session.close()

    def _ask(self, sql: str, values: Sequence[Any]) -> None:
        self.said.append(Heard(sql, tuple(values), is_question=True))

    def _kept(self, answer: Answer) -> Answer:
        self.answers.append(answer)
        return answer


class Echo(Paper):
    """The same once more in another warehouse's words, with the answers that the shadow gave: nothing is run."""

    def __init__(self, session: Session, dialect: Dialect, answers: Sequence[Any]) -> None:
        super().__init__(session, ())
        self._dialect = dialect
        self._told = iter(answers)

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self.said.append(Heard(sql, tuple(values)))

    def note(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Left out: the shadow's answers have it."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self._ask(sql, values)
        return next(self._told)

    def describe(self, sql: str) -> tuple[Column, ...]:  # noqa: ARG002
        return next(self._told)

    def columns(self, table: Table) -> tuple[Column, ...]:  # noqa: ARG002
        return next(self._told)

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()


def _make_tables(plan: Plan, work: Work) -> None:
    """Give the shadow the tables that the warehouse has now."""
    for stream in plan.project.streams:
        columns = plan.state.columns.get(str(stream), ())
        for table in (staging.staging_table(stream, columns), staging.seen_table(stream, columns)):
            if columns and (str(stream) in plan.state.seen or not table.name.endswith(staging.SEEN)):
                work.session.execute(staging.create(work.session.dialect, table))
                if table.name in plan.state.followed:
                    work.session.execute(staging.create(work.session.dialect, gone_table(table)))
        if str(stream) in plan.state.deleted:
            work.session.execute(staging.create(work.session.dialect, deleted_table(stream, columns)))
    star = plan.project.star
    for table in (*star.tables, *(key_map(d) for d in star.dimensions)):
        if str(table) in plan.state.tables:
            held = replace(table, columns=plan.state.tables[str(table)])
            work.session.execute(staging.create(work.session.dialect, held))


def _said(step: Step, modes: Mapping[str, Mode], work: Work, paper: Paper) -> tuple[Heard, ...]:
    paper.said.clear()
    if isinstance(step, Load):
        manifest = _manifest(step, modes.get(step.object, step.stream.mode), work)
        with work.ledger.recorded(step) as entry:
            entry.outcome = load_extraction(step, work, manifest, entry.load_key)
    elif isinstance(step, Build):
        build(step, work)
    elif isinstance(step, Check):
        return tuple(Heard(claim.sql) for claim in claims_of(work.project, work.session, step.since))
    return tuple(said for said in paper.said if not _is_drop_of_work(said.sql))


def _manifest(step: Load, mode: Mode, work: Work) -> Manifest:
    """An extraction without rows, with the columns that wait in the landing, that the stream has, or that its source shows."""
    landing, stream = work.project.landing, step.stream
    landed = [number for number in numbers(landing, stream) if number in step.numbers]
    held = tuple(c for c in work.session.columns(staging.staging_table(stream)) if c.name != staging.LOAD_COLUMN)
    columns = read_manifest(landing, stream, landed[-1]).columns if landed else held or _first_columns(stream, work)
    file = LandedFile("part-00001.parquet", 0, 0, "", columns)
    return Manifest(str(stream), step.numbers[-1], "plan", mode, "", (file,) if columns else (), 0, 0)


def _first_columns(stream: Stream, work: Work) -> tuple[Column, ...]:
    reader = work.readers[stream.source]
    look = reader.look(stream, {})
    if look.columns:
        return look.columns
    first = replace(look, units=look.units[:1])
    for batch in islice(reader.read(stream, first, ()), 1):
        return columns_of(batch.rows.schema)
    return ()


def _is_drop_of_work(sql: str) -> bool:
    return sql.startswith("drop table if exists") and any(mark in sql.lower() for mark in (OWN, "work_", staging.WORK))
