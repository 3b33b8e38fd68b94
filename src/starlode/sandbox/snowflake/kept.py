"""The double of Snowflake as a sandbox keeps it: how its process is started, and databases made in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import starlode

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGES = "fakesnow"
READY = "/ready"


def command(python: Path, place: Path, port: int, said: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
    """The command that starts it on a port of loopback, and its whole environment."""
    # Of what is installed beside Starlode, it may see nothing: it has other versions of its own.
    code = place / "code"
    code.mkdir(exist_ok=True)
    if not (code / "starlode").exists():
        (code / "starlode").symlink_to(Path(starlode.__file__).parent)
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "TMPDIR": str(place),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(code),
        "STARLODE_DOUBLE": json.dumps(said),
    }
    return [str(python), "-m", "starlode.sandbox.snowflake.serve", str(port)], settings


def make_database(port: int, user: str, password: str, name: str, stages: Mapping[str, str]) -> None:
    """Make a database as a user of the double, and stages in it, each with its URL; what is there stays.

    No name needs quotes.
    """
    import snowflake.connector

    with snowflake.connector.connect(
        user=user,
        password=password,
        account="double",
        host="127.0.0.1",
        port=port,
        protocol="http",
        platform_detection_timeout_seconds=0.0,
    ) as connection:
        connection.telemetry_enabled = False
        cursor = connection.cursor()
        there = {str(row[1]).upper() for row in cursor.execute("show databases").fetchall()}
        if name.upper() not in there:
            cursor.execute(f"create database {name}")
        cursor.execute(f"use database {name}")
        for stage, url in stages.items():
            cursor.execute(f"create schema if not exists {stage.rpartition('.')[0]}")
            cursor.execute(f"create or replace stage {stage} url = '{url}'")
