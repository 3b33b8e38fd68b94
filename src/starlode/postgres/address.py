"""Reaching a PostgreSQL server: by URL, and for all that the URL leaves open by libpq's own environment.

That is PG* variables, the service file and the password file. TLS is verified unless the server is on this machine or the
user says otherwise in so many words, because libpq by itself takes any certificate, and even none.
"""

from __future__ import annotations

import configparser
import os
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from starlode.errors import SourceError, StarlodeError, WarehouseError
    from starlode.secret import Secret

INSTALL = "pip install 'starlode[postgres]'"
DEFAULTS = {"application_name": "starlode", "connect_timeout": "10", "keepalives_idle": "30"}
# What libpq reads from the environment of the parameters that decide how safe a connection is.
VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "service": "PGSERVICE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}
LOCAL = ("localhost", "")


@dataclass(frozen=True)
class Address:
    """Where a server is. An empty URL leaves everything to libpq's environment."""

    url: Secret

    @property
    def shown(self) -> str:
        """Host, port, database and user, without a secret."""
        known = self._known()
        user = f"{known['user']}@" if known.get("user") else ""
        port = f":{known['port']}" if known.get("port") else ""
        return f"postgresql://{user}{known.get('host', '')}{port}/{known.get('dbname', '')}"

    @property
    def database(self) -> str:
        """The database that is named, or nothing where it is that of the user's name."""
        return self._known().get("dbname", "")

    @property
    def is_local(self) -> bool:
        """Whether every host is this machine, which nobody can listen in between."""
        known = self._known()
        hosts = (known.get("hostaddr") or known.get("host") or "").split(",")
        return all(host in LOCAL or host.startswith(("/", "@")) or _is_loopback(host) for host in hosts)

    def conninfo(self, **more: str) -> str:
        """The whole of it for a driver of libpq, with TLS verified where nothing else is said. A secret."""
        from psycopg.conninfo import make_conninfo

        said = self._said()
        return make_conninfo(**{**DEFAULTS, **self._safe(), **said, **more})

    def uri(self) -> str:
        """The same for a driver that takes nothing but a URI. A secret."""
        from psycopg.conninfo import conninfo_to_dict

        return "postgresql:///?" + urlencode(conninfo_to_dict(self.conninfo()), quote_via=quote)

    def _said(self) -> dict[str, Any]:
        from psycopg.conninfo import conninfo_to_dict

        return dict(conninfo_to_dict(self.url.reveal()))

    def _known(self) -> dict[str, str]:
        """What is said, over what the environment says, over what the service file says."""
        said = {name: str(value) for name, value in self._said().items() if value is not None}
        from_environment = {name: os.environ[word] for name, word in VARIABLES.items() if os.environ.get(word)}
        known = {**from_environment, **said}
        return {**_service(known.get("service", "")), **known}

    def _safe(self) -> dict[str, str]:
        known = self._known()
        if self.is_local or "sslmode" in known:
            return {}
        return {"sslmode": "verify-full", **({} if "sslrootcert" in known else _authorities())}


def problem(url: str) -> str:
    """What is wrong with the spelling of a URL, without quoting it; nothing when it can be used."""
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        return ""
    try:
        conninfo_to_dict(url)
    except ProgrammingError:
        return "libpq cannot read it"
    return ""


def connect(
    address: Address, failure: type[SourceError] | type[WarehouseError], settings: Mapping[str, str] | None = None
) -> psycopg.Connection[Any]:
    """An open connection in autocommit, with these settings of the session; raises `failure`."""
    opened = driver(failure)
    try:
        connection: psycopg.Connection[Any] = opened.connect(address.conninfo(), autocommit=True)
    except opened.Error as error:
        raise _unreachable(address, failure, error) from None
    for name, value in {"timezone": "UTC", **(settings or {})}.items():
        connection.execute("select set_config(%s, %s, false)", (name, value))
    return connection


def driver(failure: type[StarlodeError]) -> Any:
    """The driver, or `failure` that says how to install it."""
    try:
        import psycopg
    except ImportError as error:
        raise failure("PostgreSQL needs a driver that is not installed", hint=INSTALL) from error
    return psycopg


def _is_loopback(host: str) -> bool:
    """Whether a host is an address of this machine's loopback; a name that looks like one may lead anywhere."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _unreachable(
    address: Address, failure: type[SourceError] | type[WarehouseError], error: Exception
) -> StarlodeError:
    text = " ".join(str(error).split())
    hint = "is the server running, and may this user connect from here?"
    if "certificate" in text or "SSL" in text:
        hint = (
            "TLS is verified for servers that are not local: name the authority with `?sslrootcert=FILE`, or say "
            "`?sslmode=require` in the URL to go without verification"
        )
    elif "password" in text:
        hint = "put the password in the environment, in PGPASSWORD, or in the password file"
    return failure(f"PostgreSQL cannot be reached: {_scrubbed(address, text)}", where=address.shown, hint=hint)


def _scrubbed(address: Address, text: str) -> str:
    password = address._said().get("password")
    return text.replace(str(password), "****") if password else text


def _service(name: str) -> dict[str, str]:
    """What the service file says of a service, as far as it can be read."""
    if not name:
        return {}
    places = [os.environ.get("PGSERVICEFILE") or Path.home() / ".pg_service.conf"]
    if os.environ.get("PGSYSCONFDIR"):
        places.append(Path(os.environ["PGSYSCONFDIR"]) / "pg_service.conf")
    for place in places:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read(place, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        if parser.has_section(name):
            return dict(parser.items(name))
    return {}


def _authorities() -> dict[str, str]:
    """The authorities that this machine trusts; libpq's own default is a file that hardly anybody has."""
    own = Path.home() / ".postgresql" / "root.crt"
    if own.exists():
        return {}
    known = ssl.get_default_verify_paths()
    for file in (
        known.cafile,
        known.openssl_cafile,
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    ):
        if file and Path(file).exists():
            return {"sslrootcert": file}
    return {"sslrootcert": "system"}
