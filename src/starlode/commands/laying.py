"""Laying a template's files into a folder with the project's name in them, never over a file that says something else.

What every project gets lies in `templates/every`. Hidden files have names without a dot there, because packages leave
those with one out.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from starlode.declaration import PROJECT_FILE
from starlode.declare import NAME
from starlode.errors import Mistake, ProjectError
from starlode.schema import json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATES = Path(__file__).parent.parent / "templates"
SHIPPED = (".csv", ".md", ".py", ".sql", ".yml")
HIDDEN = {"gitignore": ".gitignore", "env.example": ".env.example"}
SCHEMA_FILE = "starlode.schema.json"


def lay(template: str, folder: Path, name: str) -> tuple[Path, ...]:
    """Write a template as the project `name`; the files that were written. Refuses to change one that is there."""
    if not NAME.fullmatch(name):
        rule = "a name begins with a letter and holds lower-case letters, digits and _"
        raise ProjectError(
            Mistake(f"`{name}` is no name for a project", "NAME", hint=f"did you mean `{as_name(name)}`?  {rule}")
        )
    files = {folder / path: content for path, content in _files(template, name)}
    taken = [path for path, content in files.items() if path.exists() and path.read_bytes() != content]
    if taken:
        advice = "nothing was written; choose another folder with --to, or move the file away"
        raise ProjectError(*(Mistake("the file is there already", str(path), hint=advice) for path in taken))
    written = tuple(path for path in files if not path.exists())
    for path in written:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[path])
    return written


def as_name(text: str) -> str:
    """The nearest name of a project to a text such as a folder's name."""
    name = re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")
    return name if NAME.fullmatch(name) else "my_star"


def _files(template: str, name: str) -> Iterator[tuple[str, bytes]]:
    """The files of a project, the declaration last: a folder that has it is whole."""
    for kind in (template, "every"):
        for path in sorted((TEMPLATES / kind).rglob("*")):
            place = path.relative_to(TEMPLATES / kind).as_posix()
            if path.is_file() and place != PROJECT_FILE and (path.suffix in SHIPPED or path.name in HIDDEN):
                yield HIDDEN.get(place, place), path.read_bytes()
    yield SCHEMA_FILE, (json.dumps(json_schema(), indent=2) + "\n").encode()
    declared = (TEMPLATES / template / PROJECT_FILE).read_text("utf-8")
    yield PROJECT_FILE, re.sub(r"(?m)^name: .*$", f"name: {name}", declared, count=1).encode()
