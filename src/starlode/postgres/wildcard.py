"""The streams of a wildcard such as `public.*`: every table and view that this user may read, less those left out.

Each is read whole, and its primary key is its key. A table that the project declares itself is read as it is declared.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from starlode.errors import SourceError
from starlode.nearest import listing
from starlode.postgres import catalog
from starlode.postgres.values import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from starlode.source import Stream


def streams(
    connection: psycopg.Connection[Any],
    patterns: Sequence[str],
    left_out: Sequence[str],
    model: Stream,
    said: Sequence[Stream],
) -> tuple[Stream, ...]:
    """The streams that patterns find, made after a model, behind those that are said one by one."""
    taken = {name for stream in said if stream.reads.table for name in _spellings(stream.reads.table)}
    found: dict[str, Stream] = {}
    clashes: list[str] = []
    for schema, table, key in _matching(connection, patterns, left_out):
        if f"{schema}.{table}" in taken:
            continue
        name = re.sub(r"[^a-z0-9_]+", "_", table.lower()).strip("_")
        if name in found or any(stream.name == name for stream in said) or not re.match("[a-z]", name):
            clashes.append(f"{schema}.{table}")
            continue
        reads = replace(model.reads, table=f"{quote(schema)}.{quote(table)}")
        found[name] = replace(model, name=name, key=key, reads=reads)
    if clashes:
        raise SourceError(
            f"no name can be made for {listing(clashes)} that is not taken",
            hint="declare them under `streams:` with names of their own, or leave them out with `except:`",
        )
    return (*said, *found.values())


def _matching(
    connection: psycopg.Connection[Any], patterns: Sequence[str], left_out: Sequence[str]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for pattern in patterns:
        schema, dot, wanted = pattern.partition(".")
        listed = catalog.tables_of(connection, schema)
        if not dot or not listed:
            raise SourceError(f"`tables: {pattern}` finds nothing", hint="write schema.*, or schema.prefix_*")
        for name, _, key in listed:
            if fnmatchcase(name, wanted) and not _is_out(schema, name, left_out):
                yield schema, name, key


def _is_out(schema: str, name: str, left_out: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) or fnmatchcase(f"{schema}.{name}", pattern) for pattern in left_out)


def _spellings(table: str) -> tuple[str, ...]:
    """The names under which a declared table may be found."""
    bare = ".".join(part.strip('"') for part in table.split("."))
    return (bare,) if "." in bare else (f"public.{bare}",)
