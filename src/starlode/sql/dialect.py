"""What differs between warehouses, as constants and methods; no statement asks for a warehouse's name.

The methods return pure text. A warehouse's own file makes one of these with its own words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.table import Column, Table, Type

HIGH_DATE = "9999-12-31 00:00:00"
OWN = "__starlode_"


@dataclass(frozen=True)
class Dialect:
    """How one warehouse spells names, types and the few expressions that are not the same everywhere."""

    sqlglot: str
    types: Mapping[str, str] = field(default_factory=dict)
    max_name: int = 63
    placeholder: str = "?"
    quote_mark: str = '"'
    row_id: str = "rowid"
    create_work: str = "create temp table"

    def quote(self, name: str) -> str:
        """A name as the warehouse takes it literally, whatever it holds."""
        return self.quote_mark + name.replace(self.quote_mark, self.quote_mark * 2) + self.quote_mark

    def own(self, word: str) -> str:
        """The quoted name of a column that we work with, from a namespace that users' columns stay out of."""
        return self.quote(OWN + word)

    def table(self, table: Table) -> str:
        return f"{self.quote(table.schema)}.{self.quote(table.name)}"

    def names(self, names: tuple[str, ...] | list[str], prefix: str = "") -> str:
        """Quoted names, comma-separated, each with the alias of its table where one is given."""
        before = f"{prefix}." if prefix else ""
        return ", ".join(before + self.quote(name) for name in names)

    def type(self, of: Type) -> str:
        """The warehouse's word for a type."""
        word = self.types[of.kind]
        return f"{word}({of.precision},{of.scale})" if of.kind == "decimal" else word

    def column(self, column: Column) -> str:
        """A column's definition."""
        return f"{self.quote(column.name)} {self.type(column.type)}"

    def numbers(self, count: int) -> str:
        """A SELECT of the numbers from 0, as `n`."""
        return f"select i as n from range({count}) as r(i)"

    def text(self, value: str) -> str:
        """A text as a literal, for the places where no value can be bound."""
        return "'" + value.replace("'", "''") + "'"

    def same(self, left: str, right: str) -> str:
        """Whether two expressions agree, where NULL agrees with NULL only."""
        return f"{left} is not distinct from {right}"

    def differ(self, left: str, right: str) -> str:
        """Whether two expressions disagree, where NULL disagrees with every value."""
        return f"{left} is distinct from {right}"
