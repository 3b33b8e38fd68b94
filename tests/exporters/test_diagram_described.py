"""What a diagram says of a star: the part of each column, the sentence of each table, the order of dimensions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from starlode.diagram.described import Described, Entity, Link, Mark, describe
from starlode.diagram.mermaid import mermaid
from starlode.diagram.picture import picture
from starlode.diagram.shapes import Box
from starlode.diagram.text import width_of
from starlode.star import Calendar, Dimension, Fact, Role, Select, Star
from starlode.table import BOOLEAN, INTEGER, TEXT, TIMESTAMP, Column, Table, decimal

NOTHING = Select("", "")
USER = Dimension("user", NOTHING, ("id",), ("city",))
DAY = Dimension("day", calendar=Calendar(2015, 2035))
SALE = Fact(
    "sale",
    NOTHING,
    ("order_id", "line"),
    roles=(Role("day", ("ordered",), "ordered"), Role("day", ("shipped",), "shipped"), Role("user", ("user_id",))),
    measures={"amount": "sum", "customers": "count_distinct", "price": "none"},
)
COLUMNS = {
    "dim_user": (
        Column("valid_from", TIMESTAMP),
        Column("city", TEXT),
        Column("id", TEXT),
        Column("user_key", INTEGER),
        Column("is_current", BOOLEAN),
        Column("name", TEXT),
    ),
    "dim_day": (Column("day_key", INTEGER), Column("year", INTEGER)),
    "fact_sale": (
        Column("amount", decimal(18, 2)),
        Column("note", TEXT),
        Column("order_id", TEXT),
        *(Column(role.key_column, INTEGER) for role in SALE.roles),
        Column("customers", INTEGER),
        Column("price", decimal(9, 4)),
        Column("load_key", INTEGER),
    ),
}


def test_columns_of_a_dimension_are_grouped_by_their_part() -> None:
    user = _described().dimensions[0]

    assert [(mark.name, mark.part, mark.has_history) for mark in user.marks] == [
        ("user_key", "key", False),
        ("id", "natural", False),
        ("city", "other", True),
        ("name", "other", False),
        ("valid_from", "added", False),
        ("is_current", "added", False),
    ]


def test_columns_of_a_fact_are_grouped_by_their_part() -> None:
    (sale,) = _described().facts

    assert [(mark.name, mark.part, mark.aggregate) for mark in sale.marks] == [
        ("ordered_day_key", "role", ""),
        ("shipped_day_key", "role", ""),
        ("user_key", "role", ""),
        ("order_id", "natural", ""),
        ("note", "other", ""),
        ("amount", "measure", "sum"),
        ("customers", "measure", "count_distinct"),
        ("price", "measure", "none"),
        ("load_key", "added", ""),
    ]


def test_each_table_says_what_a_row_of_it_is() -> None:
    said = {entity.name: entity.about for entity in _described().entities}

    assert said == {
        "dim_user": "one row per version of id",
        "dim_day": "calendar of days, 2015–2035",
        "fact_sale": "one row per order_id, line",
    }


@pytest.mark.parametrize(
    ("dimension", "about"),
    [
        (Dimension("d", NOTHING, ("a", "b")), "one row per a, b"),
        (Dimension("d", calendar=Calendar(2018, 2018, "hour")), "calendar of hours, 2018"),
    ],
)
def test_a_dimension_says_its_key_or_its_years(dimension: Dimension, about: str) -> None:
    described = describe(Star((dimension,)), {"dim_d": dimension.table}, {"dim_d": 0})

    assert described.dimensions[0].about == about


def test_every_role_is_a_link_and_later_ones_to_one_dimension_are_further() -> None:
    links = _described().links

    assert links == (
        Link("fact_sale", "dim_day", "ordered_day_key", "day_key", "ordered", False),
        Link("fact_sale", "dim_day", "shipped_day_key", "day_key", "shipped", True),
        Link("fact_sale", "dim_user", "user_key", "user_key", "", False),
    )


def test_the_card_shows_keys_before_history_before_the_rest_and_leaves_out_what_we_add() -> None:
    drawn = picture(_described(), "Star schema")

    user = next(card for card in drawn.cards if card.name == "dim_user")
    assert [text.label.shown for text in user.texts if text.style == "name"] == ["user_key", "id", "city", "name"]
    assert not [text for text in user.texts if text.style == "more"]


def test_aggregates_are_words_that_a_reader_of_numbers_knows() -> None:
    drawn = picture(_described(), "Star schema")

    sale = next(card for card in drawn.cards if card.is_fact)
    pills = [badge.text.label.shown for badge in sale.badges if badge.kind == "measure"]
    assert pills == ["sum", "distinct", "no total"]


def test_the_legend_explains_only_signs_that_occur() -> None:
    plain = Described((Entity("dim_a", False, 1, "", (Mark("a_key", "integer", "key"),)),), ())

    signs = [item.sign for item in picture(plain, "").legend]
    all_signs = [item.sign for item in picture(_described(), "").legend]

    assert signs == ["PK"]
    assert all_signs == ["PK", "FK", "NK", "history", "measure", "first", "further"]


def test_dimensions_stand_in_the_order_of_the_facts_that_use_them() -> None:
    names = ["only_second", "shared", "only_first"]
    dimensions = [Entity(name, False, 1, "", (Mark(f"{name}_key", "integer", "key"),)) for name in names]
    uses = [("f1", "shared"), ("f1", "only_first"), ("f2", "only_second"), ("f2", "shared")]
    links = tuple(Link(fact, name, f"{name}_key", f"{name}_key", "", False) for fact, name in uses)
    facts = [
        Entity(fact, True, 1, "", tuple(Mark(link.column, "integer", "role") for link in links if link.of == fact))
        for fact in ("f1", "f2")
    ]

    drawn = picture(Described((*dimensions, *facts), links), "")

    tops = {card.name: card.box.y for card in drawn.cards}
    assert tops["only_first"] < tops["only_second"]
    assert tops["f1"] < tops["f2"]
    assert {card.tint for card in drawn.cards if card.is_fact} == {0, 1}


def test_a_star_without_facts_stands_close_together() -> None:
    dimensions = tuple(Entity(f"dim_{n}", False, 1, "", (Mark(f"{n}_key", "integer", "key"),)) for n in range(2))

    first, second = picture(Described(dimensions, ()), "").cards

    assert 0 < second.box.x - first.box.right < 100


def test_mermaid_names_stay_apart_when_their_letters_must_go() -> None:
    marks = tuple(Mark(name, "text", "other") for name in ("a b", "a-b", "a_b", "1st", "PK", "ä"))

    lines = mermaid(Described((Entity("dim x", False, 1, "", marks),), ())).splitlines()

    assert lines == [
        "erDiagram",
        '    dim_x["dim x · 1 row"] {',
        '        text a_b "a b"',
        '        text a_b_2 "a-b"',
        '        text a_b_3 "a_b"',
        '        text c_1st "1st"',
        '        text c_PK "PK"',
        '        text c__ "ä"',
        "    }",
    ]


def test_mermaid_gives_types_without_their_digits() -> None:
    lines = mermaid(_described()).splitlines()

    assert '        decimal amount "sum"' in lines
    assert '        text order_id "grain"' in lines


@pytest.mark.parametrize(("words", "least"), [("iiii", 1.1), ("mmmm", 3.8), ("漢字", 2.0), ("👩‍👩‍👧", 1.2)])
def test_wide_letters_are_given_more_room(words: str, least: float) -> None:
    assert width_of(words, 1, "sans") >= least


def test_combining_marks_take_no_room() -> None:
    assert width_of("e\u0301", 10, "mono") == width_of("e", 10, "mono")


@pytest.mark.parametrize(
    ("other", "overlaps", "holds"),
    [
        (Box(2, 2, 3, 3), True, True),
        (Box(8, 8, 5, 5), True, False),
        (Box(10, 0, 5, 5), False, False),
        (Box(0, 11, 5, 5), False, False),
    ],
)
def test_boxes_know_what_they_overlap_and_hold(other: Box, overlaps: bool, holds: bool) -> None:
    box = Box(0, 0, 10, 10)

    assert box.overlaps(other) is overlaps
    assert box.holds(other) is holds


def _described() -> Described:
    star = Star((USER, DAY), (SALE,))
    tables: dict[str, Table] = {t.name: replace(t, columns=COLUMNS[t.name]) for t in star.tables}
    return describe(star, tables, {"dim_user": 3, "dim_day": 7670, "fact_sale": 12})
