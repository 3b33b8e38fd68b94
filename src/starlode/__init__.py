"""From raw data to a star schema that you can trust.

    import starlode

    project = starlode.read("sales")
    plan = starlode.plan(project)
    run = starlode.run(plan)

The names below are imported when they are first used, so that `import starlode` costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from starlode.errors import (
        CheckFailed,
        DataError,
        LandingError,
        ProjectError,
        SourceError,
        StarlodeError,
        Stopped,
        WarehouseError,
    )
    from starlode.history import RejectedRow, RunRecord, StepRecord, rejects, status
    from starlode.paper import statements
    from starlode.plan import Plan
    from starlode.project import Project, read
    from starlode.query import check, query, table
    from starlode.rebuild import rebuild
    from starlode.run import Run, plan, replay, run
    from starlode.schema import json_schema
    from starlode.sweep import Swept, sweep
    from starlode.tracing.told import Why
    from starlode.undo import undo
    from starlode.why import why

_HOMES = {
    "CheckFailed": "errors",
    "DataError": "errors",
    "LandingError": "errors",
    "Plan": "plan",
    "Project": "project",
    "ProjectError": "errors",
    "RejectedRow": "history",
    "Run": "run",
    "RunRecord": "history",
    "SourceError": "errors",
    "StarlodeError": "errors",
    "StepRecord": "history",
    "Stopped": "errors",
    "Swept": "sweep",
    "WarehouseError": "errors",
    "Why": "tracing.told",
    "check": "query",
    "json_schema": "schema",
    "plan": "run",
    "query": "query",
    "read": "project",
    "rebuild": "rebuild",
    "rejects": "history",
    "replay": "run",
    "run": "run",
    "statements": "paper",
    "status": "history",
    "sweep": "sweep",
    "table": "query",
    "undo": "undo",
    "why": "why",
}

__all__ = [
    "CheckFailed",
    "DataError",
    "LandingError",
    "Plan",
    "Project",
    "ProjectError",
    "RejectedRow",
    "Run",
    "RunRecord",
    "SourceError",
    "StarlodeError",
    "StepRecord",
    "Stopped",
    "Swept",
    "WarehouseError",
    "Why",
    "__version__",
    "check",
    "json_schema",
    "plan",
    "query",
    "read",
    "rebuild",
    "rejects",
    "replay",
    "run",
    "statements",
    "status",
    "sweep",
    "table",
    "undo",
    "why",
]


class _Package(ModuleType):
    """The package, in which a verb is the function and not the module of the same name that holds it."""

    def __getattr__(self, name: str) -> Any:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module 'starlode' has no attribute {name!r}")
        return getattr(import_module(f"starlode.{home}"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        # Importing `starlode.run` would bind the module over the function `run`.
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
