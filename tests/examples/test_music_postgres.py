"""The music star in PostgreSQL, as its README tells it: a database that is made, five tables, and full runs that keep views."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest

import starlode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.project import Project
    from tests.postgres_server import Server

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def url(postgres_server: Server) -> Iterator[str]:
    """The URL of a database that is not there yet."""
    name = f"music_{uuid4().hex[:8]}"
    yield postgres_server.database(name)
    postgres_server.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
def music(url: str, tmp_path: Path) -> Project:
    ignored = shutil.ignore_patterns("data", "landing")
    shutil.copytree(EXAMPLES / "music-postgres", tmp_path / "music", ignore=ignored)
    make = [sys.executable, str(EXAMPLES / "music" / "generate.py"), "--to", str(tmp_path / "music" / "data")]
    truth = ["--events", "900", "--songs", "20", "--truth", str(tmp_path / "truth.json")]
    subprocess.run([*make, *truth], check=True, capture_output=True)
    return starlode.read(tmp_path / "music", {"TARGET": url})


def _rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql.encode()).fetchall()


def test_the_database_is_made_with_utf8_and_holds_five_tables(music: Project, url: str, tmp_path: Path) -> None:
    truth = json.loads((tmp_path / "truth.json").read_text())

    ended = starlode.run(music)

    assert ended.status == "succeeded"
    assert _rows(url, "show server_encoding") == [("UTF8",)]
    tables = _rows(url, "select table_name from information_schema.tables where table_schema = 'star' order by 1")
    assert tables == [("dim_artist",), ("dim_song",), ("dim_time",), ("dim_user",), ("fact_songplay",)]
    assert _rows(url, "select count(*) from star.fact_songplay") == [(truth["plays"],)]


def test_a_second_run_changes_nothing(music: Project) -> None:
    starlode.run(music)

    assert starlode.run(music).status == "unchanged"


def test_a_full_run_builds_anew_and_keeps_views_and_rights(music: Project, url: str) -> None:
    starlode.run(music)
    count = "select count(*), count(distinct user_key) from star.fact_songplay"
    before = _rows(url, count)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create schema report")
        connection.execute(
            "create view report.plays as select level, count(*) as plays from star.fact_songplay group by 1"
        )
        connection.execute("grant select on star.fact_songplay to public")

    ended = starlode.run(music, full=True)

    assert ended.status == "succeeded"
    assert _rows(url, count) == before
    assert _rows(url, "select sum(plays)::int from report.plays") == [(before[0][0],)]
    rights = "select count(*)::int from information_schema.role_table_grants where grantee = 'PUBLIC'"
    assert _rows(url, f"{rights} and table_name = 'fact_songplay'") == [(1,)]
