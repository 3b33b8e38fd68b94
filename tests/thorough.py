"""How much a run of the tests tries where there are many moments or cases of one kind: some of each, or all of them.

`STARLODE_TEST_THOROUGH=1` tries all; `make thorough` sets it.
"""

from __future__ import annotations

import os

IS_THOROUGH = bool(os.environ.get("STARLODE_TEST_THOROUGH"))


def few(count: int) -> int:
    """How many made-up cases are tried out of a number that is enough: a third, or all where all are asked for."""
    return count if IS_THOROUGH else max(3, count // 3)


def some(count: int) -> range:
    """Places spread over a number of them: each third, or each where all are asked for."""
    return range(count) if IS_THOROUGH else range(1 if count > 1 else 0, count, 3)
