"""What our statements call their tables, kept apart from the names of columns.

BigQuery looks a bare name up among columns and tables at once: in `select h from t as h` no column can be meant, and where a
table has a column `h`, `h.b` is a part of that. Users' names stand in backquotes, what our statements call a table never does.
"""

from __future__ import annotations

import re
from itertools import pairwise

from sqlglot import exp

from starlode.sql.dialect import OWN

_WORDS = re.compile(
    r"'(?:\\.|[^'\\])*'|(?P<quoted>`[^`]*`)|(?P<mark>[().,])|(?P<bare>\b[a-z_]\w*)", re.IGNORECASE | re.DOTALL
)
_BEFORE_A_TABLE = ("from", "join", "into", "update")


def apart(sql: str) -> str:
    """A statement that calls its tables as no column is called."""
    words = list(_WORDS.finditer(sql))
    calls = _calls(words)
    called = {name for _, name in calls}
    used = (word.start() for word, after in pairwise(words) if word[0] in called and after[0] == ".")
    places = {*used, *(place for place, _ in calls)}
    return _WORDS.sub(lambda word: f"{OWN}{word[0]}" if word.start() in places else word[0], sql)


def set_apart(tree: exp.Expr) -> None:
    """Let a user's SELECT that groups call its tables as no column that it gives is called. It is changed in place.

    After GROUP BY, `orders.store_id` is a part of the column `orders` where the SELECT gives one.
    """
    if tree.find(exp.Group) is None:
        return
    given = {column.alias.lower() for column in tree.find_all(exp.Alias)}
    tables = [held for held in tree.find_all(exp.Table, exp.Subquery) if held.alias.lower() in given]
    called = {held.alias for held in tables}
    for held in tables:
        columns = held.args["alias"].args.get("columns")
        held.set("alias", exp.TableAlias(this=_own(held.alias), columns=columns))
    for column in tree.find_all(exp.Column):
        if column.table in called:
            column.set("table", _own(column.table))


def _own(name: str) -> exp.Identifier:
    return exp.to_identifier(f"{OWN}{name}", quoted=True)


def _calls(words: list[re.Match[str]]) -> list[tuple[int, str]]:
    """Where a statement says what it calls a table, after `as`, and the name."""
    calls: list[tuple[int, str]] = []
    opened: list[bool] = []
    is_table = False  # whether the words before name a table, or close a sub-select that stands for one
    for before, word, after in zip([None, *words], words, [*words[1:], None], strict=False):
        told = word[0].lower()
        is_place = before is not None and before[0].lower() in _BEFORE_A_TABLE
        if word["mark"] == "(":
            opened.append(is_place)
            is_table = False
        elif word["mark"] == ")":
            is_table = opened.pop() if opened else False
        elif told == "as":
            if is_table and after is not None and after["bare"]:
                calls.append((after.start(), after[0]))
            is_table = False
        elif word["mark"] != ".":
            is_table = is_place or (is_table and bool(word["quoted"]))
    return calls
