"""Checks that a user declares over the star and staging; the checks that always run are derived from the star itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from starlode.finding import Severity
    from starlode.star import Select

Rule = Literal["not_null", "unique", "accepted", "range", "no_rows"]


@dataclass(frozen=True)
class Check:
    """A claim about a table. `no_rows` is a SELECT that must return none; the other rules look at columns of a table."""

    name: str
    rule: Rule
    table: str = ""
    columns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    low: str | None = None
    high: str | None = None
    select: Select | None = None
    severity: Severity = "failure"
