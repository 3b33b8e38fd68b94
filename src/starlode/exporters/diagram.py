"""The star as a picture: SVG drawn here without a browser, or Mermaid, by the ending of `to`.

Row counts are those of the warehouse, with the reserved members (unknown, not applicable, not yet arrived) left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from starlode.delivery import chosen, mistake, place, present, whole
from starlode.diagram.described import describe
from starlode.diagram.mermaid import in_markdown, mermaid
from starlode.diagram.picture import picture
from starlode.diagram.svg import svg
from starlode.sql.export import count_members, count_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlode.diagram.described import Described
    from starlode.session import Session
    from starlode.star import Star


@dataclass(frozen=True)
class Diagram:
    """One picture of the star, in the file `to`."""

    to: str = field(
        metadata={"doc": "The file, inside the project's folder: .svg for a drawing, .mmd for Mermaid, .md for a page."}
    )
    tables: tuple[str, ...] = field(
        default=(), metadata={"doc": "Which tables, such as dim_user or fact_songplay; all when left out."}
    )
    title: str = field(default="Star schema", metadata={"doc": "The heading of the drawing or page."})

    def __post_init__(self) -> None:
        if _ending(self.to) not in DRAWINGS:
            raise mistake(f"`to: {self.to}` says no kind of diagram", f"end it with {' or '.join(DRAWINGS)}")

    def export(self, star: Star, session: Session, folder: Path) -> tuple[Path, ...]:
        target = place(folder, self.to)
        drawn = DRAWINGS[_ending(self.to)](_described(chosen(star, self.tables), session), self.title)
        with whole(target) as building:
            building.write_text(drawn, encoding="utf-8", newline="\n")
        return (target,)


EXPORT = Diagram

DRAWINGS: Mapping[str, Callable[[Described, str], str]] = {
    ".svg": lambda star, title: svg(picture(star, title)),
    ".mmd": lambda star, _: mermaid(star),
    ".md": lambda star, title: in_markdown(mermaid(star), title),
}


def _ending(to: str) -> str:
    return PurePath(to).suffix.lower()


def _described(star: Star, session: Session) -> Described:
    tables = {table.name: present(session, table) for table in star.tables}
    counts = {d.table.name: count_members(session.dialect, d.table, d.key_column) for d in star.dimensions}
    counts |= {f.table.name: count_rows(session.dialect, f.table) for f in star.facts}
    return describe(star, tables, {name: int(session.rows(sql)[0][0]) for name, sql in counts.items()})
