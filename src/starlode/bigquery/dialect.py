"""How BigQuery spells what differs between warehouses, from what its documentation says of GoogleSQL.

A moment without a zone is a `datetime` there, and one with a zone a `timestamp`. JSON stays the text that came, in a column
whose description says so: its own type rounds numbers, and can be neither compared nor grouped. Staged rows get an identifier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlode.bigquery.apart import apart
from starlode.bigquery.names import table_written, written
from starlode.bigquery.words import said
from starlode.errors import DataError
from starlode.sql.dialect import Dialect
from starlode.table import TEXT, Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlglot import exp

    from starlode.table import Layout, Table, Type

WORDS: Mapping[str, str] = {
    "boolean": "bool",
    "integer": "int64",
    "double": "float64",
    "text": "string",
    "date": "date",
    "time": "time",
    "timestamp": "datetime",
    "timestamptz": "timestamp",
    "binary": "bytes",
    "json": "string",
}
ROW = "`__starlode_row`"
JSON_MARK = "JSON"
# What a NUMERIC holds; more digits are a BIGNUMERIC.
WHOLE_DIGITS, SCALE = 29, 9
# What cuts a moment down to the beginning of its part, and what a table cannot be clustered by.
TRUNCATED: Mapping[str, str] = {"date": "date_trunc", "timestamp": "datetime_trunc", "timestamptz": "timestamp_trunc"}
NEVER_CLUSTERED = ("double", "time", "binary")
# Tables that feed another one are temporary: a transaction makes no others.
SCRATCH = (" (work)", " (met)", " (recalled)", " (came)", " (went)")
ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\x00": "\\x00"}


@dataclass(frozen=True)
class BigQueryDialect(Dialect):
    """BigQuery's words. A prefix stands before the name of each dataset, so that a project can have several warehouses."""

    prefix: str = ""

    def hole(self, number: int) -> str:
        return f"@p{number}"

    def quote(self, name: str) -> str:
        return f"`{written(name)}`"

    def sent(self, sql: str) -> str:
        return apart(sql)

    def is_too_long(self, name: str) -> bool:
        return len(written(name)) > self.max_name

    def new_name(self, table: Table, name: str) -> str:  # noqa: ARG002
        return f"`{table_written(name)}`"

    def table(self, table: Table) -> str:
        if table.name.endswith(SCRATCH):
            return f"`__starlode_{table.schema}_{table_written(table.name)}`"
        return f"{self.schema(table.schema)}.{self.new_name(table, table.name)}"

    def schema(self, name: str) -> str:
        return f"`{self.prefix}{written(name, of_table=True)}`"

    def type(self, of: Type) -> str:
        if of.kind != "decimal":
            return self.types[of.kind]
        is_small = of.scale <= SCALE and of.precision - of.scale <= WHOLE_DIGITS
        return f"{'numeric' if is_small else 'bignumeric'}({of.precision},{of.scale})"

    def column(self, column: Column) -> str:
        marked = f" options (description = '{JSON_MARK}')" if column.type.kind == "json" else ""
        return super().column(column) + marked

    def lies(self, layout: Layout) -> tuple[tuple[str, str], tuple[str, ...]]:
        """How BigQuery says that a table of a layout lies."""
        divided = (written(layout.partition), layout.every) if layout.partition else ("", "")
        return divided, tuple(map(written, layout.cluster))

    def lay(self, table: Table, layout: Layout) -> tuple[str, ...]:
        kinds = {column.name: column.type.kind for column in table.columns}
        lines = (f"partition by {self._divided(table, layout, kinds)}",) if layout.partition else ()
        odd = [name for name in layout.cluster if kinds[name] in NEVER_CLUSTERED]
        if odd:
            raise DataError(
                f"BigQuery clusters by no {kinds[odd[0]]}, which {odd[0]} of {table.name} is",
                where=str(table),
                hint="take it out of `cluster`",
            )
        return (*lines, f"cluster by {self.names(layout.cluster)}") if layout.cluster else lines

    def _divided(self, table: Table, layout: Layout, kinds: Mapping[str, str]) -> str:
        """By what a table is divided into parts."""
        kind, column = kinds[layout.partition], self.quote(layout.partition)
        if kind not in TRUNCATED or (kind == "date" and layout.every == "hour"):
            told = f"by {layout.every}" if kind in TRUNCATED else "into parts"
            raise DataError(
                f"{layout.partition} of {table.name} is of the type {kind}, which BigQuery does not divide {told}",
                where=str(table),
                hint="`partition` names a column of days or moments; `every` is hour, day, month or year, and no hour of a day",
            )
        if kind == "date" and layout.every == "day":
            return column
        return f"{TRUNCATED[kind]}({column}, {layout.every})"

    def text(self, value: str) -> str:
        return "'" + "".join(ESCAPES.get(c, c) for c in value) + "'"

    def shown(self, name: str) -> str:
        small = name.lower()
        return self.quote(name) if name == small else f"{self.quote(name)} as {self.quote(small)}"

    def say(self, tree: exp.Expr, *, pretty: bool = False) -> str:
        return super().say(said(tree.copy(), self.prefix), pretty=pretty)

    def convert(self, expression: str, held: Type, wanted: Type) -> str:
        if wanted.kind == "text" and held.kind == "binary":
            return f"to_hex({expression})"
        if wanted.kind in ("text", "json") and held.kind in ("text", "json"):
            return expression
        return super().convert(expression, held, wanted)

    def moment(self, text: str) -> str:
        return f"datetime '{text}'"

    def named_rows(self, select: str, alias: str, names: tuple[str, ...]) -> str:  # noqa: ARG002
        # A table's alias names no columns here; a translated SELECT has named them all.
        return f"(\n{select}\n  ) as {alias}"

    def numbers(self, count: int) -> str:
        return f"select n from unnest(generate_array(0, {count - 1})) as n"

    def repeated(self, rows: str, below: str, number: str) -> str:
        each = self.own("each")
        counted = f"unnest(generate_array(0, r.{below} - 1)) as {each}"
        return f"select r.*, {each} as {number}\n  from {rows} as r\n cross join {counted}"

    def later(self, moment: str, count: str, unit: str) -> str:
        kind = "time" if moment.startswith("time ") else "datetime"
        return f"{kind}_add({moment}, interval {count} {unit})"

    def next_moment(self, timestamp: str) -> str:
        return self.later(timestamp, "1", "microsecond")

    def weekday(self, moment: str) -> str:
        return f"(mod(extract(dayofweek from {moment}) + 5, 7) + 1)"

    def iso_week(self, moment: str) -> str:
        return f"extract(isoweek from {moment})"

    def quotient(self, left: str, right: str) -> str:
        return f"div({left}, {right})"

    def remainder(self, left: str, right: str) -> str:
        return f"mod({left}, {right})"

    def whole(self, number: str) -> str:
        return number

    def microseconds(self, first: str, last: str) -> str:
        return f"datetime_diff(cast({last} as datetime), cast({first} as datetime), microsecond)"

    def whole_days(self, first: str, last: str) -> str:
        return f"date_diff({last}, {first}, day)"

    def days(self, first: str, last: str) -> str:
        half = f"case when {last} < {first} then -43200 else 43200 end"
        days = self.quotient(f"{self.microseconds(first, last)} + {half}", "86400")
        return f"cast({days} as numeric) * numeric '0.000001'"

    def loading(
        self, table: Table, files: Sequence[str], landed: Mapping[str, Type], fixed: Mapping[str, int]
    ) -> tuple[str, ...]:
        arrived = f"{self.schema(table.schema)}.`(a load job of {', '.join(files)})`"
        return (self.arriving(table, arrived, landed, fixed),)

    def arriving(self, table: Table, arrived: str, landed: Mapping[str, Type], fixed: Mapping[str, int]) -> str:
        """What a table takes from the rows that a load job has brought."""
        values = ",\n       ".join(self._arrived(column, landed, fixed) for column in table.columns)
        names = self.names(table.names)
        return f"insert into {self.table(table)} ({names})\nselect {values}\n  from {arrived}"

    def _arrived(self, column: Column, landed: Mapping[str, Type], fixed: Mapping[str, int]) -> str:
        if column.name in fixed:
            return str(fixed[column.name])
        if column.name not in landed:
            return f"cast(null as {self.type(column.type)})"
        return self.convert(self.quote(column.name), landed[column.name], column.type)

    def agree(self, left: str, right: str) -> str:
        # A join wants an equality, and this one tells NULL from every value.
        return f"to_json_string({left}) = to_json_string({right})"

    def among(self, held: list[str], names: tuple[str, ...], rows: str) -> str:
        if len(held) == 1:
            return super().among(held, names, rows)
        return f"({', '.join(held)}) in (select ({self.names(names)}) from {rows})"

    def try_cast(self, expression: str, of: Type) -> str:
        if of.kind in ("text", "json"):
            return expression
        return f"safe_cast(trim(cast({expression} as string)) as {self.type(of)})"

    def json_value(self, expression: str, of: Type) -> str:
        if of.kind == "json":
            return f"parse_json({expression}, wide_number_mode => 'round')"
        return self.convert(expression, of, TEXT) if of.kind in ("binary",) else expression

    def json_object(self, cells: Mapping[str, str]) -> str:
        return (
            f"to_json_string(json_object({', '.join(f'{self.text(name)}, {value}' for name, value in cells.items())}))"
        )

    def fingerprint(self, values: list[tuple[str, Type]]) -> str:
        listed = ", ".join(f"to_json_string({expression})" for expression, _ in values)
        return f"farm_fingerprint(to_json_string([{listed}]))"


def dialect(prefix: str = "") -> BigQueryDialect:
    """The words of a warehouse whose datasets begin so."""
    return BigQueryDialect(
        sqlglot="bigquery",
        types=WORDS,
        max_name=300,
        quote_mark="`",
        row_id=ROW,
        row_column=(ROW, "string default (generate_uuid())"),
        create_work="create temp table",
        create_scratch="create temp table",
        all_rows=" where true",
        union="union distinct",
        minus="except distinct",
        layout_words=frozenset({"partition", "cluster"}),
        most_clustered=4,
        lays_again=True,
        prefix=prefix,
    )


DIALECT = dialect()
