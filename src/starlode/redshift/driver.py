"""The genuine driver, which is there where the extra was installed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from starlode.errors import WarehouseError

INSTALL = "pip install 'starlode[redshift]'"


def driver() -> Any:
    """The driver, or an error that says how to install it."""
    try:
        import redshift_connector
    except ImportError as error:
        raise WarehouseError("Redshift needs a driver that is not installed", hint=INSTALL) from error
    return redshift_connector


def part(connection: Any) -> None:
    """Close a connection, one that is broken too; the driver leaves the socket of such a one open."""
    file = connection._sock
    try:
        connection.close()
    finally:
        if file is not None:
            with suppress(OSError, ValueError):
                file.close()
