"""How much room a schema may take: it is looked at when a transaction ends, and one that goes beyond is aborted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sandbox.redshift import wire
from starlode.sandbox.redshift.preparing import QUOTAS
from starlode.sandbox.redshift.refused import LOADING, Refused
from starlode.sandbox.redshift.wire import Message

if TYPE_CHECKING:
    from starlode.sandbox.redshift.backend import Backend

MEGABYTES = {"mb": 1, "gb": 1 << 10, "tb": 1 << 20}
_BEYOND = f"""
select q.schema_name, q.megabytes, sum(pg_total_relation_size(c.oid))::bigint >> 20
  from {QUOTAS} as q join pg_namespace as n on n.nspname = q.schema_name join pg_class as c on c.relnamespace = n.oid
 where c.relkind = 'r'
 group by q.schema_name, q.megabytes
having sum(pg_total_relation_size(c.oid)) > q.megabytes << 20"""


def give(backend: Backend, schema: str, count: str | None, unit: str | None) -> list[Message]:
    """Let a schema have so much room, or any where nothing is said."""
    said = [f"delete from {QUOTAS} where schema_name = '{schema}'"]
    if count and unit:
        said.append(f"insert into {QUOTAS} values ('{schema}', {int(count) * MEGABYTES[unit.lower()]})")
    for statement in said:
        backend.ask(statement)
    return [Message(b"C", wire.text("ALTER SCHEMA"))]


def guard(backend: Backend) -> None:
    """Abort a transaction that leaves a schema with more than it may have."""
    for schema, quota, used in backend.ask(_BEYOND).rows:
        raise Refused(
            LOADING,
            f"Transaction is aborted due to exceeding the disk space quota in schema(s): (Schema: {schema}, Quota: {quota}, "
            f"Current Disk Usage: {used}). Free up disk space or request increased quota for the schema(s).",
        )
