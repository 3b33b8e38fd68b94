"""How Snowflake spells what differs between warehouses, from what its documentation says of its SQL.

A name without quotes is one in capitals, and the statements of Starlode, like those of people, write most names without. So a
name that has only small letters is kept in capitals, one that has only capitals in small letters, and one that has both as it
is: whoever has one of the two spellings has the other. Work tables are transient, because two sessions fill and make them.
It numbers no rows, so staged ones get a number of their own. Inside quotes a backslash means the next character.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING

from sqlglot import exp

from starlode.snowflake.words import said
from starlode.sql.dialect import Counting
from starlode.table import TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlode.table import Column, Layout, Table, Type

WORDS: Mapping[str, str] = {
    "boolean": "boolean",
    # As many digits as 64 bits have: a sum of them has 38, and is told from them by that.
    "integer": "number(19,0)",
    "decimal": "number",
    "double": "double",
    "text": "varchar",
    "date": "date",
    "time": "time(6)",
    "timestamp": "timestamp_ntz(6)",
    "timestamptz": "timestamp_ltz(6)",
    "binary": "binary",
    "json": "variant",
}
ROW = '"__STARLODE_ROW"'
STAGE = "starlode_work.loads"
ARRIVED = "__starlode_arrived"
# How many files a COPY names at most.
MOST_FILES = 1_000
WIDER = " (wider)"
# What lies in a file as a text, and is converted when it has arrived.
READ_AS_TEXT = ("json", "time")
_SMALL, _GREAT = frozenset(ascii_lowercase), frozenset(ascii_uppercase)
_OTHER = str.maketrans(ascii_lowercase + ascii_uppercase, ascii_uppercase + ascii_lowercase)


def letters(name: str) -> str:
    """A name in the letters in which Snowflake keeps it, and one that it keeps in those in which it is meant."""
    held = frozenset(name)
    return name if held & _SMALL and held & _GREAT else name.translate(_OTHER)


def relettered(tree: exp.Expr) -> exp.Expr:
    """A tree with its quoted names in the other letters. It is changed in place."""
    for name in tree.find_all(exp.Identifier):
        if name.args.get("quoted"):
            name.set("this", letters(name.this))
    return tree


def uncarried(landed: Mapping[str, Type]) -> list[str]:
    """The columns that COPY does not take as Parquet keeps them, and that are put as texts."""
    return [name for name, kind in landed.items() if kind.kind == "time"]


@dataclass(frozen=True)
class Arrival:
    """Files in a folder of a stage, and the table that is made like them."""

    place: str
    files: Sequence[str]
    table: str = ARRIVED


@dataclass(frozen=True)
class SnowflakeDialect(Counting):
    """Snowflake's words, and the stage in which the landing lies, where there is one."""

    stage: str = ""

    def hole(self, number: int) -> str:  # noqa: ARG002
        return "?"

    def quote(self, name: str) -> str:
        return super().quote(letters(name))

    def is_too_long(self, name: str) -> bool:
        return len(name) > self.max_name

    def text(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"

    def shown(self, name: str) -> str:
        small = name.lower()
        return self.quote(name) if name == small else f"{self.quote(name)} as {self.quote(small)}"

    def say(self, tree: exp.Expr, *, pretty: bool = False) -> str:
        return super().say(relettered(said(tree.copy())), pretty=pretty)

    def read(self, sql: str) -> exp.Expr:
        return relettered(super().read(sql))

    def lay(self, table: Table, layout: Layout) -> tuple[str, ...]:  # noqa: ARG002
        return (f"cluster by ({self.names(layout.cluster)})",) if layout.cluster else ()

    def convert(self, expression: str, held: Type, wanted: Type) -> str:
        if wanted.kind == "json" and held.kind != "json":
            return f"parse_json({self.convert(expression, held, TEXT)})"
        if wanted.kind == "text" and held.kind == "json":
            return f"to_json({expression})"
        if wanted.kind == "text" and held.kind == "binary":
            return f"hex_encode({expression})"
        return super().convert(expression, held, wanted)

    def new_name(self, table: Table, name: str) -> str:
        return self.table(replace(table, name=name))

    def retype(self, table: Table, column: Column) -> tuple[str, ...]:
        # Few types can be changed in place: another column takes the values and the name.
        place, name, wider = self.table(table), self.quote(column.name), self.quote(column.name + WIDER)
        return (
            f"alter table {place} add column {self.column(replace(column, name=column.name + WIDER))}",
            f"update {place} set {wider} = {self.cast(name, column.type)}",
            f"alter table {place} drop column {name}",
            self.renamed(table, column.name + WIDER, column.name),
        )

    def renamed(self, table: Table, name: str, other: str) -> str:
        """Give a column another name."""
        return f"alter table {self.table(table)} rename column {self.quote(name)} to {self.quote(other)}"

    def later(self, moment: str, count: str, unit: str) -> str:
        return f"dateadd({unit}, {count}, {moment})"

    def next_moment(self, timestamp: str) -> str:
        return self.later(timestamp, "1", "microsecond")

    def weekday(self, moment: str) -> str:
        return f"dayofweekiso({moment})"

    def iso_year(self, moment: str) -> str:
        return f"yearofweekiso({moment})"

    def quotient(self, left: str, right: str) -> str:
        # A quotient is rounded to six digits; what divides without a rest is not.
        return f"cast(({left} - mod({left}, {right})) / ({right}) as number(19,0))"

    def microseconds(self, first: str, last: str) -> str:
        return f"datediff(microsecond, {first}, {last})"

    def loading(
        self, table: Table, files: Sequence[str], landed: Mapping[str, Type], fixed: Mapping[str, int]
    ) -> tuple[str, ...]:
        names = tuple(file.rpartition("/")[2] for file in files)
        lies_in = self.stage if not uncarried(landed) else ""
        return self.arriving(table, Arrival(lies_in or f"{STAGE}/load", names), landed, fixed)

    def arriving(
        self, table: Table, arrival: Arrival, landed: Mapping[str, Type], fixed: Mapping[str, int]
    ) -> tuple[str, ...]:
        """Statements that make a table like the files of a stage, let them fill it, and let that fill the table meant."""
        held = {name: TEXT if kind.kind in READ_AS_TEXT else kind for name, kind in landed.items()}
        like_files = ",\n  ".join(f"{self.quote(name)} {self.type(kind)}" for name, kind in held.items())
        values = ",\n       ".join(self._arrived(column, held, fixed) for column in table.columns)
        shares = (arrival.files[start : start + MOST_FILES] for start in range(0, len(arrival.files), MOST_FILES))
        return (
            f"create or replace transient table {arrival.table} (\n  {like_files}\n)",
            *(self._copy(arrival, share) for share in shares),
            f"insert into {self.table(table)} ({self.names(table.names)})\nselect {values}\n  from {arrival.table}",
        )

    def _copy(self, arrival: Arrival, files: Sequence[str]) -> str:
        return (
            f"copy into {arrival.table} from @{arrival.place}\nfiles = ({', '.join(map(self.text, files))})\n"
            "file_format = (type = parquet use_logical_type = true)\n"
            "match_by_column_name = case_insensitive on_error = abort_statement force = true"
        )

    def _arrived(self, column: Column, held: Mapping[str, Type], fixed: Mapping[str, int]) -> str:
        """What a column takes from the rows that have arrived."""
        if column.name in fixed:
            return str(fixed[column.name])
        if column.name not in held:
            return f"cast(null as {self.type(column.type)})"
        return self.convert(self.quote(column.name), held[column.name], column.type)

    def try_cast(self, expression: str, of: Type) -> str:
        if of.kind == "text":
            return expression
        if of.kind == "json":
            return f"try_parse_json({expression})"
        if of.kind == "binary":
            return f"try_to_binary({expression}, 'utf-8')"
        return f"try_cast(cast({expression} as varchar) as {self.type(of)})"

    def json_object(self, cells: Mapping[str, str]) -> str:
        held = ", ".join(f"{self.text(name)}, {value}" for name, value in cells.items())
        return f"to_json(object_construct_keep_null({held}))"


DIALECT = SnowflakeDialect(
    sqlglot="snowflake",
    types=WORDS,
    max_name=255,
    row_id=ROW,
    row_column=(ROW, "number(19,0) identity(1,1)"),
    create_work="create or replace transient table",
    create_scratch="create transient table",
    create_temp="create or replace transient table",
    layout_words=frozenset({"cluster"}),
)
