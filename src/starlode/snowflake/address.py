"""Reaching a Snowflake account: with a password, a key, a token or the browser, over verified TLS."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from starlode.errors import WarehouseError
from starlode.snowflake.driver import driver, part

if TYPE_CHECKING:
    from starlode.secret import Secret

DOMAIN = ".snowflakecomputing.com"
WORK_SCHEMA = "STARLODE_WORK"
# Where a secret comes from that the target does not say.
PASSWORD, PASSPHRASE, TOKEN = "SNOWFLAKE_PASSWORD", "SNOWFLAKE_KEY_PASSPHRASE", "SNOWFLAKE_TOKEN"
# By which the account's list of queries knows ours; the run is added once it has a name.
TAG = "starlode"
# What a session needs to be, whatever the account or the user is set to.
SETTINGS: dict[str, object] = {
    "QUERY_TAG": TAG,
    "TIMEZONE": "UTC",
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    "ERROR_ON_NONDETERMINISTIC_MERGE": True,
    "ERROR_ON_NONDETERMINISTIC_UPDATE": True,
    "WEEK_OF_YEAR_POLICY": 0,
    "WEEK_START": 0,
    "JSON_INDENT": 0,
    "BINARY_OUTPUT_FORMAT": "HEX",
    "CLIENT_TELEMETRY_ENABLED": False,
}
# The driver counts how long a statement may take, and how long it asks again for a lost answer, as one.
LOGIN_PATIENCE, PATIENCE = 60, 14_400
WRONG_LOGIN = (390100, 390144, 390101, 390303, 390318, 390195)
NO_ANSWER = "is the account's name right, and is the network policy open to this machine?"


@dataclass(frozen=True)
class Address:
    """Where a database is, and how one comes in. The URL is a secret."""

    url: Secret
    warehouse: str = ""
    role: str = ""
    login: str = "password"
    key: str = ""
    protocol: str = "https"

    @property
    def shown(self) -> str:
        """Account, database and user, without a secret."""
        found = urlsplit(self.url.reveal())
        user = f"{unquote(found.username)}@" if found.username else ""
        return f"snowflake://{user}{found.hostname or ''}{found.path}"

    def told(self) -> dict[str, Any]:
        """What the driver is told. A secret."""
        found = urlsplit(self.url.reveal())
        host = found.hostname or ""
        told: dict[str, Any] = {
            "user": unquote(found.username or ""),
            "account": host.removesuffix(DOMAIN),
            "database": spelled(unquote(found.path.strip("/"))),
            "application": "starlode",
            "paramstyle": "qmark",
            "client_session_keep_alive": True,
            "login_timeout": LOGIN_PATIENCE,
            "network_timeout": PATIENCE,
            # Asking the clouds' metadata services where we run is telemetry.
            "platform_detection_timeout_seconds": 0.0,
            "log_imported_packages_in_telemetry": False,
            "session_parameters": dict(SETTINGS),
        }
        if self.protocol == "http":
            told |= {"account": "double", "host": host, "port": found.port, "protocol": "http"}
        told |= {name: said for name, said in (("warehouse", self.warehouse), ("role", self.role)) if said}
        return told | self._secret(unquote(found.password or ""))

    def _secret(self, password: str) -> dict[str, Any]:
        if self.login == "key":
            passphrase = os.environ.get(PASSPHRASE)
            told = {"authenticator": "SNOWFLAKE_JWT", "private_key_file": os.path.expanduser(self.key)}
            return told | ({"private_key_file_pwd": passphrase} if passphrase else {})
        if self.login == "oauth":
            return {"authenticator": "oauth", "token": os.environ.get(TOKEN, "")}
        if self.login == "sso":
            return {"authenticator": "externalbrowser"}
        return {"password": password or os.environ.get(PASSWORD, "")}


def spelled(database: str) -> str:
    """A database as its address names it: in any letters, as in SQL without quotes."""
    return database.upper()


def tagged(tag: str) -> str:
    """Let the queries of a session have a tag."""
    return f"alter session set query_tag = '{tag}'"


def problem(url: str) -> str:
    """What is wrong with the spelling of a URL, without quoting it; nothing when it can be used."""
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        return "it is no URL"
    if not found.hostname or not found.username or (port is not None and port < 1):
        return "it names no user at an account"
    return "" if found.path.strip("/") and "/" not in found.path.strip("/") else "it names no database"


def connect(address: Address, *, commits: bool = True) -> Any:
    """An open connection in which each statement commits itself unless a transaction is begun; raises WarehouseError."""
    opened = driver()
    try:
        connection = opened.connect(**address.told(), autocommit=commits)
    except opened.errors.Error as error:
        raise _unreachable(address, error) from None
    except (OSError, TypeError, ValueError) as error:
        raise _unusable(address, error) from None
    connection.telemetry_enabled = False
    missing = next((name for name in ("database", "warehouse", "role") if _lacks(address, connection, name)), None)
    if missing:
        part(connection)
        raise WarehouseError(
            f"Snowflake cannot be used: there is no such {missing}, or no right to it",
            where=address.shown,
            hint=f"create it, or `grant usage on {missing} …` as docs/snowflake.md says",
        )
    return connection


def _lacks(address: Address, connection: Any, name: str) -> bool:
    """Whether the session has not got what the target asks for."""
    asked = name == "database" or getattr(address, name)
    return bool(asked) and not getattr(connection, name)


def _unusable(address: Address, error: Exception) -> WarehouseError:
    if address.login == "key":
        what = f"the key of `key=` cannot be read ({type(error).__name__})"
        return WarehouseError(
            f"Snowflake cannot be reached: {what}",
            where=address.shown,
            hint=f"it is a file in PKCS#8, PEM; its passphrase stands in the variable {PASSPHRASE}",
        )
    return WarehouseError("Snowflake cannot be reached: it does not answer", where=address.shown, hint=NO_ANSWER)


def _unreachable(address: Address, error: Any) -> WarehouseError:
    what, hint = "it does not answer", NO_ANSWER
    told = str(error)
    if error.errno in WRONG_LOGIN or "Incorrect username" in told or "JWT token is invalid" in told:
        what = "the user, or the password, key or token, is not right"
        hint = f"put it into the environment: target: ${{TARGET}}, {PASSWORD} or {TOKEN}"
    elif "certificate" in told or "SSL" in told:
        what, hint = "TLS cannot be verified", "look at the account's name, and at what stands between"
    elif error.errno in (251005, 251006, 251007, 251008):
        what, hint = "a user, password or account is missing", "docs/snowflake.md says which login needs what"
    return WarehouseError(f"Snowflake cannot be reached: {what}", where=address.shown, hint=hint)
