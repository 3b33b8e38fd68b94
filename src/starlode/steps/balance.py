"""Reading a fact's rows and balancing them against the rows of the driving stream that its SELECT asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from starlode.errors import CheckFailed, Evidence
from starlode.finding import Finding
from starlode.sql import driving, select
from starlode.sql import fact as sql
from starlode.sql import touched as touched_sql
from starlode.step import Outcome
from starlode.steps.spoken import Driven, spoken
from starlode.steps.touched import driven
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlglot import exp

    from starlode.sql.driving import Followed
    from starlode.star import Fact
    from starlode.steps.touched import Touched
    from starlode.table import Table
    from starlode.work import Work

MOST_EVIDENCE = 1_000


@dataclass(frozen=True)
class Torn:
    """What the joins of a SELECT did to its driving rows, which came from `source` and are in a work table."""

    lost: int
    doubled: int
    followed: Followed
    source: str
    work: str = sql.WORK_FACT


def read_rows(fact: Fact, tree: exp.Query, places: Mapping[str, Table], touched: Touched | None, work: Work) -> Outcome:
    """Fill the work table and balance it against the rows of the driving stream that the SELECT asks for."""
    session, dialect = work.session, work.session.dialect
    measures = summed(fact)
    followed = driving.follow(tree, {name: table.names for name, table in places.items()}, measures)
    if isinstance(followed, str):
        session.execute(sql.read_rows(dialect, spoken(tree, places, dialect)))
        session.learn(sql.WORK_FACT)
        rows, _, *sums = session.rows(sql.count_rows(dialect, None, measures))[0]
        told = f"that no join loses or doubles rows cannot be proved for this SELECT: {followed}"
        finding = Finding("balance", fact.table.name, "warning", told)
        return Outcome(rows_in=rows, rows_out=rows, sums=exact(measures, sums), findings=(finding,))
    place, within = places[followed.stream], touched.within if touched else ""
    numbered = Driven(followed.table, place, select.shown(tree, place), within=within)
    carried = spoken(followed.tree, places, dialect, numbered)
    followed = driving.grounded(followed, places, dialect)
    source = driving.numbered(dialect, place, place.names, within)
    if followed.groups:
        session.execute(sql.read_rows(dialect, _grouped(tree, places, touched, work)))
        session.execute(sql.read_rows(dialect, carried, sql.WORK_BEFORE))
        session.learn(sql.WORK_FACT)
        session.learn(sql.WORK_BEFORE)
        return _balance_before(fact, followed, source, measures, work)
    session.execute(sql.read_rows(dialect, carried))
    session.learn(sql.WORK_FACT)
    return _balance(fact, followed, source, measures, work)


def _grouped(tree: exp.Query, places: Mapping[str, Table], touched: Touched | None, work: Work) -> str:
    """A SELECT that groups, over the rows that are read again; of groups that these make in part only, nothing is kept."""
    dialect = work.session.dialect
    text = spoken(tree, places, dialect, driven(tree, places, touched))
    if touched is None or touched.is_own:
        return text
    return touched_sql.only_touched(dialect, text, touched.columns)


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
    held_exactly = [(m, total) for m, total in zip(measures, sums_out, strict=True) if m in held and m not in floating]
    wrong = [m for m, total in held_exactly if Decimal(held[m] or 0) != Decimal(total or 0)]
    if wrong and not lost and not doubled:
        raise CheckFailed(f"{fact.table.name}: the sums of {', '.join(wrong)} differ between staging and the fact")
    return Outcome(
        rows_in=asked, rows_out=rows, lost=lost, doubled=doubled, sums=exact(measures, sums_out), findings=findings
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
        sums=exact(measures, sums),
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


def summed(fact: Fact) -> tuple[str, ...]:
    """The measures that add up."""
    return tuple(name for name, aggregate in fact.measures.items() if aggregate == "sum")


def exact(measures: tuple[str, ...], sums: Sequence[str | None]) -> dict[str, Decimal]:
    return {name: Decimal(total or 0) for name, total in zip(measures, sums, strict=True)}
