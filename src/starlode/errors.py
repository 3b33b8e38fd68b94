"""Errors, by what the reader of one has to do about it.

Each says what is wrong, where, and what to do next. The class decides the exit code of the command line, so a shell script
can tell a wrong project from a warehouse that is down. No message carries the value of a cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from starlode.finding import Finding


@dataclass(frozen=True)
class Evidence:
    """The keys behind an error, as (key in JSON, columns, rows), for the ledger of the user's own warehouse."""

    object: str
    rule: str
    rows: tuple[tuple[str, str, int], ...]


class StarlodeError(Exception):
    """An error that a user can act on."""

    exit_code: ClassVar[int] = 5
    label: ClassVar[str] = "error"

    def __init__(
        self, what: str, *, where: str | None = None, hint: str | None = None, evidence: tuple[Evidence, ...] = ()
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint
        self.evidence = evidence
        self.run: Any = None

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  --> {self.where}")
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Mistake:
    """One thing to mend in a project's files, with the place to mend it."""

    what: str
    file: str
    line: int = 0
    column: int = 0
    width: int = 1
    text: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        shown = [f"error: {self.what}", f"  --> {place}"]
        if self.text:
            gutter = " " * len(str(self.line))
            caret = " " * (self.column - 1) + "^" * max(1, self.width)
            shown += [f" {gutter} |", f" {self.line} | {self.text}", f" {gutter} | {caret}"]
        if self.hint:
            shown.append(f"hint: {self.hint}")
        return "\n".join(shown)


class ProjectError(StarlodeError):
    """The declaration is wrong; nothing was started. All mistakes are told together."""

    exit_code = 2

    def __init__(self, *mistakes: Mistake) -> None:
        ordered = tuple(sorted(mistakes, key=lambda m: (m.file, m.line, m.column)))
        many = f"{len(ordered)} mistakes in the project" if len(ordered) != 1 else "1 mistake in the project"
        super().__init__(many)
        self.mistakes = ordered

    def __str__(self) -> str:
        return "\n\n".join(str(m) for m in self.mistakes)


class SourceError(StarlodeError):
    """A source cannot be reached or read."""

    exit_code = 3
    label = "source error"


class LandingError(StarlodeError):
    """The landing cannot be reached, or does not allow what a run needs."""

    exit_code = 3
    label = "landing error"


class Stopped(StarlodeError):
    """A place that was reached does not answer any more; what was finished is kept, and running again goes on from there."""

    exit_code = 4
    label = "stopped"


class WarehouseError(StarlodeError):
    """The warehouse cannot be reached, is held by somebody else, or refuses a statement."""

    exit_code = 3
    label = "warehouse error"


class DataError(StarlodeError):
    """Rows break a promise, and going on would lose or bend them."""

    exit_code = 4
    label = "data error"


class CheckFailed(StarlodeError):
    """The run finished, and a check found what must not be."""

    exit_code = 1
    label = "check failed"

    def __init__(self, what: str, *, findings: tuple[Finding, ...] = (), **told: Any) -> None:
        super().__init__(what, **told)
        self.findings = findings
