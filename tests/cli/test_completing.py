"""Shell completion, asked for as the shells ask: through the environment, answered on a descriptor of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.shell import call, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli


def completed(line: str, folder: Path) -> list[str]:
    """What a shell would be offered at the end of the line."""
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_SUPPRESS_SPACE": "1"}
    answer = folder / "completions"
    # argcomplete answers on descriptor 8 and leaves with an exit code that shells do not look at.
    asking = f'"$0" -m starlode 8>"{answer}" 9>/dev/null >/dev/null 2>&1; true'
    subprocess.run(["sh", "-c", asking, sys.executable], cwd=folder, env=environment(asked), timeout=60, check=True)
    return [word.strip() for word in answer.read_text("utf-8").split("\x0b") if word.strip()]


def test_commands_are_completed(shop: Path) -> None:
    assert completed("starlode s", shop) == ["status", "sweep", "sandbox", "schema"]


def test_options_are_completed(shop: Path) -> None:
    assert completed("starlode run --fu", shop) == ["--full"]


def test_names_of_the_project_are_completed_for_a_selection(shop: Path) -> None:
    assert completed("starlode run --select dim_", shop) == ["dim_customer", "dim_date"]


def test_streams_are_completed_for_rejects(shop: Path) -> None:
    assert completed("starlode rejects list --stream shop.", shop) == ["shop.customers", "shop.orders"]


def test_a_broken_project_offers_no_names_and_says_nothing(shop: Path) -> None:
    (shop / "starlode.yml").write_text("name: [")

    assert completed("starlode run --select dim_", shop) == []


@pytest.mark.parametrize(
    ("shell", "part"),
    [("bash", "complete "), ("zsh", "compdef"), ("fish", "complete "), ("powershell", "Register-ArgumentCompleter")],
)
def test_the_code_for_each_shell_names_the_command(shell: str, part: str, cli: Cli) -> None:
    answer = cli("completion", shell)

    assert answer.code == 0
    assert part in answer.out
    assert "starlode" in answer.out


def test_bash_accepts_the_code(tmp_path: Path) -> None:
    code = call("completion", "bash", folder=tmp_path).out

    ended = subprocess.run(["bash", "-n"], input=code, text=True, capture_output=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")
