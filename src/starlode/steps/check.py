"""Check: hold the star against its promises and the user's own claims."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlode.errors import CheckFailed, DataError
from starlode.finding import Finding
from starlode.nearest import hint
from starlode.sql import check as sql
from starlode.sql import select, staging
from starlode.sql.deletes import has_left
from starlode.star import STAR_SCHEMA
from starlode.step import Outcome
from starlode.steps.comparing import compare_news
from starlode.steps.deletes import away
from starlode.table import Table
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot import exp

    from starlode.check import Check
    from starlode.finding import Severity
    from starlode.project import Project
    from starlode.session import Session
    from starlode.sql.deletes import Away
    from starlode.sql.dialect import Dialect
    from starlode.sql.select import StreamName
    from starlode.star import Dimension, Fact, Star
    from starlode.step import Check as CheckStep
    from starlode.work import Work


@dataclass(frozen=True)
class Claim:
    """What must hold of a table, and the SELECT that counts the rows which break it."""

    rule: str
    table: str
    says: str
    sql: str
    severity: Severity = "failure"


def check(step: CheckStep, work: Work) -> Outcome:
    """Judge every claim; raises CheckFailed, with all that failed, after the whole round.

    What always holds of a star is asked of what was written since it last held, for the rest has been asked.
    """
    claims = tuple(claims_of(work.project, work.session, step.since, _gone(step.since, work)))
    findings = tuple(judge(work.session, claims))
    count = len(claims)
    if work.target is not None:
        compared, differing = compare_news(work.project.star, work.session, work.target, step.since)
        findings, count = (*findings, *differing), count + compared
    failed = tuple(f for f in findings if f.severity == "failure")
    if failed:
        raise failed_checks(findings)
    with work.ledger.recorded(step) as entry:
        entry.outcome = Outcome(rows_in=count, rows_out=count, findings=findings)
    return entry.outcome


def failed_checks(findings: tuple[Finding, ...]) -> CheckFailed:
    """One error that names every claim that does not hold."""
    failed = [f for f in findings if f.severity == "failure"]
    lines = "".join(f"\n  {f.where}: {f.message}" for f in failed)
    return CheckFailed(
        f"{len(failed)} check{'s' if len(failed) != 1 else ''} failed{lines}",
        hint="`starlode check` runs them again; the star is built, and holds what was found",
        findings=findings,
    )


def judge(session: Session, claims: tuple[Claim, ...]) -> Iterator[Finding]:
    """A finding for each claim that does not hold."""
    for claim in claims:
        count = session.rows(claim.sql)[0][0]
        if count:
            message = f"{claim.says}: {counted(count, 'row')} {'breaks' if count == 1 else 'break'} this"
            yield Finding(claim.rule, claim.table, claim.severity, message, expected="0", found=str(count))


def _gone(since: int, work: Work) -> frozenset[str]:
    """The dimensions that members or versions have gone from since a load: any fact may have pointed to those."""
    names = (dimension.table.name for dimension in work.project.star.dimensions)
    return frozenset(name for name in names if since and work.ledger.has_deleted(name, since))


def claims_of(
    project: Project, session: Session, since: int = 0, gone: frozenset[str] = frozenset()
) -> Iterator[Claim]:
    """The claims that always hold of a star, of all of it or of what was written since a load; then the user's, of all."""
    dialect = session.dialect
    for dimension in project.star.dimensions:
        if session.columns(dimension.table):
            is_filled = _is_there(dimension.table, project, session)
            left = away(project, session, dimension) if dimension.deletes == "close" else None
            yield from _of_dimension(dialect, dimension, since, left, is_filled=is_filled)
            yield from _of_roles(dialect, dimension, project.star, since, gone)
    for fact in project.star.facts:
        if session.columns(fact.table):
            yield from _of_fact(dialect, fact, since)
            yield from _of_roles(dialect, fact, project.star, since, gone)
    for declared in project.checks:
        if all(_is_there(table, project, session) for table in _tables(declared, project, dialect)):
            yield _declared(declared, project, session)


def _of_dimension(
    dialect: Dialect, dimension: Dimension, since: int, left: Away | None, *, is_filled: bool
) -> Iterator[Claim]:
    table, name = dimension.table, dimension.table.name
    key = (dimension.key_column,)
    unique = sql.doubled(dialect, table, key, sql.written(dialect, table, key, since))
    yield Claim("key", name, f"{dimension.key_column} is unique", unique)
    missing = sql.missing(dialect, table, key, sql.recent(since))
    yield Claim("key", name, f"{dimension.key_column} is not NULL", missing)
    if dimension.calendar is not None or not is_filled:
        return
    # A combination may hold NULL, by which no row is found among others; there are never many.
    written = sql.written(dialect, table, dimension.key, 0 if dimension.is_junk else since)
    real, listed = f"{sql.real_member(dialect, dimension)} and {written}", ", ".join(dimension.key)
    if dimension.durable:
        says = f"each {listed} has one {dimension.durable_column} of its own"
        yield Claim("key", name, says, sql.shared_durable_keys(dialect, dimension, real))
    if dimension.history:
        was_deleted = has_left(dialect, left, dimension, "m") if left else ""
        torn = sql.torn_intervals(dialect, dimension, written, was_deleted)
        but = " but after a deletion" if dimension.deletes == "close" else ""
        yield Claim("history", name, f"the versions of each {listed} follow without gap or overlap{but}", torn)
        current = f"{real} and is_current"
        yield Claim(
            "history",
            name,
            f"each {listed} has one current version",
            sql.doubled(dialect, table, dimension.key, current),
        )
    else:
        yield Claim("key", name, f"{listed} is unique", sql.doubled(dialect, table, dimension.key, real))


def _of_fact(dialect: Dialect, fact: Fact, since: int) -> Iterator[Claim]:
    table, name, grain = fact.table, fact.table.name, ", ".join(fact.grain)
    unique = sql.doubled(dialect, table, fact.grain, sql.written(dialect, table, fact.grain, since))
    yield Claim("grain", name, f"{grain} is unique", unique)
    yield Claim("grain", name, f"{grain} is not NULL", sql.missing(dialect, table, fact.grain, sql.recent(since)))
    if fact.kind == "bridge":
        says = f"the weights of each {', '.join(fact.touched_by)} are 1 together"
        written = sql.written(dialect, table, fact.touched_by, since)
        yield Claim("weights", name, says, sql.torn_weights(dialect, fact, written))


def _of_roles(
    dialect: Dialect, model: Dimension | Fact, star: Star, since: int, gone: frozenset[str]
) -> Iterator[Claim]:
    for role in model.roles:
        dimension = star.dimension(role.dimension)
        asked = 0 if dimension.table.name in gone else since
        for column, key in zip(role.key_columns, dimension.own_keys, strict=False):
            says = f"every {column} is a member of {dimension.table.name}"
            orphans = sql.orphans(dialect, (model.table, column), (dimension.table, key), asked)
            yield Claim("orphans", model.table.name, says, orphans)


def _declared(check: Check, project: Project, session: Session) -> Claim:
    dialect = session.dialect
    if check.select is not None:
        tree = select.parse(check.select)
        text = select.resolve(tree, _places(project, session, tree), dialect)
        return Claim(check.name, check.select.file, f"`{check.name}` returns no row", sql.rows_of(text), check.severity)
    table, where = _table(check.table, project, dialect)
    table = replace(table, columns=session.columns(table))
    _guard_columns(check, table)
    columns = ", ".join(check.columns)
    if check.rule == "not_null":
        says, text = f"{columns} is not NULL", sql.missing(dialect, table, check.columns, where)
    elif check.rule == "unique":
        says, text = f"{columns} is unique", sql.doubled(dialect, table, check.columns, where)
    elif check.rule == "accepted":
        says, text = f"{columns} is one of the accepted values", sql.not_accepted(dialect, check, table, where)
    else:
        says = f"{columns} lies within {check.low or ''}..{check.high or ''}"
        text = sql.out_of_range(dialect, check, table, where)
    return Claim(check.name, check.table, says, text, check.severity)


def _guard_columns(check: Check, table: Table) -> None:
    for name in check.columns:
        if name not in table.names:
            raise DataError(
                f"the check {check.name} names the column {name}, which {table} does not have",
                where="starlode.yml",
                hint=hint(name, table.names, "columns"),
            )


def _tables(check: Check, project: Project, dialect: Dialect) -> tuple[Table, ...]:
    """What a declared check looks at; it waits while one of them has never been built."""
    if check.select is None:
        return (_table(check.table, project, dialect)[0],)
    return tuple(_place(name, project) for name in select.reads(select.parse(check.select)))


def _is_there(table: Table, project: Project, session: Session) -> bool:
    """Whether a table has been built; a junk dimension has none of its columns before a fact brings them."""
    names = {column.name for column in session.columns(table)}
    brought = next((d.key for d in project.star.dimensions if d.is_junk and d.table.name == table.name), ())
    return bool(names) and names >= set(brought)


def _table(name: str, project: Project, dialect: Dialect) -> tuple[Table, str]:
    """The table that a check names, and the condition that keeps reserved and inferred members out."""
    if "." in name and not name.startswith(f"{STAR_SCHEMA}."):
        return staging.staging_table(project.stream(name)), "true"
    short = name.removeprefix(f"{STAR_SCHEMA}.")
    for dimension in project.star.dimensions:
        if dimension.table.name == short:
            judged = sql.real_member if dimension.select is None else sql.arrived
            return dimension.table, judged(dialect, dimension)
    return Table(STAR_SCHEMA, short), "true"


def _places(project: Project, session: Session, tree: exp.Query) -> dict[str, Table]:
    """Streams by `source.stream`, and the star's own tables by `star.table`."""
    tables = {str(name): _place(name, project) for name in select.reads(tree)}
    return {name: replace(table, columns=session.columns(table)) for name, table in tables.items()}


def _place(name: StreamName, project: Project) -> Table:
    is_star = name.source == STAR_SCHEMA
    return Table(STAR_SCHEMA, name.stream) if is_star else staging.staging_table(project.stream(str(name)))
