"""Building a fact: follow its rows through the joins, look its keys up as of its moment, apply what changed by grain."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from starlode.errors import CheckFailed, DataError, Evidence
from starlode.finding import Finding
from starlode.sql import calendar, driving, select, staging
from starlode.sql import dimension as dimension_sql
from starlode.sql import fact as sql
from starlode.sql.dialect import OWN
from starlode.star import NOT_YET_ARRIVED_KEY, UNKNOWN_KEY
from starlode.step import Outcome
from starlode.steps.dimension import add_years, ensure_table
from starlode.steps.given import guard_fact, guard_kinds, guard_moment, guard_names
from starlode.steps.spoken import spoken
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlglot import exp

    from starlode.session import Session
    from starlode.sql.driving import Followed
    from starlode.star import Dimension, Fact, Role
    from starlode.table import Table
    from starlode.work import Work

MOST_EVIDENCE = 1_000
MOST_YEARS = 200


@dataclass(frozen=True)
class Torn:
    """What the joins of a SELECT did to its driving rows, which came from `source` and are in a work table."""

    lost: int
    doubled: int
    followed: Followed
    source: str
    work: str = sql.WORK_FACT


def build_fact(fact: Fact, tree: exp.Query, places: Mapping[str, Table], work: Work, load_key: int) -> Outcome:
    """Bring a fact to what its SELECT gives; nothing of it changes when its joins lose or double rows without leave."""
    session, dialect = work.session, work.session.dialect
    _drop_work(session)
    given = session.describe(spoken(tree, places, dialect))
    guard_fact(fact, given)
    guard_names(dialect, fact.table.name, (c.name for c in given))
    balance = _read(fact, tree, places, work)
    selected = tuple(c for c in session.describe(sql.all_rows(dialect)) if not c.name.startswith(OWN))
    _guard_grain(fact, session)
    dimensions = {d.name: d for d in work.project.star.dimensions}
    shape = sql.Shape(fact, selected, dimensions)
    no_moment = _guard_lookups(shape, session)
    findings = [f for role in fact.roles for f in _prepare(role, dimensions[role.dimension], fact, work, load_key)]
    outcome = _apply(shape, balance, work, load_key)
    rows, *unknown = session.rows(sql.count_unknown(dialect, shape))[0]
    if rows != balance.rows_out:
        raise DataError(
            f"the lookup of {fact.table.name} changed its number of rows from {balance.rows_out:,} to {rows:,}",
            hint="a dimension holds one key twice: `starlode check` names it",
        )
    _drop_work(session)
    return replace(outcome, findings=(*balance.findings, *no_moment, *findings, *_unknown(shape, rows, unknown)))


def _read(fact: Fact, tree: exp.Query, places: Mapping[str, Table], work: Work) -> Outcome:
    """Fill the work table and balance it against the rows of the driving stream that the SELECT asks for."""
    session, dialect = work.session, work.session.dialect
    measures = tuple(name for name, aggregate in fact.measures.items() if aggregate == "sum")
    followed = driving.follow(tree, {name: table.names for name, table in places.items()}, measures)
    if isinstance(followed, str):
        session.execute(sql.read_rows(dialect, spoken(tree, places, dialect)))
        session.learn(sql.WORK_FACT)
        rows, _, *sums = session.rows(sql.count_rows(dialect, None, measures))[0]
        told = f"that no join loses or doubles rows cannot be proved for this SELECT: {followed}"
        finding = Finding("balance", fact.table.name, "warning", told)
        return Outcome(rows_in=rows, rows_out=rows, sums=_exact(measures, sums), findings=(finding,))
    place = places[followed.stream]
    carried = spoken(followed.tree, places, dialect, (followed.table, place, select.shown(tree, place)))
    followed = driving.grounded(followed, places, dialect)
    source = driving.numbered(dialect, place, place.names)
    if followed.groups:
        session.execute(sql.read_rows(dialect, spoken(tree, places, dialect)))
        session.execute(sql.read_rows(dialect, carried, sql.WORK_BEFORE))
        session.learn(sql.WORK_FACT)
        session.learn(sql.WORK_BEFORE)
        return _balance_before(fact, followed, source, measures, work)
    session.execute(sql.read_rows(dialect, carried))
    session.learn(sql.WORK_FACT)
    return _balance(fact, followed, source, measures, work)


def _balance(fact: Fact, followed: Followed, source: str, measures: tuple[str, ...], work: Work) -> Outcome:
    session, dialect = work.session, work.session.dialect
    asked, *sums_in = session.rows(driving.asked_rows(dialect, followed, source))[0]
    number = driving.DRIVING if followed.can_lose else None
    rows, distinct, *sums_out = session.rows(sql.count_rows(dialect, number, measures))[0]
    if number is None and rows < asked:
        # Something that nobody knows to lose rows has lost some, such as TABLESAMPLE.
        number = driving.DRIVING
        distinct = session.rows(sql.count_rows(dialect, number, ()))[0][1]
    lost = asked - distinct if number else 0
    doubled = rows - (asked - lost)
    findings = _judge(fact, Torn(lost, doubled, followed, source), work)
    held = dict(zip(followed.measures, sums_in, strict=True))
    floating = {c.name for c in session.describe(sql.all_rows(dialect)) if c.type.kind == "double"}
    exact = [(m, total) for m, total in zip(measures, sums_out, strict=True) if m in held and m not in floating]
    wrong = [m for m, total in exact if Decimal(held[m] or 0) != Decimal(total or 0)]
    if wrong and not lost and not doubled:
        raise CheckFailed(f"{fact.table.name}: the sums of {', '.join(wrong)} differ between staging and the fact")
    return Outcome(
        rows_in=asked, rows_out=rows, lost=lost, doubled=doubled, sums=_exact(measures, sums_out), findings=findings
    )


def _balance_before(fact: Fact, followed: Followed, source: str, measures: tuple[str, ...], work: Work) -> Outcome:
    """Balance what a SELECT reads before it groups: a row that a join doubles is in the sum twice."""
    session, dialect = work.session, work.session.dialect
    asked = session.rows(driving.asked_rows(dialect, followed, source))[0][0]
    read, distinct = session.rows(sql.count_rows(dialect, driving.DRIVING, (), sql.WORK_BEFORE))[0]
    lost, doubled = asked - distinct, read - distinct
    findings = _judge(fact, Torn(lost, doubled, followed, source, sql.WORK_BEFORE), work)
    rows, _, *sums = session.rows(sql.count_rows(dialect, None, measures))[0]
    # A total over no rows, subtotals, or a list that a group makes: rows that stand for none that was read.
    made = max(rows - read, 0)
    return Outcome(
        rows_in=asked,
        rows_out=rows,
        merged=read + made - rows,
        lost=lost,
        doubled=doubled + made,
        sums=_exact(measures, sums),
        findings=(*findings, *_made(fact, followed, made)),
    )


def _made(fact: Fact, followed: Followed, count: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    message = f"its SELECT makes {counted(count, 'row')} more than it reads of {followed.stream}"
    return (Finding("rows made", fact.table.name, "note", message, found=str(count)),)


def _judge(fact: Fact, torn: Torn, work: Work) -> tuple[Finding, ...]:
    """Rows lost or doubled by joins fail the run, unless the declaration allows it; either way they are written down."""
    name, stream = fact.table.name, torn.followed.stream
    told, refused, evidence = [], [], []
    done_by, s = _subject(torn.followed)
    for what, count, says, word, allowed in (
        ("lost", torn.lost, f"lose{s}", "may_lose", fact.may_lose),
        ("doubled", torn.doubled, f"add{s}", "may_multiply", fact.may_multiply),
    ):
        if count:
            rule, says = f"{what} by a join", f"{says} {counted(count, 'row')}"
            evidence.append(Evidence(name, rule, _places(torn, what, work)))
            told.append(
                Finding(rule, name, "warning", f"{done_by} {says} of {stream}, as `{word}` allows", found=str(count))
            )
            refused += [] if allowed else [(says, f"`{word}: true`")]
    if refused:
        raise CheckFailed(
            f"{done_by} of {name} {' and '.join(says for says, _ in refused)} of {stream}",
            where=f"{fact.select.file}; starlode.conflict in the warehouse names the rows",
            hint=_remedy(torn.followed) + f"or declare {' and '.join(words for _, words in refused)}",
            evidence=tuple(evidence),
        )
    for found in evidence:
        work.ledger.write_conflicts(found.object, found.rule, found.rows)
    return tuple(told)


def _subject(followed: Followed) -> tuple[str, str]:
    """What tears the rows of a SELECT, and the ending of its verb."""
    match followed.done_by:
        case ("unnesting",):
            return "the unnesting", "s"
        case ("joins", "unnesting"):
            return "the joins and the unnesting", ""
        case ("joins",):
            return "the joins", ""
    return "the SELECT", "s"


def _remedy(followed: Followed) -> str:
    joins = "mend the join (a LEFT JOIN keeps, a unique key does not double), "
    lists = "unnesting gives a row for each element and none for an empty list: sum nothing else beside it, "
    known = {"joins": joins, "unnesting": lists}
    return "".join(known[word] for word in followed.done_by)


def _places(torn: Torn, what: str, work: Work) -> tuple[tuple[str, str, int], ...]:
    rows_of = driving.lost_rows if what == "lost" else driving.doubled_rows
    sql_text = rows_of(work.session.dialect, torn.followed, torn.source, torn.work, MOST_EVIDENCE)
    places = work.session.rows(sql_text)
    return tuple((json.dumps({"_file": file, "_row": row}), torn.followed.stream, times) for file, row, times in places)


def _guard_lookups(shape: sql.Shape, session: Session) -> tuple[Finding, ...]:
    """Refuse keys and moments that the lookup would bend; tell of rows whose moment is not known."""
    fact, given = shape.fact, {column.name: column for column in shape.selected}
    for role in fact.roles:
        dimension = shape.dimension(role)
        if dimension.calendar is not None:
            guard_moment(fact.table.name, fact.select, given[role.columns[0]], session)
        else:
            guard_kinds(fact, role, dimension, shape.selected, session)
    if fact.at is None or not any(shape.dimension(role).history for role in fact.roles):
        return ()
    guard_moment(fact.table.name, fact.select, given[fact.at], session)
    count = session.rows(sql.count_no_moment(session.dialect, fact))[0][0]
    told = f"{counted(count, 'row')} without {fact.at}, which point to the current versions"
    return (Finding("no moment", fact.table.name, "warning", told, found=str(count)),) if count else ()


def _guard_grain(fact: Fact, session: Session) -> None:
    nulls = session.rows(sql.count_null_grain(session.dialect, fact))[0][0]
    grain = ", ".join(fact.grain)
    if nulls:
        raise DataError(
            f"{counted(nulls, 'row')} of {fact.table.name} without {grain}, which is its grain", where=fact.select.file
        )
    values, rows = session.rows(sql.count_double_grain(session.dialect, fact))[0]
    if values:
        raise DataError(
            f"{counted(rows, 'row')} of {fact.table.name} share {counted(values, 'value')} of its grain ({grain})",
            where=fact.select.file,
            hint="name every column that tells one row from another in `grain:`, or mend the SELECT",
        )


def _prepare(role: Role, dimension: Dimension, fact: Fact, work: Work, load_key: int) -> list[Finding]:
    """Make the members that the fact needs, as `late:` says, before its keys are looked up."""
    session, dialect = work.session, work.session.dialect
    if dimension.calendar is not None:
        return _extend(role, dimension, fact, work, load_key)
    missing = session.rows(sql.count_missing(dialect, fact, role, dimension))[0][0]
    if not missing:
        return []
    told = f"{counted(missing, role.dimension + ' key')} of {fact.table.name} not in {dimension.table.name}"
    if fact.late == "fail":
        raise DataError(told, where=fact.select.file, hint="load the dimension first, or declare `late: infer`")
    if fact.waits:
        where = "to the unknown member" if fact.late == "unknown" else f"to {NOT_YET_ARRIVED_KEY} until they come"
        return [Finding("late", fact.table.name, "warning", f"{told}; they point {where}", found=str(missing))]
    columns = session.columns(dimension.table)
    own = {"key": dimension.key_column, **{name: name for name in (dimension_sql.IS_INFERRED, dimension_sql.LOAD_KEY)}}
    span = (dimension_sql.VALID_FROM, dimension_sql.VALID_TO, dimension_sql.IS_CURRENT)
    plain = tuple(c for c in columns if c.name not in own.values() and not (dimension.history and c.name in span))
    session.execute(sql.infer_members(dialect, fact, role, dimension_sql.shape(dimension, plain), load_key))
    return [Finding("inferred", dimension.table.name, "note", f"{told}; inferred until they come", found=str(missing))]


def _extend(role: Role, dimension: Dimension, fact: Fact, work: Work, load_key: int) -> list[Finding]:
    """Bring a calendar to the years of the fact, so that no moment is lost."""
    session, dialect = work.session, work.session.dialect
    first, last = session.rows(sql.moments(dialect, role))[0]
    held_first, held_last = session.rows(calendar.years(dialect, dimension))[0]
    if first is None or (held_first <= first and last <= held_last):
        return []
    if max(last, held_last) - min(first, held_first) > MOST_YEARS:
        raise DataError(
            f"{role.columns[0]} of {fact.table.name} runs from {first} to {last}, too far for a calendar",
            where=fact.select.file,
            hint="turn impossible moments into NULL in the SELECT; they point to the unknown member then",
        )
    added = add_years(work, dimension, min(first, held_first), max(last, held_last), load_key)
    told = (
        f"{fact.table.name} reaches from {first} to {last}: {added:,} members were added beyond the declared calendar"
    )
    return [Finding("calendar", dimension.table.name, "warning", told, found=str(added))]


def _unknown(shape: sql.Shape, rows: int, unknown: list[int]) -> list[Finding]:
    name = shape.fact.table.name
    return [
        Finding(
            "unknown member",
            name,
            "note",
            f"{count:,} of {rows:,} rows have {role.key_column} = {UNKNOWN_KEY} (unknown)",
            found=str(count),
        )
        for role, count in zip(shape.fact.roles, unknown, strict=True)
        if count
    ]


def _apply(shape: sql.Shape, balance: Outcome, work: Work, load_key: int) -> Outcome:
    """Insert, correct and remove by grain; all at once where the fact is empty."""
    session, dialect = work.session, work.session.dialect
    table = shape.fact.table
    ensure_table(work, table, shape.columns)
    held = session.rows(staging.count(dialect, table))[0][0]
    if not held:
        session.execute(sql.add_all(dialect, shape, load_key))
        return replace(balance, inserted=balance.rows_out)
    session.execute(sql.keep_looked_up(dialect, shape))
    session.learn(sql.WORK_KEYED)
    session.execute(sql.compare(dialect, shape))
    session.learn(sql.WORK_CHANGE)
    changes = dict(session.rows(sql.count_changes(dialect)))
    vanished = session.rows(sql.count_vanished(dialect, shape))[0][0]
    if vanished == held and not balance.rows_out:
        raise DataError(
            f"every row of {table.name} would go; it is left as it is",
            hint="if that is right, drop the table and run again",
        )
    if vanished:
        session.execute(sql.delete_vanished(dialect, shape))
    session.execute(sql.delete_changed(dialect, shape))
    session.execute(sql.add_changed(dialect, shape, load_key))
    inserted, updated, same = (changes.get(name, 0) for name in ("insert", "update", "same"))
    return replace(balance, inserted=inserted, updated=updated, unchanged=same, deleted=vanished)


def _exact(measures: tuple[str, ...], sums: list[str | None]) -> dict[str, Decimal]:
    return {name: Decimal(total or 0) for name, total in zip(measures, sums, strict=True)}


def _drop_work(session: Session) -> None:
    for name in sql.WORK_TABLES:
        session.execute(staging.drop_work(session.dialect, name))
