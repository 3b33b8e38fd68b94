"""The help teaches: every word of the command line is explained, and every example in it can be typed."""

from __future__ import annotations

import argparse
import re
import shlex
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from starlode.arguments import Parser, make_parser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Cli

COMMANDS = {
    "demo",
    "sandbox",
    "init",
    "plan",
    "run",
    "check",
    "status",
    "why",
    "undo",
    "rebuild",
    "rejects",
    "query",
    "sweep",
    "schema",
    "completion",
    "version",
}


def parsers(parser: Parser) -> Iterator[Parser]:
    """A parser and those of all its commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from parsers(command)


ALL = list(parsers(make_parser()))
LEAVES = [parser for parser in ALL if parser.prog != "starlode"]


def test_the_commands_are_those_that_are_documented() -> None:
    names = {parser.prog.split()[1] for parser in LEAVES}

    assert names == COMMANDS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_has_a_file_with_one_function_of_that_name(name: str) -> None:
    module = import_module(f"starlode.commands.{name}")

    assert callable(module.command)
    assert f"starlode {name}" in (module.__doc__ or "")


@pytest.mark.parametrize("parser", ALL, ids=lambda parser: str(parser.prog))
def test_every_option_is_explained_in_the_help(parser: Parser) -> None:
    shown = parser.format_help()

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        assert action.help, f"{parser.prog} {action.dest} has no help"
        assert all(option in shown for option in action.option_strings)


@pytest.mark.parametrize("parser", LEAVES, ids=lambda parser: str(parser.prog))
def test_every_command_speaks_json_and_shows_its_errors_on_request(parser: Parser) -> None:
    options = {option for action in parser._actions for option in action.option_strings}

    assert {"--json", "--debug", "--help"} <= options


@pytest.mark.parametrize("parser", LEAVES, ids=lambda parser: str(parser.prog))
def test_every_example_can_be_typed(parser: Parser) -> None:
    text = f"{parser.description}\n{parser.epilog}"
    examples = [line.strip() for line in text.split("examples:")[1].splitlines() if "starlode" in line]

    for example in examples:
        found = re.search(r"starlode [^)>#]*(?=[)>#]|$)", example)
        assert found
        words = shlex.split(found[0])
        assert make_parser().parse_args(words[1:]).command == parser.prog.split()[1]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_is_data_on_stdout(name: str, cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli(name, "--help")
    said = capsys.readouterr()

    assert left.value.code == 0
    assert said.out.startswith(f"usage: starlode {name}")
    assert said.err == ""


def test_the_help_lists_the_exit_codes() -> None:
    shown = make_parser().format_help().split("exit codes:")[1]

    assert re.findall(r"^ +(\d+)  ", shown, re.MULTILINE) == ["0", "1", "2", "3", "4", "5", "130"]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("rnu",), "run"),
        (("stat",), "status"),
        (("run", "--selct", "x"), "--select"),
        (("run", "--only", "lod"), "load"),
        (("rejects", "repaly"), "replay"),
        (("completion", "bsh"), "bash"),
    ],
)
def test_a_misspelt_word_brings_the_nearest_one(words: tuple[str, ...], meant: str, cli: Cli) -> None:
    answer = cli(*words)

    assert answer.code == 2
    assert f"did you mean `{meant}`?" in answer.err
    assert answer.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--wait", "-1"),
        ("run", "--wait", "soon"),
        ("run", "--wait", "nan"),
        ("status", "--runs", "0"),
        ("demo", "--size", "1.5"),
        ("rejects",),
        ("rejects", "show", "first"),
        ("query",),
        ("run", "--sel", "x"),
    ],
)
def test_a_value_that_cannot_be_is_refused(words: tuple[str, ...], cli: Cli) -> None:
    answer = cli(*words)

    assert answer.code == 2
    assert answer.err.startswith("error: ")
    assert f"`starlode {words[0]}" in answer.err


def test_options_of_every_command_may_stand_before_it() -> None:
    before = make_parser().parse_args(["--project", "x", "--json", "run"])
    after = make_parser().parse_args(["run", "--project", "x", "--json"])
    without = make_parser().parse_args(["run"])

    assert before == after
    assert (without.project, without.json, without.debug, without.target) == (None, False, False, None)


def test_numbers_may_be_written_as_people_read_them() -> None:
    arguments = make_parser().parse_args(["demo", "--size", "1,000_000"])

    assert arguments.size == 1_000_000
