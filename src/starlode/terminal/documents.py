"""What programs read: the same results as JSON, in one versioned shape.

A new field may come at any time; a field that exists keeps its name and meaning until `schema_version` grows. Decimals
keep every digit because they are written as text.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from starlode.errors import CheckFailed, ProjectError, StarlodeError
from starlode.plan import notes_of
from starlode.terminal.speech import out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.arguments import UsageError
    from starlode.cost import Cost
    from starlode.errors import Mistake
    from starlode.history import RejectedRow, RunRecord
    from starlode.plan import Plan
    from starlode.run import Done, Run
    from starlode.step import Outcome, Step
    from starlode.tracing.told import Why

SCHEMA_VERSION = 1
Document = dict[str, Any]


def write(document: Mapping[str, Any], *, in_one_line: bool = False) -> None:
    """Print a document: for a stream of events in one line, else indented."""
    whole = {"schema_version": SCHEMA_VERSION, **document}
    is_unicode = (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "") == "utf8"
    indent = None if in_one_line else 2
    out(json.dumps(_plain(whole), indent=indent, ensure_ascii=not is_unicode, allow_nan=False))


def step(of: Step) -> Document:
    return {"verb": of.verb, "object": of.object, "reason": of.reason}


def outcome(of: Outcome) -> Document:
    shown = asdict(of)
    return shown | {"sums": {name: format(total, "f") for name, total in of.sums.items()}}


def done(of: Done) -> Document:
    return {"step": step(of.step), "outcome": outcome(of.outcome), "seconds": round(of.seconds, 3)}


def run(of: Run) -> Document:
    """A run as a whole, with the balance of each step."""
    return {
        "run_id": of.run_id,
        "project": of.plan.project.name,
        "status": of.status,
        "exit_code": of.exit_code,
        "seconds": round(of.seconds, 3),
        "rejected": of.rejected,
        "steps": [done(each) for each in of.done],
        "findings": [asdict(finding) for finding in dict.fromkeys(of.findings)],
    }


def plan(of: Plan, billed: Cost | None = None) -> Document:
    """A plan, with what it would be billed for where that is told."""
    steps = [planned(each, notes_of(each, of)) for each in of.steps]
    if billed is None:
        return {"project": of.project.name, "steps": steps}
    for shown, each in zip(steps, billed.steps, strict=True):
        shown["cost"] = {"bytes": each.bytes, "unweighed": each.unweighed}
    told = {"bytes": billed.bytes, "unweighed": billed.unweighed, "most_bytes": billed.most_bytes or None}
    return {"project": of.project.name, "steps": steps, "cost": told}


def planned(of: Step, notes: tuple[str, ...]) -> Document:
    """A step of a plan, with what a land step would read."""
    look = getattr(of, "look", None)
    if look is None:
        return step(of) | {"notes": list(notes)}
    return step(of) | {"mode": look.mode, "units": len(look.units), "bytes": look.size, "notes": list(notes)}


def record(of: RunRecord) -> Document:
    return asdict(of)


def reject(of: RejectedRow) -> Document:
    return asdict(of)


def why(of: Why) -> Document:
    return asdict(of)


def error(of: BaseException, exit_code: int) -> Document:
    """What stopped a command. The lines of a project file are left out: they are the user's own."""
    if not isinstance(of, StarlodeError):
        return {"error": {"kind": type(of).__name__, "what": type(of).__name__, "exit_code": exit_code}}
    told: Document = {
        "kind": type(of).__name__,
        "what": of.what,
        "where": of.where,
        "hint": of.hint,
        "exit_code": exit_code,
    }
    if isinstance(of, ProjectError):
        told["mistakes"] = [_mistake(each) for each in of.mistakes]
    if isinstance(of, CheckFailed):
        told["findings"] = [asdict(finding) for finding in of.findings]
    return {"error": told}


def usage(of: UsageError) -> Document:
    """A command line that cannot be understood."""
    return {
        "error": {
            "kind": "UsageError",
            "what": of.message,
            "where": None,
            "hint": f"{of.program} --help",
            "exit_code": 2,
        }
    }


def _mistake(of: Mistake) -> Document:
    return {name: value for name, value in asdict(of).items() if name != "text"}


def _plain(value: Any) -> Any:
    """The value in JSON's own types, losing no digit."""
    if isinstance(value, dict):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
