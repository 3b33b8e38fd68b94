"""Clearing a table of the star of what no build can have left there, before it is built anew in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql import mending as sql
from starlode.sql.dimension import VALID_FROM
from starlode.sql.keys import key_map
from starlode.star import Fact
from starlode.steps.before import keep_before

if TYPE_CHECKING:
    from starlode.star import Dimension
    from starlode.table import Table
    from starlode.work import Work


def mend(table: Table, work: Work, load_key: int) -> None:
    """Take out rows that stand more than once, and those that are not what the ledger knows of them."""
    dialect, star = work.session.dialect, work.project.star
    model = next(model for model in star.models if model.table == table)
    names = {column.name for column in work.session.columns(table)}
    needed = {*_identity(model), *(() if isinstance(model, Fact) else (*model.key, *(model.history and (VALID_FROM,))))}
    # What lacks one of these columns is filled as a whole.
    row = dialect.delete(table, sql.ROW)[1]
    for where in _wrong(model, work, row) if needed <= names else ():
        keep_before(work, table, row, where, load_key)
        work.session.execute(sql.remove(dialect, table, where))


def _wrong(model: Dimension | Fact, work: Work, row: str) -> tuple[str, ...]:
    dialect = work.session.dialect
    doubled = sql.doubled(dialect, model.table, _identity(model), row)
    if isinstance(model, Fact):
        return (doubled, sql.without_grain(dialect, model, row))
    # The keys of a calendar are no one's to give.
    has_map = model.calendar is None and bool(work.session.columns(key_map(model)))
    return (doubled, *((sql.strangers(dialect, model, row),) if has_map else ()))


def _identity(model: Dimension | Fact) -> tuple[str, ...]:
    return model.grain if isinstance(model, Fact) else (model.key_column,)
