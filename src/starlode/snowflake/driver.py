"""The genuine driver, which is there where the extra was installed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from starlode.errors import WarehouseError

INSTALL = "pip install 'starlode[snowflake]'"


def driver() -> Any:
    """The driver, or an error that says how to install it."""
    try:
        import snowflake.connector
    except ImportError as error:
        raise WarehouseError("Snowflake needs a driver that is not installed", hint=INSTALL) from error
    return snowflake.connector


def part(connection: Any) -> None:
    """Close a connection, one that is broken too."""
    with suppress(Exception):  # a session that nobody answers for ends by itself
        connection.close()
