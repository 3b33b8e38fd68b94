"""Reaching a Redshift: a provisioned cluster or a serverless workgroup, with a password or by IAM, over verified TLS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from starlode.errors import WarehouseError
from starlode.redshift.driver import driver

if TYPE_CHECKING:
    from starlode.secret import Secret

PORT = 5439
SERVERLESS = ".redshift-serverless."
# What a session needs to be. Names in quotes keep their letters, which Redshift makes small by itself.
SETTINGS = ("set enable_case_sensitive_identifier to true", "set timezone to 'UTC'", "set datestyle to 'ISO, YMD'")
PATIENCE = 30


@dataclass(frozen=True)
class Address:
    """Where a database is, and how one comes in. The URL is a secret."""

    url: Secret
    sslmode: str = "verify-full"
    iam: bool = False
    cluster: str = ""
    workgroup: str = ""
    region: str = ""
    profile: str = ""

    @property
    def shown(self) -> str:
        """Host, port, database and user, without a secret."""
        found = urlsplit(self.url.reveal())
        user = f"{unquote(found.username)}@" if found.username else ""
        return f"redshift://{user}{found.hostname or ''}:{found.port or PORT}{found.path}"

    @property
    def is_serverless(self) -> bool:
        """Whether it is a workgroup and no cluster."""
        return bool(self.workgroup) or SERVERLESS in (urlsplit(self.url.reveal()).hostname or "")

    def told(self) -> dict[str, Any]:
        """What the driver is told. A secret."""
        found = urlsplit(self.url.reveal())
        user, password = unquote(found.username or ""), unquote(found.password or "")
        told: dict[str, Any] = {
            "host": found.hostname,
            "port": found.port or PORT,
            "database": unquote(found.path.lstrip("/")) or "dev",
            "application_name": "starlode",
            "timeout": PATIENCE,
            "ssl": self.sslmode != "disable",
            # A statement that is kept by its text would be taken for what it gave before, such as a FETCH of another answer.
            "max_prepared_statements": 0,
        }
        if told["ssl"]:
            told["sslmode"] = self.sslmode
        if not self.iam:
            return told | {"user": user, "password": password}
        names = {
            "db_user": user,
            "cluster_identifier": self.cluster,
            "serverless_work_group": self.workgroup,
            "region": self.region,
            "profile": self.profile,
        }
        serverless = {"is_serverless": True} if self.is_serverless else {}
        return told | {"iam": True} | serverless | {name: value for name, value in names.items() if value}


def problem(url: str) -> str:
    """What is wrong with the spelling of a URL, without quoting it; nothing when it can be used."""
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        return "it is no URL"
    return "" if found.hostname and (port is None or port > 0) else "it names no host"


def connect(address: Address) -> Any:
    """An open connection in which each statement stands alone unless a transaction is begun; raises WarehouseError."""
    opened = driver()
    try:
        connection = opened.connect(**address.told())
    except opened.Error as error:
        raise _unreachable(address, error) from None
    except OSError as error:
        raise _unreachable(address, error) from None
    except Exception as error:
        if not address.iam:
            raise
        raise WarehouseError(
            f"Redshift cannot be reached: IAM gives no login ({type(error).__name__})",
            where=address.shown,
            hint="look at the credentials, the region and the right redshift:GetClusterCredentials",
        ) from None
    connection.autocommit = True
    # Waiting for a connection has an end, waiting for a statement has none.
    connection._usock.settimeout(None)
    for setting in SETTINGS:
        connection.cursor().execute(setting)
    return connection


def _unreachable(address: Address, error: Exception) -> WarehouseError:
    told = " ".join(str(error).split())
    what, hint = "the server does not answer", "is it running, is it public or reached by VPN, and is the port open?"
    if "password authentication" in told or "28000" in told:
        what, hint = "the user or the password is not right", "put both into the environment: target: ${TARGET}"
    elif "does not exist" in told or "3D000" in told:
        what, hint = "there is no such database", "create it, or mend its name"
    elif "SSL" in told or "certificate" in told or "Hostname" in told:
        what = "TLS cannot be verified"
        hint = "`?sslmode=verify-ca` leaves the host's name open; `?sslmode=disable` is for a double on this machine"
    return WarehouseError(f"Redshift cannot be reached: {what}", where=address.shown, hint=hint)
