"""The parts of pages that are printed from the code: settings, types, commands, exit codes.

They stand between `<!-- generated: name -->` and `<!-- end -->`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from starlode import registry
from starlode.arguments import TOUR, make_parser
from starlode.declaration import (
    Accepted,
    BridgeDeclaration,
    CalendarDeclaration,
    DimensionDeclaration,
    FactDeclaration,
    JunkDeclaration,
    LabelsDeclaration,
    LandingDeclaration,
    LayoutDeclaration,
    NamesDeclaration,
    NoRows,
    NotNull,
    ProjectDeclaration,
    Range,
    StreamDeclaration,
    Unique,
    export_shape,
)
from starlode.declare import Count, Declared, Filled, Lazy, Name, choices, settings
from starlode.environment import Word
from starlode.table import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlode.declare import Setting

SHARED = {"help", "project", "target", "sandbox", "json", "debug"}
MEANINGS: Mapping[str, str] = {
    "boolean": "true or false",
    "integer": "64 bits",
    "decimal": "exact, as `decimal(10,2)`: ten digits, two of them after the point; at most 38 digits",
    "double": "a floating point number",
    "text": "text",
    "date": "a day",
    "time": "a time of day",
    "timestamp": "a moment without a zone, to the microsecond",
    "timestamptz": "a moment with a zone, to the microsecond",
    "binary": "bytes",
    "json": "any nested value",
}
WORDS: Mapping[Any, str] = {Name: "name", Filled: "text", Count: "number", bool: "true or false", int: "number"}

_PART = re.compile(r"(<!-- generated: (?P<name>[\w -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def refreshed(page: Path) -> str:
    """The text of a page with its generated parts as the code would print them now."""
    return _PART.sub(lambda part: f"{part[1]}{PARTS[part['name']]()}{part[3]}", page.read_text("utf-8"))


def names(page: Path) -> list[str]:
    """The generated parts of a page."""
    return [part["name"] for part in _PART.finditer(page.read_text("utf-8"))]


def _settings(*shapes: type) -> str:
    known: dict[str, Setting] = {}
    for shape in shapes:
        known |= settings(shape)
    rows = (f"| `{one.key}` | {_form(one.expects)} | {_default(one)} | {_cell(one.doc)} |\n" for one in known.values())
    return "\n| key | value | default | what it says |\n|---|---|---|---|\n" + "".join(rows) + "\n"


def _cell(text: str) -> str:
    """Text that may stand in a cell of a table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def _default(setting: Setting) -> str:
    if setting.is_required:
        return "**needed**"
    default = setting.default
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if default == ("",):
        return "an empty field"
    return f"`{default}`" if isinstance(default, str | int | Word) and default != "" else ""


def _form(expects: Any) -> str:
    """What may be written for a setting, in words."""
    if isinstance(expects, Lazy):
        return _form(expects.load())
    forms = dict.fromkeys(_one_form(of) for of in choices(expects) if of is not type(None))
    return " or ".join(forms)


def _one_form(of: Any) -> str:
    origin, parts = get_origin(of), get_args(of)
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin is tuple:
        one = _form(parts[0])
        return "text or list" if one == "text" else f"{one}, or a list"
    if origin is Mapping:
        return f"{{{_form(parts[0])}: {_form(parts[1])}}}"
    if isinstance(of, type) and issubclass(of, Declared):
        return "mapping"
    return WORDS.get(of, "text")


def _exporters() -> str:
    return "".join(
        f"\n### `{name}`\n\n{_sentence(registry.member('exporters', name))}\n{_settings(export_shape(name))}"
        for name in registry.names("exporters")
    )


def _sentence(of: Any) -> str:
    return str(of.__doc__).strip()


def _stream() -> str:
    return _settings(registry.member("sources", "files").stream_settings, StreamDeclaration)


def _commands() -> str:
    return "\n" + "\n".join(_command(f"starlode {name}", one) for name, one in _subcommands(make_parser()))


def _command(name: str, parser: argparse.ArgumentParser) -> str:
    """A section on a command: what it does, its words, and its examples."""
    words = "".join(_word(action) for action in parser._actions if action.dest not in SHARED)
    table = f"| word | what it does |\n|---|---|\n{words}\n" if words else ""
    examples = str(parser.epilog).removeprefix("examples:\n")
    example = "".join(f"{line.removeprefix('  ')}\n" for line in examples.splitlines())
    inner = "".join(f"\n{_command(f'{name} {action}', one)}" for action, one in _subcommands(parser))
    level = "#" * (len(name.split()))
    return f"{level} {name}\n\n{parser.description}\n\n{table}```sh\n{example}```\n{inner}"


def _shared_words() -> str:
    words = "".join(_word(action) for action in make_parser()._actions if action.dest in SHARED - {"help"})
    return f"\n| word | what it does |\n|---|---|\n{words}\n"


def _word(action: argparse.Action) -> str:
    if isinstance(action, argparse._SubParsersAction):
        return ""
    said = ", ".join(action.option_strings) or str(action.metavar)
    value = f" {action.metavar}" if action.option_strings and action.metavar else ""
    return f"| `{said}{value}` | {_cell(str(action.help))} |\n"


def _subcommands(parser: argparse.ArgumentParser) -> list[tuple[str, argparse.ArgumentParser]]:
    return [
        (name, command)
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name, command in action.choices.items()
    ]


def _exit_codes() -> str:
    codes = re.findall(r"^  (\d+)  (.+)$", TOUR, re.MULTILINE)
    return "\n| code | when |\n|---|---|\n" + "".join(f"| {code} | {when} |\n" for code, when in codes) + "\n"


def _types() -> str:
    rows = (f"| `{kind}` | {MEANINGS[kind]} |\n" for kind in KINDS)
    return "\n| type | what it holds |\n|---|---|\n" + "".join(rows) + "\n"


PARTS: Mapping[str, Callable[[], str]] = {
    "settings of a project": lambda: _settings(ProjectDeclaration),
    "settings of a landing": lambda: _settings(LandingDeclaration),
    "settings of a duckdb target": lambda: _settings(registry.member("warehouses", "duckdb")),
    "settings of a files source": lambda: _settings(registry.member("sources", "files")),
    "settings of a postgres source": lambda: _settings(registry.member("sources", "postgres")),
    "settings of a stream": _stream,
    "settings of a postgres stream": lambda: _settings(registry.member("sources", "postgres").stream_settings),
    "settings of a dimension": lambda: _settings(DimensionDeclaration),
    "settings of a calendar": lambda: _settings(CalendarDeclaration),
    "settings of names": lambda: _settings(NamesDeclaration),
    "settings of a junk dimension": lambda: _settings(JunkDeclaration),
    "settings of a fact": lambda: _settings(FactDeclaration),
    "settings of a layout": lambda: _settings(LayoutDeclaration),
    "settings of a bridge": lambda: _settings(BridgeDeclaration),
    "settings of labels": lambda: _settings(LabelsDeclaration),
    "settings of checks": lambda: _settings(NotNull, Unique, Accepted, Range, NoRows),
    "exporters": _exporters,
    "commands": _commands,
    "words of every command": _shared_words,
    "exit codes": _exit_codes,
    "types": _types,
}
