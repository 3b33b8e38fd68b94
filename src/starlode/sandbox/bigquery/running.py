"""A job of a query: judged, said in DuckDB's words, run in its session, and what it gave as the interface tells it."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from starlode.sandbox.bigquery import judging, laying, telling
from starlode.sandbox.bigquery.keeping import quoted
from starlode.sandbox.bigquery.refused import COST, DUPLICATE, INVALID_QUERY, NOT_FOUND, Refused, unknown
from starlode.sandbox.bigquery.saying import parsed, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlode.sandbox.bigquery.keeping import Project, Session

LEAST_BILLED = 10 << 20
# Words of statements for types, as the interface has them.
ASKED = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
KINDS = {exp.Insert: "INSERT", exp.Update: "UPDATE", exp.Delete: "DELETE", exp.Merge: "MERGE"}


@dataclass
class Answer:
    """What a statement gave: columns and rows, or how many rows it changed."""

    kind: str = "SELECT"
    fields: list[dict[str, Any]] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    affected: int | None = None
    tables: list[tuple[str, str]] = field(default_factory=list)
    bytes: int = 0
    billed: int = 0
    session: str = ""


@dataclass(frozen=True)
class Asked:
    """A statement as a client asks for it."""

    sql: str
    session: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    is_dry: bool = False
    most_billed: int | None = None


def asked(configuration: dict[str, Any]) -> Asked:
    """What a job's configuration asks for."""
    query = configuration["query"]
    if query.get("useLegacySql", True) is not False:
        raise Refused(INVALID_QUERY, "Unsupported by this double: legacy SQL")
    properties = {p["key"]: p["value"] for p in query.get("connectionProperties", ())}
    values = {p["name"]: telling.value(p) for p in query.get("queryParameters", ())}
    most = query.get("maximumBytesBilled")
    return Asked(
        query["query"],
        properties.get("session_id", ""),
        values,
        bool(configuration.get("dryRun")),
        int(most) if most is not None else None,
    )


def run(project: Project, what: Asked, judge: Callable[[Project, Session | None, str], None]) -> Answer:
    """Carry a statement out; raises Refused."""
    session = project.session(what.session) if what.session else None
    with session.lock if session else nullcontext():
        try:
            return _run(project, session, what, judge)
        except duckdb.Error as error:
            raise _refusal(error) from None


def _run(
    project: Project, session: Session | None, what: Asked, judge: Callable[[Project, Session | None, str], None]
) -> Answer:
    sql = what.sql.strip()
    if answer := _controlled(project, session, sql):
        return answer
    connection = session.connection if session else project.cursor()
    if not what.is_dry and (moved := _moved(project, session, sql, connection)):
        return moved
    tree = parsed(sql)
    judging.judge(tree, sql, in_transaction=bool(session and session.in_transaction), in_session=session is not None)
    judge(project, session, sql)
    weights = project.weights(judging.tables_of(tree))
    if isinstance(tree, judging.MAKES) and not tree.find(*judging.READS):
        weights = {}
    billed = sum(max(weight, LEAST_BILLED) for weight in weights.values())
    answer = Answer(tables=list(weights), bytes=sum(weights.values()), billed=billed)
    if what.most_billed is not None and answer.billed > what.most_billed:
        told = f"{what.most_billed}. {answer.billed} or higher required."
        raise Refused(COST, f"Query exceeded limit for bytes billed: {told}")
    if what.is_dry:
        answer.billed = 0
    return _answered(project, connection, tree, what, answer)


def _answered(
    project: Project, connection: duckdb.DuckDBPyConnection, tree: exp.Expr, what: Asked, answer: Answer
) -> Answer:
    text = said(laying.without(tree.copy()) if laying.is_laid(tree) else tree)
    used = {name: v for name, v in what.values.items() if re.search(rf"\${name}\b", text)}
    if isinstance(tree, judging.READS):
        described = connection.execute(f"describe {_bound(text)}").fetchall() if what.is_dry else None
        if described is not None:
            answer.fields = [telling.field(row[0], row[1]) for row in described]
            return answer
        found = connection.execute(text, used or None)
        answer.fields = [telling.field(name, str(word)) for name, word, *_ in found.description or ()]
        answer.rows = found.fetchall()
        return answer
    answer.kind = next((kind for of, kind in KINDS.items() if isinstance(tree, of)), "SCRIPT")
    if what.is_dry:
        return answer
    lies = laying.laid(tree, _told_of(tree)) if isinstance(tree, exp.Create) and laying.is_laid(tree) else {}
    if isinstance(tree, exp.Merge):
        raise Refused(INVALID_QUERY, "Unsupported by this double: MERGE")
    connection.execute(text, used or None)
    if isinstance(tree, judging.CHANGES):
        changed = connection.fetchone()
        answer.affected = int(changed[0]) if changed else 0
    elif isinstance(tree, exp.Create) and tree.args.get("kind") == "TABLE":
        answer.kind = "CREATE_TABLE"
        _note_descriptions(project, tree)
        _note_lying(project, tree, lies)
    return answer


def _bound(text: str) -> str:
    return re.sub(r"\$p\d+\b", "null", text)


def _controlled(project: Project, session: Session | None, sql: str) -> Answer | None:
    """What begins and ends transactions and sessions."""
    if found := judging.ABORT.fullmatch(sql):
        project.end_session(found[1])
        return Answer("CALL")
    word = next((w for w in ("begin", "commit", "rollback") if getattr(judging, w.upper()).fullmatch(sql)), "")
    if not word:
        return None
    if session is None:
        raise Refused(INVALID_QUERY, "Transaction control statements are supported only in scripts or sessions")
    if session.in_transaction == (word == "begin"):
        state = "is already" if word == "begin" else "is no"
        raise Refused(INVALID_QUERY, f"Transaction control: there {state} transaction")
    session.in_transaction = word == "begin"
    session.connection.execute(word)
    return Answer(f"{word.upper()}_TRANSACTION")


def _moved(project: Project, session: Session | None, sql: str, connection: duckdb.DuckDBPyConnection) -> Answer | None:
    """Copies and new names of tables, with what is noted of their columns."""
    found = judging.COPY.fullmatch(sql) or judging.RENAME.fullmatch(sql)
    if found is None:
        return None
    if session is not None and session.in_transaction:
        raise Refused(INVALID_QUERY, "Transaction control: DDL statements on permanent entities are not supported")
    one, other = (tuple(part.strip("`") for part in name.split("`.`")) for name in (found[1], found[2]))
    if len(other) == 1:
        project.fields(*one)
        if other[0] in project.tables(one[0]):
            raise Refused(DUPLICATE, f"Already Exists: Table {project.name}:{one[0]}.{other[0]}")
        connection.execute(f"alter table {quoted(one[0])}.{quoted(one[1])} rename to {quoted(other[0])}")
        project.notes.pop((one[0], one[1]), None)
        project.descriptions[(one[0], other[0])] = project.descriptions.pop((one[0], one[1]), {})
        project.lying[(one[0], other[0])] = project.lying.pop((one[0], one[1]), {})
        return Answer("ALTER_TABLE")
    fields = project.fields(*other)
    to, source = (f"{quoted(dataset)}.{quoted(table)}" for dataset, table in (one, other))
    listed = ", ".join(f"{quoted(f['name'])} {telling.kept(f)}" for f in fields)
    connection.execute("begin")
    connection.execute(f"drop table if exists {to}")
    connection.execute(f"create table {to} ({listed})")
    connection.execute(f"insert into {to} select * from {source}")
    connection.execute("commit")
    project.descriptions[(one[0], one[1])] = project.descriptions.get((other[0], other[1]), {})
    project.lying[(one[0], one[1])] = project.lying.get((other[0], other[1]), {})
    return Answer("CREATE_TABLE")


def _told_of(tree: exp.Create) -> list[dict[str, Any]]:
    """The columns of a table that is to be made, as the statement lists them."""
    found = [
        (column.name, column.args["kind"].sql(dialect="bigquery").partition("(")[0])
        for column in tree.find_all(exp.ColumnDef)
    ]
    if not found:
        raise unknown("a table that is divided or clustered and filled at once")
    return [{"name": name, "type": ASKED.get(kind.upper(), kind.upper())} for name, kind in found]


def _note_lying(project: Project, tree: exp.Create, lies: dict[str, Any]) -> None:
    table = tree.find(exp.Table)
    if table is not None and table.db:
        project.lying[(table.db, table.name)] = lies


def _note_descriptions(project: Project, tree: exp.Create) -> None:
    table = tree.find(exp.Table)
    if table is None or not table.db:
        return
    said_of = {
        column.name: re.search(r"description\s*=\s*'([^']*)'", column.sql(dialect="bigquery"), re.IGNORECASE)
        for column in tree.find_all(exp.ColumnDef)
    }
    project.descriptions[(table.db, table.name)] = {name: found[1] for name, found in said_of.items() if found}


def _refusal(error: duckdb.Error) -> Refused:
    first = str(error).splitlines()[0]
    if isinstance(error, duckdb.CatalogException) and "does not exist" in first:
        found = re.search(r"(Table|Schema|Function) with name \"?([^\"]*?)\"? does not", first)
        what = found[1] if found else "Table"
        if "unction" in first:
            return Refused(INVALID_QUERY, f"Function not found: {found[2] if found else ''}")
        return Refused(NOT_FOUND, f"Not found: {what} {found[2] if found else ''}")
    if isinstance(error, duckdb.TransactionException) or "onflict" in first:
        return Refused(INVALID_QUERY, "Transaction is aborted due to concurrent update against table")
    if isinstance(error, duckdb.BinderException):
        return Refused(INVALID_QUERY, f"Unrecognized name: {first.removeprefix('Binder Error: ')}")
    return Refused(INVALID_QUERY, first.removeprefix("Conversion Error: "))
