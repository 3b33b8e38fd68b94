"""A small music star in a real DuckDB file, as the exports find it after a build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from starlode.star import Calendar, Dimension, Fact, Role, Select, Star
from starlode.warehouses.duckdb import DuckDB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlode.session import Session

PLAYS = Select("select * from app.events", "sql/songplay.sql")
TABLES = (
    "create schema star",
    "create table star.dim_user (user_key bigint, user_id varchar, name varchar, level varchar, "
    "valid_from timestamp, valid_to timestamp, is_current boolean, load_key bigint)",
    "create table star.dim_time (time_key bigint, starts_at timestamp, hour bigint, date date, load_key bigint)",
    "create table star.fact_songplay (started_time_key bigint, ended_time_key bigint, user_key bigint, "
    "session_id bigint, item bigint, location varchar, price decimal(18,8), length double, load_key bigint)",
    "insert into star.dim_user values "
    "(2, '8', '', 'free', '2018-11-01', '2018-11-15 08:30:00.5', false, 1), "
    "(1, '007', 'O''Brien, \"Bo\"', null, '2018-11-01', '9999-12-31', true, 1), "
    "(3, '8', 'Ann\nLee', 'paid', '2018-11-15 08:30:00.5', '9999-12-31', true, 2), "
    "(-1, null, 'Unknown', 'Unknown', '1900-01-01', '9999-12-31', true, 0), "
    "(-2, null, 'Not applicable', 'Not applicable', '1900-01-01', '9999-12-31', true, 0), "
    "(-3, null, 'Not yet arrived', 'Not yet arrived', '1900-01-01', '9999-12-31', true, 0)",
    "insert into star.dim_time values (2018111508, '2018-11-15 08:00:00', 8, '2018-11-15', 1), "
    "(-1, null, null, null, 0)",
    "insert into star.fact_songplay values "
    "(2018111508, -1, 3, 5, 2, 'Zürich', 0.00000001, 218.5, 2), "
    "(2018111508, 2018111508, 1, 5, 1, null, -1234567890.12345678, null, 2), "
    "(2018111508, -1, -1, 4, 9, '=1+1', 0, 0.1, 2)",
)


@pytest.fixture
def star() -> Star:
    user = Dimension("user", PLAYS, ("user_id",), ("level",), "ts")
    time = Dimension("time", calendar=Calendar(2018, 2018, "hour"))
    roles = (Role("time", ("ts",), "started"), Role("time", ("ended_at",), "ended"), Role("user", ("user_id",)))
    play = Fact("songplay", PLAYS, ("session_id", "item"), "ts", roles, {"price": "sum", "length": "avg"})
    return Star((user, time), (play,))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    opened = DuckDB(tmp_path / "music.duckdb").connect()
    for statement in TABLES:
        opened.execute(statement)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    return made
