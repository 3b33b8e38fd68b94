"""How Redshift spells what differs between warehouses, from what its documentation says of its SQL.

It numbers no rows, so staged ones get a number of their own. A text is a `varchar` of so many bytes: as wide as its type says
that it has to be, or else as wide as there are. It has neither `is distinct from` nor a cast between texts and booleans, and
no alias for the table of a DELETE. Inside quotes a backslash means the next character.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlode.redshift.words import TEXT_WORD, said
from starlode.sql.dialect import Counting
from starlode.table import STYLES, TEXT, Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlglot import exp

    from starlode.table import Layout, Table, Type

WORDS: Mapping[str, str] = {
    "boolean": "boolean",
    "integer": "bigint",
    "decimal": "decimal",
    "double": "double precision",
    "text": TEXT_WORD,
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "binary": "varbyte(1024000)",
    "json": "super",
}
ROW = '"__starlode_row"'
WIDER = " (wider)"
ARRIVED = '"__starlode_arrived"'
# What lies in a file as a text that COPY reads, and is converted when it has arrived.
READ_AS_TEXT = ("json", "time")
# How a text may spell a boolean.
TRUE, FALSE = ("true", "t", "1", "yes", "y", "on"), ("false", "f", "0", "no", "n", "off")
MOMENTS = ("date", "time", "timestamp", "timestamptz", "binary")


@dataclass(frozen=True)
class RedshiftDialect(Counting):
    """Redshift's words."""

    def text(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"

    def shown(self, name: str) -> str:
        small = name.lower()
        return self.quote(name) if name == small else f"{self.quote(name)} as {self.quote(small)}"

    def say(self, tree: exp.Expr, *, pretty: bool = False) -> str:
        return super().say(said(tree.copy()), pretty=pretty)

    def column(self, column: Column) -> str:
        if column.type.kind == "text" and column.type.width:
            return f"{self.quote(column.name)} varchar({column.type.width})"
        return super().column(column)

    def laid_column(self, column: Column, layout: Layout | None) -> str:
        encoding = layout.encode.get(column.name) if layout else None
        return f"{self.column(column)} encode {encoding}" if encoding else self.column(column)

    def lay(self, table: Table, layout: Layout) -> tuple[str, ...]:  # noqa: ARG002
        lines: tuple[str, ...] = ()
        if layout.distribute in STYLES:
            lines = (f"diststyle {layout.distribute}",)
        elif layout.distribute:
            lines = (f"diststyle key distkey ({self.quote(layout.distribute)})",)
        return (*lines, f"compound sortkey ({self.names(layout.sort)})") if layout.sort else lines

    def convert(self, expression: str, held: Type, wanted: Type) -> str:
        if wanted.kind == "json" and held.kind != "json":
            return f"json_parse({self.convert(expression, held, TEXT)})"
        if wanted.kind == "text" and held.kind == "boolean":
            return f"case when {expression} then 'true' when not {expression} then 'false' end"
        if wanted.kind == "text" and held.kind == "json":
            return f"json_serialize({expression})"
        if wanted.kind == "text" and held.kind == "binary":
            return f"from_varbyte({expression}, 'hex')"
        return super().convert(expression, held, wanted)

    def retype(self, table: Table, column: Column) -> tuple[str, ...]:
        # A transaction may widen no column in place: another one takes its values and its name.
        place, name, wider = self.table(table), self.quote(column.name), self.quote(column.name + WIDER)
        beside = self.column(replace(column, name=column.name + WIDER))
        return (
            f"alter table {place} add column {beside}",
            f"update {place} set {wider} = {self.cast(name, column.type)}",
            f"alter table {place} drop column {name}",
            f"alter table {place} rename column {wider} to {name}",
        )

    def later(self, moment: str, count: str, unit: str) -> str:
        return f"dateadd({unit}, {count}, {moment})"

    def next_moment(self, timestamp: str) -> str:
        return self.later(timestamp, "1", "microsecond")

    def weekday(self, moment: str) -> str:
        return f"((extract(dow from {moment}) + 6) % 7 + 1)"

    def iso_year(self, moment: str) -> str:
        # The Thursday of a week lies in the year to which the week belongs.
        return f"extract(year from dateadd(day, cast(4 - {self.weekday(moment)} as integer), {moment}))"

    def quotient(self, left: str, right: str) -> str:
        return f"({left}) / ({right})"

    def microseconds(self, first: str, last: str) -> str:
        return f"datediff(microsecond, {first}, {last})"

    def loading(
        self, table: Table, files: Sequence[str], landed: Mapping[str, Type], fixed: Mapping[str, int]
    ) -> tuple[str, ...]:
        return self.arriving(table, f"s3://(a manifest of {', '.join(files)})", "default", landed, fixed)

    def arriving(
        self, table: Table, manifest: str, role: str, landed: Mapping[str, Type], fixed: Mapping[str, int]
    ) -> tuple[str, ...]:
        """Statements that let the files of a manifest, read as a role, fill a table like them, and that one the table meant."""
        held = {name: TEXT if kind.kind in READ_AS_TEXT else kind for name, kind in landed.items()}
        like_files = ",\n  ".join(self.column(Column(name, kind)) for name, kind in held.items())
        values = ",\n       ".join(self._arrived(column, held, fixed) for column in table.columns)
        reader = role if role == "default" else self.text(role)
        return (
            f"drop table if exists {ARRIVED}",
            f"create temp table {ARRIVED} (\n  {like_files}\n)",
            f"copy {ARRIVED} from {self.text(manifest)}\niam_role {reader} format as parquet manifest",
            f"insert into {self.table(table)} ({self.names(table.names)})\nselect {values}\n  from {ARRIVED}",
            f"drop table {ARRIVED}",
        )

    def _arrived(self, column: Column, held: Mapping[str, Type], fixed: Mapping[str, int]) -> str:
        """What a column takes from the rows that have arrived."""
        if column.name in fixed:
            return str(fixed[column.name])
        if column.name not in held:
            return f"cast(null as {self.type(column.type)})"
        return self.convert(self.quote(column.name), held[column.name], column.type)

    def delete(self, table: Table, alias: str) -> tuple[str, str]:  # noqa: ARG002
        return f"delete from {self.table(table)}", self.quote(table.name)

    def same(self, left: str, right: str) -> str:
        return f"coalesce({left} = {right}, {left} is null and {right} is null)"

    def agree(self, left: str, right: str) -> str:
        return f"({left} = {right} or ({left} is null and {right} is null))"

    def differ(self, left: str, right: str) -> str:
        return f"not {self.same(left, right)}"

    def try_cast(self, expression: str, of: Type) -> str:
        if of.kind == "text":
            return expression
        if of.kind == "json":
            return f"case when can_json_parse({expression}) then json_parse({expression}) end"
        if of.kind == "binary":
            return f"to_varbyte({expression}, 'utf8')"
        if of.kind == "boolean":
            true, false = (", ".join(map(self.text, words)) for words in (TRUE, FALSE))
            small = f"lower(trim({expression}))"
            return f"case when {small} in ({true}) then true when {small} in ({false}) then false end"
        # A blank text cannot be tried.
        return f"try_cast(nullif(trim(cast({expression} as {TEXT_WORD})), '') as {self.type(of)})"

    def json_value(self, expression: str, of: Type) -> str:
        return self.convert(expression, of, TEXT) if of.kind in MOMENTS else expression

    def json_object(self, cells: Mapping[str, str]) -> str:
        return f"json_serialize(object({', '.join(f'{self.text(name)}, {value}' for name, value in cells.items())}))"

    def fingerprint(self, values: list[tuple[str, Type]]) -> str:
        mark = "0"
        for expression, of in values:
            told = f"fnv_hash(case when {expression} is null then 0 else 1 end, {mark})"
            mark = f"fnv_hash(coalesce({self.convert(expression, of, TEXT)}, ''), {told})"
        return mark


DIALECT = RedshiftDialect(
    sqlglot="redshift",
    types=WORDS,
    max_name=127,
    row_id=ROW,
    row_column=(ROW, "bigint identity(1,1)"),
    create_work="create temp table",
    view_ending="\nwith no schema binding",
    layout_words=frozenset({"sort", "distribute", "encode"}),
)
