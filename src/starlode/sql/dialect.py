"""What differs between warehouses, as constants and methods; no statement asks for a warehouse's name.

The methods return pure text. A warehouse's own file makes one of these with its own words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlglot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlglot import exp

    from starlode.table import Column, Layout, Table, Type

HIGH_DATE = "9999-12-31 00:00:00"
OWN = "__starlode_"


@dataclass(frozen=True)
class Dialect:
    """How one warehouse spells names, types and the few expressions that are not the same everywhere."""

    sqlglot: str
    types: Mapping[str, str] = field(default_factory=dict)
    max_name: int = 63
    quote_mark: str = '"'
    row_id: str = "rowid"
    # Work tables hold what a statement needs and go at its end; scratch tables are named like the table that they feed.
    create_work: str = "create temp table"
    create_scratch: str = "create table"
    # Tables of a few keys, which go with the session at the latest.
    create_temp: str = "create temp table"
    # Whether tables keep every value that Parquet can hold.
    keeps_all: bool = False
    # Whether users write their SELECTs in this very dialect; for others, they are translated.
    is_users: bool = False
    # What a view's definition ends with.
    view_ending: str = ""
    # What a statement ends with that changes every row, and the words between SELECTs whose rows are a set.
    all_rows: str = ""
    union: str = "union"
    minus: str = "except"
    # A column by which staged rows are told apart where the warehouse numbers none itself: its name and its definition.
    row_column: tuple[str, str] | None = None
    # The words of a table's layout that mean something here, by how many columns rows lie together at most, and whether a
    # table that is there can be laid out anew.
    layout_words: frozenset[str] = frozenset()
    most_clustered: int = 0
    lays_again: bool = False

    def hole(self, number: int) -> str:
        """Where the value of that number, from 1, is bound."""
        return f"${number}"

    def quote(self, name: str) -> str:
        """A name as the warehouse takes it literally, whatever it holds."""
        return self.quote_mark + name.replace(self.quote_mark, self.quote_mark * 2) + self.quote_mark

    def is_too_long(self, name: str) -> bool:
        """Whether a name has more bytes than the warehouse keeps."""
        return len(name.encode()) > self.max_name

    @property
    def preparations(self) -> tuple[str, ...]:
        """Statements that make what the other ones need, after the schemas are there."""
        return ()

    def own(self, word: str) -> str:
        """The quoted name of a column that we work with, from a namespace that users' columns stay out of."""
        return self.quote(OWN + word)

    def sent(self, sql: str) -> str:
        """A statement as the warehouse gets it."""
        return sql

    def schema(self, name: str) -> str:
        """The quoted name of a schema."""
        return self.quote(name)

    def table(self, table: Table) -> str:
        return f"{self.quote(table.schema)}.{self.quote(table.name)}"

    def new_name(self, table: Table, name: str) -> str:  # noqa: ARG002
        """What a table is renamed to, so that it stays where it is."""
        return self.quote(name)

    def names(self, names: tuple[str, ...] | list[str], prefix: str = "") -> str:
        """Quoted names, comma-separated, each with the alias of its table where one is given."""
        before = f"{prefix}." if prefix else ""
        return ", ".join(before + self.quote(name) for name in names)

    def type(self, of: Type) -> str:
        """The warehouse's word for a type."""
        word = self.types[of.kind]
        return f"{word}({of.precision},{of.scale})" if of.kind == "decimal" else word

    def cast(self, expression: str, of: Type) -> str:
        """An expression as a type."""
        return f"cast({expression} as {self.type(of)})"

    def convert(self, expression: str, held: Type, wanted: Type) -> str:  # noqa: ARG002
        """A value of one type as another that can hold it."""
        return f"cast({expression} as {self.type(wanted)})"

    def column(self, column: Column) -> str:
        """A column's definition."""
        return f"{self.quote(column.name)} {self.type(column.type)}"

    def laid_column(self, column: Column, layout: Layout | None) -> str:  # noqa: ARG002
        """A column's definition in a table of some layout."""
        return self.column(column)

    def lay(self, table: Table, layout: Layout) -> tuple[str, ...]:  # noqa: ARG002
        """What follows the columns of a new table, so that it lies as its layout says."""
        return ()

    def shown(self, name: str) -> str:
        """A column of a stream as users' SELECTs see it."""
        return self.quote(name)

    def say(self, tree: exp.Expr, *, pretty: bool = False) -> str:
        """A tree of SQL in the warehouse's words."""
        return tree.sql(dialect=self.sqlglot, pretty=pretty, comments=False)

    def read(self, sql: str) -> exp.Expr:
        """The tree of a statement that was made in the warehouse's words, its names as they are meant."""
        return sqlglot.parse_one(sql, dialect=self.sqlglot)

    def retype(self, table: Table, column: Column) -> tuple[str, ...]:
        """Statements that give a column another type; its values are kept."""
        name = self.quote(column.name)
        return (f"alter table {self.table(table)} alter column {name} set data type {self.type(column.type)}",)

    def renew(self, column: Column) -> tuple[str, ...]:
        """What follows `alter table …` to give a column another type and no value."""
        return (f"drop column {self.quote(column.name)}", f"add column {self.column(column)}")

    def moment(self, text: str) -> str:
        """A timestamp as a literal."""
        return f"timestamp '{text}'"

    def named_rows(self, select: str, alias: str, names: tuple[str, ...]) -> str:
        """A SELECT as a table whose columns get these names."""
        return f"(\n{select}\n  ) as {alias} ({self.names(names)})"

    def numbers(self, count: int) -> str:
        """A SELECT of the numbers from 0, as `n`."""
        return f"select i as n from range({count}) as r(i)"

    def repeated(self, rows: str, below: str, number: str) -> str:
        """A SELECT of each row of a table once for each whole number from 0 to below a value of it, with that number."""
        return f"select *, unnest(range({below})) as {number} from {rows}"

    def later(self, moment: str, count: str, unit: str) -> str:
        """A moment, or a time, so many units later."""
        return f"{moment} + {count} * interval '1 {unit}'"

    def weekday(self, moment: str) -> str:
        """The day of the week of a moment: 1 is Monday, 7 is Sunday."""
        return f"extract(isodow from {moment})"

    def iso_week(self, moment: str) -> str:
        """The week of a moment; the first of a year is that of its first Thursday."""
        return f"extract(week from {moment})"

    def iso_year(self, moment: str) -> str:
        """The year that the week of a moment belongs to."""
        return f"extract(isoyear from {moment})"

    def quotient(self, left: str, right: str) -> str:
        """How often one whole number goes into another, cut towards zero."""
        return f"({left}) // ({right})"

    def remainder(self, left: str, right: str) -> str:
        """What is left of one whole number when another is taken from it as often as it goes."""
        return f"{left} % {right}"

    def whole(self, number: str) -> str:
        """A part of a moment without a fraction."""
        return f"floor({number})"

    def microseconds(self, first: str, last: str) -> str:
        """The microseconds from one timestamp to another, as a whole number."""
        return f"date_diff('microsecond', {first}, {last})"

    def whole_days(self, first: str, last: str) -> str:
        """The days from one date to another, as a whole number."""
        return f"{last} - {first}"

    def days(self, first: str, last: str) -> str:
        """The days from one timestamp to another as a decimal, exact to the nearest millionth."""
        # A millionth of a day is 86,400 microseconds. Half of one more, and what is cut off has been rounded.
        half = f"case when {last} < {first} then -43200 else 43200 end"
        return f"({self.quotient(f'{self.microseconds(first, last)} + {half}', '86400')}) * 0.000001"

    def loading(
        self,
        table: Table,  # noqa: ARG002
        files: Sequence[str],  # noqa: ARG002
        landed: Mapping[str, Type],  # noqa: ARG002
        fixed: Mapping[str, int],  # noqa: ARG002
    ) -> tuple[str, ...]:
        """Statements that load landed files; none where the rows are sent by the client."""
        return ()

    def delete(self, table: Table, alias: str) -> tuple[str, str]:
        """How a DELETE begins, and what a row that goes is called in its condition."""
        return f"delete from {self.table(table)} as {alias}", alias

    def text(self, value: str) -> str:
        """A text as a literal, for the places where no value can be bound."""
        return "'" + value.replace("'", "''") + "'"

    def same(self, left: str, right: str) -> str:
        """Whether two expressions agree, where NULL agrees with NULL only."""
        return f"{left} is not distinct from {right}"

    def agree(self, left: str, right: str) -> str:
        """The same as a condition of a join, in a form that the warehouse can hash."""
        return self.same(left, right)

    def among(self, held: list[str], names: tuple[str, ...], rows: str) -> str:
        """Whether expressions stand among the columns of some rows, in the form that is quickest where those are few."""
        return f"({', '.join(held)}) in (select {self.names(names)} from {rows})"

    def next_moment(self, timestamp: str) -> str:
        """The next moment after a timestamp that can be told from it."""
        return f"{timestamp} + interval '1 microsecond'"

    def try_cast(self, expression: str, of: Type) -> str:
        """An expression of text as a type, or NULL where it cannot be read as one."""
        return f"try_cast({expression} as {self.type(of)})"

    def json_value(self, expression: str, of: Type) -> str:  # noqa: ARG002
        """A value of a type as it can stand in a JSON object."""
        return expression

    def json_object(self, cells: Mapping[str, str]) -> str:
        """A JSON object of names and expressions."""
        return f"json_object({', '.join(f'{self.text(name)}, {value}' for name, value in cells.items())})"

    def fingerprint(self, values: list[tuple[str, Type]]) -> str:
        """A number of 64 bits for expressions of these types, never NULL, the same for the same values."""
        return f"hash({', '.join(expression for expression, _ in values)})"

    def differ(self, left: str, right: str) -> str:
        """Whether two expressions disagree, where NULL disagrees with every value."""
        return f"{left} is distinct from {right}"


@dataclass(frozen=True)
class Counting(Dialect):
    """A dialect that has no series of numbers: they are counted digit by digit."""

    def numbers(self, count: int) -> str:
        return f"select n from ({_digits(len(str(count)))}) as counted where n < {count}"

    def repeated(self, rows: str, below: str, number: str) -> str:
        return f"select r.*, c.n as {number}\n  from {rows} as r\n  join ({_digits(5)}) as c on c.n < r.{below}"


def _digits(places: int) -> str:
    """A SELECT of the numbers from 0 that have at most so many digits, as `n`."""
    digit = " union all ".join(f"select {n} as n" if n == 0 else f"select {n}" for n in range(10))
    whole = " + ".join(f"d{place}.n * {10**place}" for place in range(places))
    joined = "\n cross join ".join(f"({digit}) as d{place}" for place in range(places))
    return f"select {whole} as n\n  from {joined}"


def counted(condition: str) -> str:
    """How many rows meet a condition, as an aggregate that every warehouse has."""
    return f"count(case when {condition} then 1 end)"
