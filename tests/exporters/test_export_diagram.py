"""Diagram exports: the pictures as files, drawn from a real star."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from starlode.errors import ProjectError, WarehouseError
from starlode.exporters.diagram import Diagram
from starlode.star import Dimension, Fact, Role, Select, Star

if TYPE_CHECKING:
    from starlode.session import Session

GOLDEN = Path(__file__).parent.parent / "golden" / "diagram"
TEXT = "{http://www.w3.org/2000/svg}text"
# What Mermaid's reader takes for a table, a column and a line between tables.
GRAMMAR = re.compile(
    r'erDiagram|    [a-z]\w*\["[^"\\%]+"\] \{|        [a-z]+ [A-Za-z]\w*( PK| FK)?( "[^"]*")?|    \}'
    r'|    [a-z]\w* \|\|(--|\.\.)o\{ [a-z]\w* : "[^"]*"',
    re.ASCII,
)


@pytest.mark.parametrize("name", ["music.svg", "music.mmd", "music.md"])
def test_the_drawing_is_the_reviewed_one(name: str, star: Star, session: Session, folder: Path) -> None:
    (path,) = Diagram(f"docs/{name}").export(star, session, folder)

    assert path == folder / "docs" / name
    assert path.read_text(encoding="utf-8") == (GOLDEN / name).read_text(encoding="utf-8")


def test_reserved_members_are_not_counted(star: Star, session: Session, folder: Path) -> None:
    (path,) = Diagram("star.svg").export(star, session, folder)

    shown = _texts(path)
    assert sorted(text for text in shown if re.fullmatch(r"[\d,]+ rows?", text)) == ["1 row", "3 rows", "3 rows"]
    assert "1 fact with 3 rows, 2 dimensions" in shown


def test_large_counts_have_separators(star: Star, session: Session, folder: Path) -> None:
    session.execute("insert into star.fact_songplay (session_id) select range from range(1234564)")

    (path,) = Diagram("star.svg").export(star, session, folder)

    assert "1,234,567 rows" in _texts(path)


def test_keys_history_grain_and_aggregates_are_marked(star: Star, session: Session, folder: Path) -> None:
    (path,) = Diagram("star.svg").export(star, session, folder)

    drawn = path.read_text(encoding="utf-8")
    shown = _texts(path)
    assert [shown.count(sign) for sign in ("PK", "FK", "NK")] == [3, 4, 4]
    assert drawn.count("<title>history</title>") == 2
    assert {"sum", "avg", "one row per session_id, item", "one row per version of user_id"} <= set(shown)


def test_further_roles_are_dashed_and_named(star: Star, session: Session, folder: Path) -> None:
    svg, mermaid = (Diagram(to).export(star, session, folder)[0].read_text() for to in ("a.svg", "a.mmd"))

    dashed = re.findall(r'<path class="line0 further" [^>]*><title>([^<]*)</title>', svg)
    assert dashed == ["fact_songplay.ended_time_key → dim_time"]
    assert '    dim_time ||--o{ fact_songplay : "started"' in mermaid
    assert '    dim_time ||..o{ fact_songplay : "ended"' in mermaid


def test_chosen_tables_are_drawn_alone(star: Star, session: Session, folder: Path) -> None:
    (path,) = Diagram("star.mmd", tables=("fact_songplay", "dim_user")).export(star, session, folder)

    assert "dim_time" not in path.read_text().replace("_time_key", "")
    assert path.read_text().count("||") == 1


def test_the_svg_fetches_nothing_runs_nothing_and_knows_the_dark(star: Star, session: Session, folder: Path) -> None:
    (path,) = Diagram("star.svg").export(star, session, folder)

    drawn = path.read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"' ]*", drawn) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<script|href|url\(|@import|\son\w+=", drawn)
    assert "prefers-color-scheme: dark" in drawn


def test_every_colour_is_also_written_plainly_for_viewers_without_variables(
    star: Star, session: Session, folder: Path
) -> None:
    (path,) = Diagram("star.svg").export(star, session, folder)

    uses = re.findall(r"\{ (.*var\(.*) \}", path.read_text(encoding="utf-8"))
    assert len(uses) > 20
    assert all(re.fullmatch(r"(fill|stroke): #[0-9a-f]{6}; \1: var\(--[a-z0-9-]+\);", use) for use in uses)


def test_names_are_escaped_and_long_ones_keep_a_tooltip(session: Session, folder: Path) -> None:
    odd, long = '<script>&"x"', "n" * 90
    star = Star(
        (Dimension(odd, Select("", ""), (long,)),),
        (Fact("f", Select("", ""), ("pk",), roles=(Role(odd, ("a",), "<b>"),)),),
    )
    session.execute(f"""create table star."dim_{odd.replace('"', '""')}" as
        select 1 as "{odd.replace('"', '""')}_key", 'v' as {long}""")
    session.execute(f"""create table star.fact_f as select 1 as "<b>_{odd.replace('"', '""')}_key", 2 as pk""")

    (svg,) = Diagram("star.svg", title="A & B").export(star, session, folder)
    (mermaid,) = Diagram("star.mmd").export(star, session, folder)

    assert f"dim_{odd}" in _texts(svg)
    assert "<script>" not in svg.read_text(encoding="utf-8")
    assert f"…<title>{long}</title>" in svg.read_text(encoding="utf-8")
    assert [line for line in mermaid.read_text(encoding="utf-8").splitlines() if not GRAMMAR.fullmatch(line)] == []
    assert "integer c_pk " in mermaid.read_text(encoding="utf-8")


def test_the_mermaid_text_keeps_to_what_its_reader_takes(star: Star, session: Session, folder: Path) -> None:
    (path,) = Diagram("star.mmd").export(star, session, folder)

    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not GRAMMAR.fullmatch(line)] == []
    assert '        decimal price "sum"' in lines


def test_a_page_escapes_its_heading(star: Star, session: Session, folder: Path) -> None:
    (path,) = Diagram("star.md", title="My *star* <b>").export(star, session, folder)

    assert path.read_text(encoding="utf-8").startswith("# My \\*star\\* \\<b\\>\n\n```mermaid\nerDiagram\n")


@pytest.mark.parametrize("to", ["star", "star.png", "star.svg.txt"])
def test_an_ending_without_a_drawing_is_a_mistake_before_anything_runs(to: str) -> None:
    with pytest.raises(ProjectError) as failure:
        Diagram(to)

    assert "end it with .svg or .mmd or .md" in str(failure.value)


def test_a_star_that_is_not_built_leaves_the_old_picture(star: Star, session: Session, folder: Path) -> None:
    (path,) = Diagram("star.svg").export(star, session, folder)
    before = path.read_bytes()
    session.execute("drop table star.dim_user")

    with pytest.raises(WarehouseError, match="there is no table"):
        Diagram("star.svg").export(star, session, folder)

    assert path.read_bytes() == before


def test_an_empty_star_is_a_picture_with_only_a_heading(session: Session, folder: Path) -> None:
    (path,) = Diagram("star.svg").export(Star(), session, folder)

    assert _texts(path) == ["Star schema", "0 facts with 0 rows, 0 dimensions"]


def _texts(path: Path) -> list[str]:
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314  our own file
    return [element.text or "" for element in root.iter(TEXT)]
