"""What the double of Snowflake does not imitate."""

from __future__ import annotations

NOT_IMITATED = (
    "speed, virtual warehouses and their queues, clustering, costs",
    "names in capitals: a DuckDB takes any letters for the same name",
    "correlated sub-queries that Snowflake cannot evaluate, and functions that only a DuckDB has, beyond a few",
    "what ALTER does to a table that a transaction of another session has written to",
    "locks, beyond that a row changed by an open transaction cannot be changed by another session",
    "UPDATE with several source rows for one, MERGE, procedures, tasks, streams, policies, cloning, time travel",
    "roles and grants, beyond users that may only read; network policies, SSO, TLS",
    "COPY beyond Parquet by name from a stage: ON_ERROR, VALIDATE, the memory of loaded files",
    "storage integrations, and external stages elsewhere than in S3: one reads whatever its bucket holds",
    "casts of floating halves to whole numbers, which are rounded away from zero",
    "the length of texts, the digits of numbers beyond those of a DuckDB, HASH's numbers, time zones other than UTC",
)
