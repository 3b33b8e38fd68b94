"""The layout's promises as geometry: nothing overlaps, every text fits, every line ends on a border."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starlode.diagram.described import Described, Entity, Link, Mark, describe
from starlode.diagram.mermaid import mermaid
from starlode.diagram.picture import picture
from starlode.diagram.shapes import STYLES, Box, Card, Edge, Picture
from starlode.diagram.svg import svg
from starlode.diagram.text import label, width_of
from starlode.star import Dimension, Fact, Role, Select, Star
from starlode.table import INTEGER, Column

NOTHING = Select("", "")
NAMES = st.text(max_size=60) | st.sampled_from(
    ["a", "customer", "<b>&\"'", "漢字" * 12, "👩‍👩‍👧" * 8, "x" * 200, "\u202eabc"]
)
TYPES = st.sampled_from(["integer", "text", "decimal(38,10)", "timestamptz"])
ROWS = st.sampled_from([0, 1, 999, 1_000, 123_456_789_012_345])
TOLERANCE = 0.02


@st.composite
def stars(draw: st.DrawFn) -> Described:
    """Any star of up to three facts and fifteen dimensions, with roles, history and names of any kind."""
    dimensions = tuple(draw(_dimensions(number)) for number in range(draw(st.integers(0, 15))))
    facts, links = [], []
    for number in range(draw(st.integers(0, 3))):
        targets = draw(st.lists(st.sampled_from(dimensions), max_size=18)) if dimensions else []
        name = f"fact_{number}" + draw(NAMES)
        seen: set[str] = set()
        roles = []
        for place, target in enumerate(targets):
            column = f"{place}_" + draw(NAMES)
            role = draw(NAMES) if target.name in seen else draw(st.just("") | NAMES)
            links.append(Link(name, target.name, column, target.marks[0].name, role, target.name in seen))
            roles.append(Mark(column, "integer", "role"))
            seen.add(target.name)
        marks = [
            Mark(f"m{n}_" + draw(NAMES), "double", "measure", "count_distinct") for n in range(draw(st.integers(0, 4)))
        ]
        facts.append(Entity(name, True, draw(ROWS), draw(NAMES), (*roles, *marks)))
    return Described((*dimensions, *facts), tuple(links))


@st.composite
def _dimensions(draw: st.DrawFn, number: int) -> Entity:
    key = Mark(f"{number}_key" + draw(NAMES), draw(TYPES), "key")
    others = [
        Mark(
            f"c{n}_" + draw(NAMES),
            draw(TYPES),
            draw(st.sampled_from(["natural", "other", "added"])),
            "",
            draw(st.booleans()),
        )
        for n in range(draw(st.integers(0, 14)))
    ]
    return Entity(f"dim_{number}" + draw(NAMES), False, draw(ROWS), draw(NAMES), (key, *others))


@settings(max_examples=60, deadline=None)
@given(stars())
def test_no_two_cards_overlap_and_all_stand_on_the_page(star: Described) -> None:
    drawn = picture(star, "Star schema")

    boxes = [*(card.box for card in drawn.cards), *(item.box for item in drawn.legend), drawn.title.box, drawn.note.box]
    assert {card.name for card in drawn.cards} == {entity.name for entity in star.entities}
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    assert all(Box(0, 0, drawn.width, drawn.height).holds(box) for box in boxes)


@settings(max_examples=60, deadline=None)
@given(stars())
def test_every_text_fits_its_card_and_no_two_texts_overlap(star: Described) -> None:
    drawn = picture(star, "Star schema")

    for card in drawn.cards:
        inside = [*(text.box for text in card.texts), *(badge.box for badge in card.badges)]
        assert all(_grown(card.box).holds(box) for box in inside)
        assert not [pair for pair in combinations(map(_shrunk, inside), 2) if pair[0].overlaps(pair[1])]
        assert all(_grown(badge.box).holds(badge.text.box) for badge in card.badges)
        assert all(card.box.right - 30 < clock.x < card.box.right for clock in card.clocks)


@settings(max_examples=60, deadline=None)
@given(stars())
def test_lines_join_the_right_rows_on_the_borders_and_cross_no_card(star: Described) -> None:
    drawn = picture(star, "Star schema")

    cards = {card.name: card for card in drawn.cards}
    assert len(drawn.edges) == len(star.links)
    for edge, link in zip(drawn.edges, star.links, strict=True):
        fact, dimension = cards[link.of], cards[link.dimension]
        assert edge.start.y == fact.key_rows[link.column]
        assert edge.end.y == dimension.key_rows[link.target]
        assert (edge.start.x, edge.end.x) in {
            (round(fact.box.x, 2), round(dimension.box.right, 2)),
            (round(fact.box.right, 2), round(dimension.box.x, 2)),
        }
        assert not [card.name for card in drawn.cards if _crosses(edge, card)]


@settings(max_examples=60, deadline=None)
@given(stars())
def test_names_of_roles_stand_apart_beside_their_fact(star: Described) -> None:
    drawn = picture(star, "Star schema")

    roles = [edge.role for edge in drawn.edges if edge.role]
    assert len(roles) == sum(bool(link.role) for link in star.links)
    assert not [pair for pair in combinations((role.box for role in roles), 2) if pair[0].overlaps(pair[1])]
    assert not [role for role in roles for card in drawn.cards if _shrunk(role.box).overlaps(card.box)]
    assert all(_grown(role.box).holds(role.text.box) for role in roles)


@settings(max_examples=40, deadline=None)
@given(stars(), st.text(max_size=300))
def test_any_names_give_well_formed_svg_and_the_same_bytes_each_time(star: Described, title: str) -> None:
    drawn = svg(picture(star, title))

    root = ElementTree.fromstring(drawn)  # noqa: S314  our own text
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "path", "circle", "text"
    }  # fmt: skip
    assert drawn == svg(picture(star, title))
    assert drawn.encode("utf-8").decode("utf-8") == drawn


@settings(max_examples=40, deadline=None)
@given(stars())
def test_every_column_stands_in_the_mermaid_text_under_a_name_of_its_own(star: Described) -> None:
    lines = mermaid(star).splitlines()

    columns = sum(len(entity.marks) for entity in star.entities)
    assert len(lines) == 1 + columns + 2 * len(star.entities) + len(star.links)
    assert all(line.count('"') in (0, 2) for line in lines)


@settings(deadline=None)
@given(st.text(max_size=80), st.floats(8, 300))
def test_a_label_is_never_wider_than_its_room_once_an_ellipsis_fits(words: str, room: float) -> None:
    shown = label(words, room, 12, "mono")

    assert shown.width <= max(room, width_of("…", 12, "mono"))
    assert shown.full or len(shown.shown) == len(words)


def test_a_shortened_label_keeps_its_full_text() -> None:
    shown = label("a_name_that_is_far_too_long", 60, 12, "mono")

    assert shown.shown.endswith("…")
    assert shown.full == "a_name_that_is_far_too_long"


@pytest.mark.parametrize("name", ["a\x00b", "a\u202eb", "a\ud800b", "a\nb", "a\ufffeb"])
def test_letters_that_a_picture_cannot_hold_are_replaced(name: str) -> None:
    assert label(name, 100, 12, "sans").shown == "a\ufffdb"


def test_all_styles_have_a_size_and_a_face() -> None:
    assert all(8 < size < 24 and face in {"sans", "bold", "mono"} for size, face in STYLES.values())


def test_sides_are_balanced_and_facts_stand_between_them() -> None:
    drawn = _picture_of(4, roles_per_dimension=1)

    fact = next(card for card in drawn.cards if card.is_fact)
    left = [card for card in drawn.cards if card.box.right < fact.box.x]
    right = [card for card in drawn.cards if card.box.x > fact.box.right]
    assert (len(left), len(right)) == (2, 2)


def test_lines_of_one_fact_do_not_cross_each_other() -> None:
    drawn = _picture_of(12, roles_per_dimension=2)

    for one, other in combinations(drawn.edges, 2):
        if one.end.x == other.end.x and one.end.y != other.end.y:
            assert (one.start.y < other.start.y) == (one.end.y < other.end.y)


def test_only_the_first_role_of_a_dimension_is_drawn_solid() -> None:
    drawn = _picture_of(2, roles_per_dimension=3)

    assert [edge.is_further for edge in drawn.edges] == [False, True, True] * 2


def test_one_attribute_too_many_is_shown_and_two_are_counted() -> None:
    entity = Entity("dim_a", False, 1, "", tuple(Mark(f"c{n}", "text", "other") for n in range(11)))
    more = replace(entity, marks=(*entity.marks, Mark("c11", "text", "other")))

    eleven, twelve = (picture(Described((each,), ()), "").cards[0] for each in (entity, more))

    assert "c10" in {text.label.shown for text in eleven.texts}
    assert [(text.label.shown, text.label.full) for text in twelve.texts if text.style == "more"] == [
        ("+ 2 more", "c10, c11")
    ]


def test_a_fact_of_chosen_tables_has_no_line_to_a_dimension_that_is_left_out() -> None:
    fact = Fact("f", NOTHING, ("id",), roles=(Role("a", ("a",)), Role("b", ("b",))))
    star = Star((Dimension("a", NOTHING, ("a",)),), (fact,))
    tables = {
        "dim_a": replace(star.tables[0], columns=(Column("a_key", INTEGER),)),
        "fact_f": replace(star.tables[1], columns=(Column("a_key", INTEGER), Column("b_key", INTEGER))),
    }

    described = describe(star, tables, {"dim_a": 1, "fact_f": 1})

    assert [link.column for link in described.links] == ["a_key"]
    assert [mark.part for mark in described.facts[0].marks] == ["role", "role"]


def _picture_of(dimensions: int, roles_per_dimension: int) -> Picture:
    held = [
        Entity(f"dim_{n}", False, n, "", (Mark(f"{n}_key", "integer", "key"), Mark("name", "text", "other")))
        for n in range(dimensions)
    ]
    links = [
        Link("fact_f", d.name, f"{r}_{d.marks[0].name}", d.marks[0].name, f"r{r}" if r else "", r > 0)
        for d in held
        for r in range(roles_per_dimension)
    ]
    fact = Entity("fact_f", True, 10, "", tuple(Mark(link.column, "integer", "role") for link in links))
    return picture(Described((*held, fact), tuple(links)), "Star schema")


def _crosses(edge: Edge, card: Card) -> bool:
    """Whether a card reaches into the gutter that a line runs in."""
    near, far = sorted((edge.start.x, edge.end.x))
    across = card.box.x < far - TOLERANCE and near + TOLERANCE < card.box.right
    low, high = sorted((edge.start.y, edge.end.y))
    return across and card.box.y < high and low < card.box.bottom


def _grown(box: Box) -> Box:
    return Box(box.x - TOLERANCE, box.y - TOLERANCE, box.width + 2 * TOLERANCE, box.height + 2 * TOLERANCE)


def _shrunk(box: Box) -> Box:
    return Box(box.x + TOLERANCE, box.y + TOLERANCE, box.width - 2 * TOLERANCE, box.height - 2 * TOLERANCE)
