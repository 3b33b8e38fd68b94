"""Binding values to statements without looking for pandas each time.

DuckDB tries to import it for each value that it is given. Where it is not installed, that is a search along the whole path,
which takes longer than most statements of a run.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "pandas"
IS_ABSENT = NAME not in sys.modules and find_spec(NAME) is None


@contextmanager
def without_pandas() -> Iterator[None]:
    """Where there is no pandas, let an import of it be told so at once until the block ends."""
    if not IS_ABSENT:
        yield
        return
    sys.modules[NAME] = None  # type: ignore[assignment]  # an import of it fails without a search
    try:
        yield
    finally:
        sys.modules.pop(NAME, None)
