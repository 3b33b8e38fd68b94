"""The star as a Mermaid `erDiagram`, which many wikis and code hosts draw by themselves.

Mermaid takes few letters in names of tables, columns and types, so each gets a safe name of its own and the true one
stands beside it in quotes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlode.diagram.card import count_of
from starlode.diagram.text import printable

if TYPE_CHECKING:
    from starlode.diagram.described import Described, Entity, Link, Mark

KEYS = {"key": " PK", "role": " FK"}
# Words that Mermaid reads as a key's mark wherever they stand.
TAKEN = frozenset({"pk", "fk", "uk"})
FULL_WIDTH = 0xFEE0


def mermaid(star: Described) -> str:
    """The diagram; further roles of one dimension are dashed."""
    names = _safe_names([entity.name for entity in star.entities])
    lines = ["erDiagram"]
    for entity in star.entities:
        lines += _entity(entity, names[entity.name])
    lines += [_link(link, names) for link in star.links]
    return "\n".join(lines) + "\n"


def in_markdown(diagram: str, title: str) -> str:
    """The diagram as a page."""
    heading = re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", printable(title))
    return f"# {heading}\n\n```mermaid\n{diagram}```\n"


def _entity(entity: Entity, safe: str) -> list[str]:
    names = _safe_names([mark.name for mark in entity.marks])
    return [
        f'    {safe}["{_quoted(entity.name)} · {count_of(entity.rows)}"] {{',
        *(
            f"        {_mark(mark, names[mark.name], 'grain' if entity.is_fact else 'natural key')}"
            for mark in entity.marks
        ),
        "    }",
    ]


def _mark(mark: Mark, safe: str, natural: str) -> str:
    notes = [
        _quoted(mark.name) if safe != mark.name else "",
        natural if mark.part == "natural" else "",
        "history" if mark.has_history else "",
        mark.aggregate if mark.part == "measure" else "",
    ]
    said = ", ".join(note for note in notes if note)
    comment = f' "{said}"' if said else ""
    return f"{mark.type.partition('(')[0]} {safe}{KEYS.get(mark.part, '')}{comment}"


def _link(link: Link, names: dict[str, str]) -> str:
    line = ".." if link.is_further else "--"
    role = _quoted(link.role or link.column)
    return f'    {names[link.dimension]} ||{line}o{{ {names[link.of]} : "{role}"'


def _safe_names(names: list[str]) -> dict[str, str]:
    """A different name for each, of the letters that Mermaid takes."""
    safe: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
        if not plain[:1].isalpha() or plain.lower() in TAKEN:
            plain = f"c_{plain}"
        unique, number = plain, 2
        while unique in safe.values():
            unique, number = f"{plain}_{number}", number + 1
        safe[name] = unique
    return safe


def _quoted(name: str) -> str:
    """A name between quotes; letters that Mermaid or HTML would read are full-width: it decodes no codes here."""
    return re.sub(r'[#"<>&%\\`;]', lambda found: chr(ord(found[0]) + FULL_WIDTH), printable(name))
