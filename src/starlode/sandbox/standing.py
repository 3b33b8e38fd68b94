"""The servers of a sandbox, kept below one folder: each is started when it is first needed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from starlode.sandbox import postgres, s3
from starlode.sandbox.bigquery import kept as bigquery
from starlode.sandbox.bigquery.double import NOT_IMITATED as NOT_IN_BIGQUERY
from starlode.sandbox.environments import prepared, unfollowed
from starlode.sandbox.gcs import kept as gcs
from starlode.sandbox.gcs.double import NOT_IMITATED as NOT_IN_GCS
from starlode.sandbox.keeping import Command, end, free_port, keep, kept, start, stop
from starlode.sandbox.postgres import SUPERUSER
from starlode.sandbox.redshift.double import NOT_IMITATED as NOT_IN_REDSHIFT
from starlode.sandbox.snowflake import kept as snowflake
from starlode.sandbox.snowflake.gaps import NOT_IMITATED as NOT_IN_SNOWFLAKE
from starlode.sandbox.snowflake.kept import make_database as make_snowflake_database

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlode.sandbox.environments import Follow
    from starlode.sandbox.keeping import Kept

    Tell = Callable[[str], None]

POSTGRES, S3, REDSHIFT, SNOWFLAKE, BIGQUERY, GCS = "postgres", "s3", "redshift", "snowflake", "bigquery", "gcs"
GOOGLE_KEY = "google.key.json"
# A socket file would have a name that is too long in a deep folder.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "unix_socket_directories": ""}
NOT_IMITATED: Mapping[str, tuple[str, ...]] = {
    S3: s3.NOT_IMITATED,
    REDSHIFT: NOT_IN_REDSHIFT,
    SNOWFLAKE: NOT_IN_SNOWFLAKE,
    BIGQUERY: NOT_IN_BIGQUERY,
    GCS: NOT_IN_GCS,
}


@dataclass(frozen=True)
class Sandbox:
    """The servers below a folder; `tell` hears of each that is started, `follow` of what is installed for one."""

    place: Path
    tell: Tell
    follow: Follow = unfollowed

    def postgres(self) -> str:
        """The URL of a PostgreSQL as its superuser, without a database."""
        return self._known(POSTGRES, "url") or self._start_postgres()

    def s3(self) -> str:
        """The URL of an S3."""
        return self._known(S3, "url") or self._start_s3()

    def redshift(self, database: str, user: str, password: str, role: str) -> int:
        """The port of a double of Redshift that lets this user into this database, and reads buckets as this role."""
        said = {"postgres": f"{self.postgres()}/postgres", "s3": self.s3(), "users": {user: password}, "roles": [role]}
        self.make_database(database, user)
        return self._again(REDSHIFT, said) or self._serve(REDSHIFT, said)

    def snowflake(
        self, database: str, user: str, password: str, warehouse: str, role: str, stages: Mapping[str, str]
    ) -> int:
        """The port of a double of Snowflake with a database, for this user with this virtual warehouse and this role.

        `stages` are the URLs of the external stages that it has.
        """
        said: dict[str, Any] = {"users": {user.lower(): {"password": password}}}
        said |= {"warehouses": [warehouse]} if warehouse else {}
        said |= {"roles": [role]} if role else {}
        said |= {"s3": {"url": self.s3(), "key": s3.KEY, "secret": s3.SECRET}} if stages else {}
        port = self._again(SNOWFLAKE, said) or self._start_snowflake(said)
        make_snowflake_database(port, user, password, database, stages)
        return port

    def gcs(self) -> Mapping[str, str]:
        """How the environment names a double of Google Cloud Storage."""
        key = self.place / GOOGLE_KEY
        said = {"key": str(key)}
        port = self._again(GCS, said) or self._serve(GCS, said)
        return gcs.environment(port, key)

    def bigquery(self, storage: str = "") -> Mapping[str, str]:
        """How the environment names a double of BigQuery, in which every project is there as soon as it is asked for.

        `storage` is the address of the Cloud Storage that it reads.
        """
        python, key = self._prepared(bigquery.PACKAGES), self.place / GOOGLE_KEY
        said = {"key": str(key), "python": str(python), "storage": storage}
        port = self._again(BIGQUERY, said) or self._start_bigquery(said, python)
        return bigquery.environment(port, key)

    def make_database(self, name: str, owner: str = SUPERUSER) -> bool:
        """Make a database of the PostgreSQL for somebody, who is made as well; what is there stays. Whether it is new."""
        with psycopg.connect(f"{self.postgres()}/postgres", autocommit=True) as connection:
            if not connection.execute("select 1 from pg_roles where rolname = %s", (owner,)).fetchone():
                connection.execute(sql.SQL("create role {} login").format(sql.Identifier(owner)))
            is_new = not connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone()
            if is_new:
                made = sql.SQL("create database {} owner {} template template0")
                connection.execute(made.format(sql.Identifier(name), sql.Identifier(owner)))
        return is_new

    def servers(self) -> dict[str, Kept]:
        """Those that were started, by name."""
        return kept(self.place)

    def end(self) -> bool:
        """Stop all servers and forget what they held; whether there were any."""
        was_up = end(self.place)
        shutil.rmtree(self.place, ignore_errors=True)
        return was_up

    def _known(self, name: str, fact: str) -> str:
        held = self.servers().get(name)
        return held.facts[fact] if held is not None and held.runs else ""

    def _again(self, name: str, said: Mapping[str, Any]) -> int:
        """The port of a double that runs and was told the same; one that was told something else is stopped."""
        known = self._known(name, "port")
        if known and json.loads(self._told(name).read_text("utf-8")) == said:
            return int(known)
        if name in self.servers():
            stop(self.place, name)
        return 0

    def _told(self, name: str) -> Path:
        return self.place / f"{name}.told.json"

    def _note(self, name: str, said: Mapping[str, Any]) -> None:
        """Write down what a double is told: secrets, for nobody else to read."""
        told = self._told(name)
        told.touch(0o600)
        told.write_text(json.dumps(said), encoding="utf-8")

    def _start_postgres(self) -> str:
        place, programs = self._room(POSTGRES), postgres.binaries()
        on, port = postgres.ground(place), free_port()
        if not (place / "data").exists():
            postgres.make(programs, place, on)
        words = postgres.command(programs, place, port, SETTINGS, on)
        url = f"postgresql://{SUPERUSER}@127.0.0.1:{port}"
        self._start(
            Command(POSTGRES, words, {"LC_ALL": "C.UTF-8"}, place, {"url": url}, lambda: _lets_in(url), on.user)
        )
        return url

    def _start_s3(self) -> str:
        python, place, port = self._prepared(s3.PACKAGES), self._room(S3), free_port()
        words, environment = s3.command(python, place, port)
        url = f"http://127.0.0.1:{port}"
        self._start(Command(S3, words, environment, place, {"url": url}, lambda: s3.answers(f"{url}{s3.HEALTH}")))
        return url

    def _start_bigquery(self, said: Mapping[str, Any], python: Path) -> int:
        if not bigquery.compiled(python).exists():
            self.tell("compiling Google's parser of SQL, once")
            with self.follow("compiling Google's parser of SQL"):
                bigquery.compile_parser(python)
        return self._serve(BIGQUERY, said)

    def _serve(self, name: str, said: Mapping[str, Any]) -> int:
        """Start a double that is a module of ours, in our own environment."""
        keep(self.place)
        port = free_port()
        self._note(name, said)
        words = [sys.executable, "-m", f"starlode.sandbox.{name}.serve", str(self._told(name)), str(port)]
        self._start(Command(name, words, os.environ, self.place, {"port": str(port)}, lambda: _listens(port)))
        return port

    def _start_snowflake(self, said: Mapping[str, Any]) -> int:
        python, place, port = self._prepared(snowflake.PACKAGES), self._room(SNOWFLAKE), free_port()
        self._note(SNOWFLAKE, said)
        words, environment = snowflake.command(python, place, port, said)
        ready = f"http://127.0.0.1:{port}{snowflake.READY}"
        self._start(Command(SNOWFLAKE, words, environment, place, {"port": str(port)}, lambda: s3.answers(ready)))
        return port

    def _prepared(self, packages: str) -> Path:
        return prepared(packages, self.tell, follow=self.follow)

    def _start(self, command: Command) -> None:
        self.tell(f"starting {command.name}")
        start(self.place, command)

    def _room(self, name: str) -> Path:
        keep(self.place)
        place = self.place / name
        place.mkdir(exist_ok=True)
        return place


def _lets_in(url: str) -> bool:
    try:
        psycopg.connect(f"{url}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
