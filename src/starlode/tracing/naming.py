"""Which row of the star is meant: a table, and values that exactly one of its rows has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlode.errors import Mistake, ProjectError
from starlode.nearest import hint, listing
from starlode.sql import why as sql
from starlode.star import Fact
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.project import Project
    from starlode.session import Session
    from starlode.star import Dimension
    from starlode.table import Column, Table

COMMAND = "starlode why"


def model_named(project: Project, name: str) -> Dimension | Fact:
    """A model by its table's name, or by its own."""
    models = project.star.models
    by_table = {model.table.name: model for model in models}
    own = [model for model in models if model.name == name]
    if name in by_table:
        return by_table[name]
    if len(own) == 1:
        return own[0]
    raise _mistake(f"the star has no table `{name}`", hint(name, by_table, "tables of the star"))


def apart(model: Dimension | Fact) -> tuple[str, ...]:
    """The columns that tell one row of a fact, or one member of a dimension, from the others."""
    if isinstance(model, Fact):
        return model.grain
    return model.key or (model.key_column,)


def named_row(session: Session, model: Dimension | Fact, table: Table, where: Mapping[str, str]) -> dict[str, Any]:
    """The row that has these values, written as texts; refused where none has them, or more than one row or member."""
    columns = _columns(table, where)
    dialect, values = session.dialect, tuple(where.values())
    bent = session.rows(sql.unreadable(dialect, columns), values)[0]
    for column, is_bent in zip(columns, bent, strict=True):
        if is_bent:
            what = f"what is given for {column.name} cannot be read as {column.type}"
            raise _mistake(what, f'`starlode query "select {column.name} from {table} limit 10"` shows some')
    count = session.rows(sql.count_named(dialect, table, columns, apart(model)), values)[0][0]
    if not count:
        raise _mistake(
            f"no row of {table.name} has this {listing(where)}",
            f'`starlode query "select * from {table} limit 10"` shows some',
        )
    if count > 1:
        what = f"{counted(count, 'row' if isinstance(model, Fact) else 'member')} of {table.name} have this"
        raise _mistake(f"{what} {listing(where)}", _narrower(session, model, table, where))
    row = session.rows(sql.named_row(dialect, table, columns), values)[0]
    return dict(zip(table.names, row, strict=True))


def _narrower(session: Session, model: Dimension | Fact, table: Table, where: Mapping[str, str]) -> str:
    """What to name beside, so that one row is left."""
    rest = tuple(name for name in table.names if name not in where)
    text = sql.differing(session.dialect, table, _columns(table, where), rest)
    counts = session.rows(text, tuple(where.values()))[0]
    differ = [name for name, values in zip(rest, counts, strict=True) if values > 1]
    missing = [name for name in apart(model) if name not in where]
    first = f"name {listing(missing)} as well" if missing else f"name {listing(apart(model))}"
    return f"{first}; they differ in {listing(differ)}"


def _columns(table: Table, where: Mapping[str, str]) -> tuple[Column, ...]:
    known = {column.name: column for column in table.columns}
    for name in where:
        if name not in known:
            raise _mistake(f"{table.name} has no column `{name}`", hint(name, known, "columns"))
    return tuple(known[name] for name in where)


def _mistake(what: str, advice: str) -> ProjectError:
    return ProjectError(Mistake(what, COMMAND, hint=advice))
