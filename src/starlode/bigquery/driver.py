"""The genuine client, which is there where the extra was installed."""

from __future__ import annotations

from typing import Any

from starlode.errors import WarehouseError

INSTALL = "pip install 'starlode[bigquery]'"


def driver() -> Any:
    """The client's module, or an error that says how to install it."""
    try:
        from google.cloud import bigquery
    except ImportError as error:
        raise WarehouseError("BigQuery needs a client that is not installed", hint=INSTALL) from error
    return bigquery


def failures() -> tuple[type[Exception], ...]:
    """What the client raises where a request ends otherwise than well."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from google.resumable_media import InvalidResponse

    return (GoogleAPIError, GoogleAuthError, InvalidResponse, OSError)
