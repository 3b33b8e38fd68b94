"""What a stage noticed: findings for people to read, and rejects, the rows that could not be carried.

Both go into the warehouse's ledger in the transaction of the data they speak of. A finding never holds the value of a cell;
a reject holds the raw text, because it stays in the user's own landing and warehouse and is mended from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["note", "warning", "failure"]


@dataclass(frozen=True)
class Finding:
    """What a check or a reader saw: the rule, where it looked, what it expected and what it found."""

    rule: str
    where: str
    severity: Severity
    message: str
    expected: str = ""
    found: str = ""


@dataclass(frozen=True)
class Reject:
    """A row that could not be carried: where it stands, its raw text, and the rule that it broke."""

    file: str
    line: int
    column: str
    raw: str
    reason: str
    rule: str
