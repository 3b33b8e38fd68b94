"""A project as it stands in its sandbox: the same declaration, with doubles on this machine in place of the services it names.

Nothing of it touches what a run without the sandbox has: buckets and databases are those of the doubles, and the landing and
the embedded files of a project lie in the sandbox's own folder.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from starlode.errors import Mistake, ProjectError
from starlode.sandbox import s3
from starlode.sandbox.gcs import kept as gcs
from starlode.sandbox.standing import NOT_IMITATED, Sandbox
from starlode.snowflake.address import spelled
from starlode.stores.bucket import Bucket
from starlode.stores.folder import Folder
from starlode.stores.objects import GOOGLE_URL, address
from starlode.terminal.progress import awaited
from starlode.terminal.speech import say
from starlode.warehouses.bigquery import BigQuery
from starlode.warehouses.duckdb import DuckDB
from starlode.warehouses.postgres import Postgres
from starlode.warehouses.redshift import Redshift
from starlode.warehouses.snowflake import Snowflake

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlode.project import Project
    from starlode.store import Store
    from starlode.stores.objects import Address
    from starlode.warehouse import Warehouse

PLACE = Path(".starlode") / "sandbox"
# What a project puts into its buckets before a run: `sandbox/<bucket>/…`.
FILLED = "sandbox"
USER, PASSWORD = "sandbox", "sandbox"


def sandbox_of(folder: Path) -> Sandbox:
    """The sandbox of a project's folder; its servers begin elsewhere, so its place is told from the root on."""
    return Sandbox(folder.absolute() / PLACE, lambda told: say(f"sandbox: {told}"), awaited)


def in_sandbox(project: Project) -> Project:
    """The project on doubles, which are started where they do not run yet; the environment names those that have no address."""
    sandbox = sandbox_of(project.folder)
    before = set(sandbox.servers())
    buckets = _buckets(project)
    in_s3, in_gcs = (sorted(place.bucket for place in buckets if place.scheme == scheme) for scheme in ("s3", "gs"))
    stood = replace(
        project,
        warehouse=_double(project.warehouse, sandbox, project.landing),
        target=_double(project.target, sandbox, project.landing) if project.target else None,
        landing=project.landing if isinstance(project.landing, Bucket) else Folder(sandbox.place / "landing"),
        is_sandboxed=True,
    )
    if in_s3 or isinstance(project.shown, Redshift):
        url = sandbox.s3()
        os.environ.update(s3.environment(url))
        for bucket in in_s3:
            s3.make_bucket(url, bucket)
            _fill(project.folder / FILLED / bucket, partial(s3.put, url, bucket))
    if in_gcs:
        named = sandbox.gcs()
        os.environ.update(named)
        for bucket in in_gcs:
            gcs.make_bucket(named, bucket)
            _fill(project.folder / FILLED / bucket, partial(gcs.put, named, bucket))
    for name in sandbox.servers().keys() - before:
        for gap in NOT_IMITATED.get(name, ()):
            say(f"sandbox: {name} does not imitate {gap}")
    return stood


def source_database(folder: Path, name: str) -> tuple[str, bool]:
    """The URL of a database that stands for a source of a project, and whether it was made just now."""
    sandbox = sandbox_of(folder)
    is_new = sandbox.make_database(f"{name}_source")
    return f"{sandbox.postgres()}/{name}_source", is_new


def _buckets(project: Project) -> set[Address]:
    """The buckets that a project lands in and reads; raises ProjectError for those of a service that has no double."""
    places = [getattr(source, "files", "") for source in project.sources]
    places += [str(project.landing.address)] if isinstance(project.landing, Bucket) else []
    found = [place for place in map(address, places) if place is not None]
    other = next((place for place in found if place.scheme not in ("s3", "gs")), None)
    if other is not None:
        raise ProjectError(
            Mistake(f"the sandbox has no double of {other.scheme}://", str(other), hint="s3:// and gs:// have one")
        )
    return {replace(place, prefix="") for place in found}


def _fill(folder: Path, put: Callable[[str, bytes], None]) -> None:
    """Put into a bucket what the project has laid out for it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            put(path.relative_to(folder).as_posix(), path.read_bytes())


def _double(real: Warehouse, sandbox: Sandbox, landing: Store) -> Warehouse:
    """What stands in the sandbox for a warehouse."""
    if isinstance(real, DuckDB):
        return replace(real, path=sandbox.place / real.path.name)
    if isinstance(real, Postgres):
        name = _database(real.url.reveal())
        sandbox.make_database(name)
        return Postgres.named(f"{sandbox.postgres()}/{quote(name)}", sandbox.place)
    if isinstance(real, Redshift):
        return _redshift(real, sandbox)
    if isinstance(real, Snowflake):
        return _snowflake(real, sandbox, landing)
    if isinstance(real, BigQuery):
        # Its address says which project, and the environment where that is and who asks.
        is_read = isinstance(landing, Bucket) and landing.address.scheme == "gs"
        os.environ.update(sandbox.bigquery(sandbox.gcs()[GOOGLE_URL] if is_read else ""))
        return real
    raise ProjectError(Mistake(f"the sandbox has no double of {type(real).__name__}", "target"))


def _redshift(real: Redshift, sandbox: Sandbox) -> Redshift:
    """The double of a database, reached by the names that the target says."""
    found = urlsplit(real.url.reveal())
    user, password = unquote(found.username or USER), unquote(found.password or PASSWORD)
    name = _database(real.url.reveal())
    port = sandbox.redshift(name, user, password, real.iam_role)
    url = f"redshift://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{port}/{quote(name)}"
    said = (("unload", real.unload), ("slices", real.slices))
    asked = "".join(f"&{name}={value}" for name, value in said if value)
    return Redshift.named(f"{url}?sslmode=disable&iam_role={real.iam_role}{asked}", sandbox.place)


def _snowflake(real: Snowflake, sandbox: Sandbox, landing: Store) -> Snowflake:
    """The double of a database, reached by the names that the target says, and by a password however one logs in there.

    An external stage is made there on the landing's bucket.
    """
    url = real.url.reveal()
    user, name = unquote(urlsplit(url).username or USER), _database(url)
    stages = {real.stage: f"{landing.address}/"} if real.stage and isinstance(landing, Bucket) else {}
    port = sandbox.snowflake(spelled(name), user, PASSWORD, real.warehouse, real.role, stages)
    doubled = f"snowflake://{quote(user, safe='')}:{PASSWORD}@127.0.0.1:{port}/{quote(name)}?protocol=http"
    said = (("warehouse", real.warehouse), ("role", real.role), ("stage", real.stage))
    asked = "".join(f"&{name}={value}" for name, value in said if value)
    return Snowflake.named(f"{doubled}{asked}", sandbox.place)


def _database(url: str) -> str:
    return unquote(urlsplit(url).path.lstrip("/")) or "dev"
