"""Warehouses that PostgreSQL is loaded into; these tests land in a folder."""

from __future__ import annotations

import pytest

from tests.conftest import FROM_A_FOLDER, target_of


@pytest.fixture(params=FROM_A_FOLDER)
def target(request: pytest.FixtureRequest) -> str:
    """The target of an empty warehouse, of each kind that loads from a folder."""
    return target_of(request)
