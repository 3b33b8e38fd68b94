"""The database itself: whether it is there, made where it is missing, refused where it cannot keep every text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlode.errors import WarehouseError
from starlode.postgres.address import Address, connect, driver
from starlode.postgres.values import literal, quote
from starlode.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

# The database that every server has, from which others are made.
MAINTENANCE = "postgres"
ENCODING = "UTF8"


def database_exists(address: Address) -> bool:
    """Whether the database is there; raises WarehouseError when the server cannot be reached."""
    driver(WarehouseError)
    try:
        connect(address, WarehouseError).close()
    except WarehouseError:
        if _missing(address) is None:
            raise
        return False
    return True


def connect_making(address: Address, settings: Mapping[str, str]) -> psycopg.Connection[Any]:
    """An open connection to the database, which is made first where it is missing."""
    driver(WarehouseError)
    try:
        return connect(address, WarehouseError, settings)
    except WarehouseError:
        missing = _missing(address)
        if missing is None:
            raise
        _make(address, missing)
        return connect(address, WarehouseError, settings)


def refuse_encoding(connection: psycopg.Connection[Any], address: Address) -> None:
    """Refuse a database that does not keep texts as UTF-8."""
    encoding = _one(connection, "select current_setting('server_encoding')")
    if encoding != ENCODING:
        raise WarehouseError(
            f"the database keeps texts as {encoding}, which cannot hold all of them",
            where=address.shown,
            hint="name a database that is made with `create database … encoding 'UTF8' template template0`; "
            "where it is missing, a run makes it so",
        )


def _missing(address: Address) -> str | None:
    """The name of the database where the server is there and the database is not."""
    name = address.database
    try:
        with connect(_maintenance(address), WarehouseError) as connection:
            name = name or connection.info.user
            is_there = _one(connection, f"select exists (select 1 from pg_database where datname = {literal(name)})")
    except WarehouseError:
        return None
    return None if is_there else name


def _make(address: Address, name: str) -> None:
    opened = driver(WarehouseError)
    with connect(_maintenance(address), WarehouseError) as connection:
        try:
            connection.execute(f"create database {quote(name)} encoding '{ENCODING}' template template0".encode())
        except opened.errors.DuplicateDatabase:
            return
        except opened.Error as error:
            raise WarehouseError(
                f"the database is missing, and it cannot be made: {error.diag.message_primary or 'not allowed'}",
                where=address.shown,
                hint="make it as an administrator: create database … encoding 'UTF8' template template0",
            ) from None


def _maintenance(address: Address) -> Address:
    from psycopg.conninfo import make_conninfo

    return Address(Secret(make_conninfo(address.url.reveal(), dbname=MAINTENANCE)))


def _one(connection: psycopg.Connection[Any], sql: str) -> Any:
    row = connection.execute(sql.encode()).fetchone()
    return row[0] if row else None
