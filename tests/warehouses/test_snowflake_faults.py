"""What befalls a run on Snowflake, on its double: each ends in an error that says what to do, and the next run ends rightly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import StarlodeError
from tests.warehouses.losing import Lost, losing
from tests.warehouses.test_snowflake import laid, sales

if TYPE_CHECKING:
    from pathlib import Path

# A change of the star, as JSON says it.
STAR = 'insert into \\"STAR\\"'
USED_UP = "Warehouse 'LOAD' cannot be resumed because resource monitor 'MONTHLY' has exceeded its quota."


def relayed(target: str, relay: int) -> str:
    return target.replace(f":{port_of(target)}/", f":{relay}/")


def port_of(target: str) -> int:
    return int(target.partition("127.0.0.1:")[2].partition("/")[0])


def refusing(word: bytes, code: str, message: str) -> Lost:
    """A statement with a word in it that Snowflake refuses once."""
    told = {"success": False, "code": code, "message": message, "data": {"sqlState": "57014", "queryId": "0"}}
    return Lost(word, instead=(200, json.dumps(told).encode()))


@pytest.mark.parametrize(("word", "status"), [("copy into", 429), ("commit", 503)])
def test_what_is_throttled_is_asked_again(snowflake: str, tmp_path: Path, word: str, status: int) -> None:
    busy = Lost(word.encode(), instead=(status, b""), times=2)
    with losing(port_of(snowflake), busy) as relay:
        run = starlode.run(laid(tmp_path, relayed(snowflake, relay)))

    assert (busy.times, run.status) == (0, "succeeded")
    assert sales(laid(tmp_path, snowflake)) == ["3.30", "2"]


@pytest.mark.parametrize(
    ("word", "code", "message", "what", "hint"),
    [
        ("copy into", "090073", USED_UP, "resource monitor 'MONTHLY' has exceeded its quota", "raise the quota"),
        (STAR, "000604", "SQL execution canceled", "a resource monitor has cancelled it", "run again"),
        (
            "copy into",
            "390114",
            "Authentication token has expired.",
            "the connection to Snowflake is lost",
            "run again",
        ),
    ],
)
def test_a_run_that_is_refused_in_the_middle_says_what_to_do_and_the_next_goes_on(
    snowflake: str, tmp_path: Path, word: str, code: str, message: str, what: str, hint: str
) -> None:
    refused = refusing(word.encode(), code, message)
    with losing(port_of(snowflake), refused) as relay:
        project = laid(tmp_path, relayed(snowflake, relay))

        with pytest.raises(StarlodeError, match=what) as told:
            starlode.run(project)
    project = laid(tmp_path, snowflake)

    starlode.run(project, wait=10)

    assert refused.has_lost
    assert hint in str(told.value.hint)
    assert sales(project) == ["3.30", "2"]
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"
