"""How a server is reached: TLS is verified unless it is local, and what a URL leaves open comes from libpq's environment."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
import pytest

import starlode
from starlode.postgres import lanes
from starlode.postgres.address import Address
from starlode.secret import Secret
from tests import projects
from tests.postgres.declaring import declare
from tests.postgres_server import Server, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.project import Project

# The binaries of the wheel know no TLS; those of Debian do.
WITH_TLS = Path("/usr/lib/postgresql/15/bin")
needs_tls = pytest.mark.skipif(
    not (WITH_TLS / "postgres").exists(),
    reason=f"TLS IS NOT TESTED: there is no PostgreSQL with TLS in {WITH_TLS} (apt-get install postgresql-15)",
)
# Spelt as no local name is, and leads to loopback all the same.
ELSEWHERE = "LOCALHOST"
ENCRYPTED = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
LOCKED = "p@ss/wörd %20 'q'"


@dataclass(frozen=True)
class Guarded:
    """A server with TLS whose certificate is made by an authority of our own, and asks one user for a password."""

    port: str
    authority: Path
    stranger: Path

    def url(self, user: str = "postgres", host: str = ELSEWHERE, **more: str) -> str:
        said = "&".join(f"{name}={quote(value, safe='')}" for name, value in more.items())
        return f"postgresql://{user}@{host}:{self.port}/postgres?{said}"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("tls")
    for name in ("authority", "stranger"):
        _openssl(folder, "req", "-x509", *_NEW_KEY, f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}")
    _openssl(folder, "req", *_NEW_KEY, "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    signed = ("-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial", "-extfile", "names")
    _openssl(folder, "x509", "-req", "-in", "server.csr", *signed, "-out", "server.crt")
    (folder / "server.key").chmod(0o600)
    settings = {
        "ssl": "on",
        "ssl_cert_file": str(folder / "server.crt"),
        "ssl_key_file": str(folder / "server.key"),
    }
    with started(WITH_TLS, settings) as server:
        _ask_for_password(server)
        port = server.url.rpartition(":")[2].partition("/")[0]
        yield Guarded(port, folder / "authority.crt", folder / "stranger.crt")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1", "127.0.0.2", "[::1]", "%2Ftmp", "localhost,127.0.0.1"])
def test_a_server_on_this_machine_needs_no_tls(host: str) -> None:
    address = Address(Secret(f"postgresql://{host}/db"))

    assert address.is_local
    assert "sslmode" not in address.conninfo()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example.com/db",
        "postgresql://127.0.0.1.example.com/db",
        "postgresql://127.example.com/db",
        "postgresql://localhost,db.example.com/db",
        "postgresql://localhost/db?hostaddr=192.0.2.1",
        "postgresql://10.0.0.1/db",
        "host=db.example.com dbname=db",
    ],
)
def test_the_certificate_of_any_other_server_is_verified(url: str) -> None:
    address = Address(Secret(url))

    assert not address.is_local
    assert "sslmode=verify-full" in address.conninfo()
    assert "sslrootcert=" in address.conninfo() or (Path.home() / ".postgresql" / "root.crt").exists()


@pytest.mark.parametrize("said", ["url", "environment", "service"])
def test_a_mode_that_is_said_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str) -> None:
    url = "postgresql://db.example.com/db"
    if said == "environment":
        monkeypatch.setenv("PGSSLMODE", "require")
    if said == "service":
        projects.write(tmp_path, {"services": "[shop]\nsslmode=require\n"})
        monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
        url += "?service=shop"
    address = Address(Secret(url + ("?sslmode=require" if said == "url" else "")))

    assert "verify-full" not in address.conninfo()


@needs_tls
@pytest.mark.parametrize("reader", lanes.readers())
def test_a_verified_server_is_read_over_tls(guarded: Guarded, tmp_path: Path, reader: str) -> None:
    project = _asking(tmp_path, guarded.url(sslrootcert=str(guarded.authority)), reader)

    starlode.run(project)

    assert projects.rows(project, "select ssl from staging.live__things") == [(True,)]


@needs_tls
@pytest.mark.parametrize("reader", lanes.readers())
def test_tls_without_verification_has_to_be_asked_for(guarded: Guarded, tmp_path: Path, reader: str) -> None:
    project = _asking(tmp_path, guarded.url(sslmode="require"), reader)

    starlode.run(project)

    assert projects.rows(project, "select ssl from staging.live__things") == [(True,)]


@needs_tls
@pytest.mark.parametrize("trusted", ["the machine's authorities", "a stranger"])
def test_a_certificate_of_an_unknown_authority_is_refused(guarded: Guarded, tmp_path: Path, trusted: str) -> None:
    more = {"sslrootcert": str(guarded.stranger)} if trusted == "a stranger" else {}
    project = _asking(tmp_path, guarded.url(**more))

    with pytest.raises(starlode.SourceError, match="certificate verify failed") as raised:
        starlode.run(project)

    assert "sslrootcert" in (raised.value.hint or "")
    assert raised.value.exit_code == 3


@needs_tls
def test_a_certificate_for_another_name_is_refused(guarded: Guarded, tmp_path: Path) -> None:
    url = guarded.url(host="127.0.0.1", sslmode="verify-full", sslrootcert=str(guarded.authority))

    with pytest.raises(starlode.SourceError, match="does not match host name"):
        starlode.run(_asking(tmp_path, url))


def test_a_server_without_tls_that_is_not_local_is_refused(postgres: str, tmp_path: Path) -> None:
    known = psycopg.conninfo.conninfo_to_dict(postgres)
    url = f"postgresql://{known['user']}@{ELSEWHERE}:{known['port']}/{known['dbname']}"

    with pytest.raises(starlode.SourceError, match="does not support SSL") as raised:
        starlode.run(_asking(tmp_path / "verified", url))
    run = starlode.run(_asking(tmp_path / "plain", f"{url}?sslmode=disable"))

    assert "sslmode" in (raised.value.hint or "")
    assert run.status == "succeeded"


@pytest.mark.parametrize("reader", lanes.readers())
def test_a_service_tells_where_the_server_is(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    known = psycopg.conninfo.conninfo_to_dict(postgres)
    lines = "".join(f"{name}={known[name]}\n" for name in ("host", "port", "user", "dbname"))
    projects.write(tmp_path, {"services": f"# ours\n[shop]\n{lines}"})
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))

    run = starlode.run(_asking(tmp_path, "postgresql:///?service=shop", reader))

    assert run.status == "succeeded"
    assert Address(Secret("postgresql:///?service=shop")).database == known["dbname"]


@pytest.mark.parametrize("reader", lanes.readers())
def test_the_environment_tells_where_the_server_is(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    known = psycopg.conninfo.conninfo_to_dict(postgres)
    for name, variable in (("host", "PGHOST"), ("port", "PGPORT"), ("user", "PGUSER"), ("dbname", "PGDATABASE")):
        monkeypatch.setenv(variable, str(known[name]))

    assert starlode.run(_asking(tmp_path, "postgresql://", reader)).status == "succeeded"


@needs_tls
@pytest.mark.parametrize("reader", lanes.readers())
@pytest.mark.parametrize("place", ["url", "environment", "file"])
def test_a_password_comes_from_the_url_the_environment_or_a_file(
    guarded: Guarded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str, place: str
) -> None:
    user = f"locked:{quote(LOCKED, safe='')}" if place == "url" else "locked"
    if place == "environment":
        monkeypatch.setenv("PGPASSWORD", LOCKED)
    if place == "file":
        projects.write(tmp_path, {"passwords": f"*:*:*:locked:{LOCKED}\n"})
        (tmp_path / "passwords").chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(tmp_path / "passwords"))
    project = _asking(tmp_path, guarded.url(user, sslrootcert=str(guarded.authority)), reader)

    run = starlode.run(project)

    assert run.status == "succeeded"


@needs_tls
@pytest.mark.parametrize("user", ["locked", f"locked:{quote('wrong ' + LOCKED, safe='')}"])
def test_a_wrong_password_is_told_without_it(guarded: Guarded, tmp_path: Path, user: str) -> None:
    project = _asking(tmp_path, guarded.url(user, sslrootcert=str(guarded.authority)))

    with pytest.raises(starlode.SourceError, match="password") as raised:
        starlode.plan(project)

    assert LOCKED not in f"{raised.value!s} {raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}"
    assert "PGPASSWORD" in (raised.value.hint or "")


def test_a_url_that_libpq_cannot_read_is_a_mistake_that_does_not_quote_it(tmp_path: Path) -> None:
    with pytest.raises(starlode.ProjectError) as raised:
        _asking(tmp_path, "postgresql://user:s3cret@host:port:port/db?nonsense=1")

    assert "`url`" in str(raised.value)
    assert "s3cret" not in str(raised.value)


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout")


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def _ask_for_password(server: Server) -> None:
    """Have the server ask the user `locked` for a password."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("create role locked login password {}").format(LOCKED))
        found: Any = connection.execute("show hba_file").fetchone()
        file = Path(found[0])
        file.write_text("host all locked all scram-sha-256\n" + file.read_text())
        connection.execute("select pg_reload_conf()")


def _asking(folder: Path, url: str, reader: str | None = None) -> Project:
    """A project that asks whether its own connection is encrypted."""
    settings = {"reader": reader} if reader else {}
    return declare(folder, url, {"things": "{query: q.sql}"}, files={"q.sql": ENCRYPTED}, source=settings)
