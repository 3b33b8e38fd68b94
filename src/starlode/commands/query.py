"""`starlode query`: a SELECT over the warehouse, for reading only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlode.commands.opening import asked_project
from starlode.query import query
from starlode.terminal import answers, documents
from starlode.terminal.speech import out, paint, say
from starlode.words import counted

if TYPE_CHECKING:
    from argparse import Namespace


def command(arguments: Namespace) -> int:
    answer = query(asked_project(arguments), _text(arguments.sql))
    if arguments.json:
        documents.write({"columns": answer.column_names, "rows": answers.rows(answer)})
    else:
        out(answers.shown(answer))
        say(paint(counted(answer.num_rows, "row"), "dim"))
    return 0


def _text(said: str) -> str:
    """The SELECT itself, or what a .sql file holds."""
    return Path(said).read_text(encoding="utf-8-sig") if said.endswith(".sql") and " " not in said.strip() else said
