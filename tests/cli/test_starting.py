"""How fast the command line starts, and what it must not import to say a word."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import starlode
from tests.cli.shell import call, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

HEAVY = {"duckdb", "pyarrow", "sqlglot", "yaml", "rich", "argcomplete", "asyncio", "importlib.metadata"}
TELLING = (
    "import sys\nfrom starlode.cli import main\ntry:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
)
# The budgets are 0.15 s and 0.3 s; twice that, because the machine is shared.
BUDGETS = {"--version": 0.30, "--help": 0.60}


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("run", "--help"), ("rejects", "replay", "--help")])
def test_speaking_about_itself_imports_nothing_heavy(words: tuple[str, ...], tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TELLING, *words],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    imported = set(ended.stderr.split())

    assert "starlode.cli" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize("word", sorted(BUDGETS))
def test_speaking_about_itself_stays_within_the_budget(word: str, tmp_path: Path) -> None:
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        assert call(word, folder=tmp_path).code == 0
        taken.append(time.perf_counter() - began)

    assert min(taken) < BUDGETS[word]


def test_a_run_on_unchanged_input_takes_less_than_a_second(shop: Path) -> None:
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        assert call("run", folder=shop).err.startswith("nothing changed")
        taken.append(time.perf_counter() - began)

    assert min(taken) < 2.0


def test_the_version_is_one_line_on_stdout(cli: Cli) -> None:
    answer = cli("--version")

    assert answer.out == f"starlode {starlode.__version__}\n"
    assert answer.code == 0


def test_no_command_shows_the_help(cli: Cli) -> None:
    answer = cli()

    assert answer.out.startswith("usage: starlode")
    assert "first steps:" in answer.out


def test_starting_as_a_module_and_as_a_command_is_the_same(tmp_path: Path) -> None:
    command = subprocess.run(
        [sys.executable.replace("python3", "python").rsplit("/", 1)[0] + "/starlode", "--help"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    module = call("--help", folder=tmp_path)

    assert command.stdout == module.out
