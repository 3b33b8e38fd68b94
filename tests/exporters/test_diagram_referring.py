"""Dimensions that refer to others, and bridges, in a diagram."""

from __future__ import annotations

from dataclasses import replace

from starlode.diagram.described import Described, Link, describe
from starlode.diagram.mermaid import mermaid
from starlode.diagram.picture import picture
from starlode.diagram.svg import svg
from starlode.star import Dimension, Fact, Role, Select, Star
from starlode.table import INTEGER, Column

NOTHING = Select("", "")
REGION = Dimension("region", NOTHING, ("region_id",))
CUSTOMER = Dimension("customer", NOTHING, ("customer_id",), roles=(Role("region", ("home_id",), "home"),))
PRODUCT = Dimension("product", NOTHING, ("product_id",))
ACCOUNT = Dimension("account", NOTHING, ("account_id",), roles=(Role("customer", ("customer_id",)),))
SALES = Fact(
    "sales", NOTHING, ("order_id",), roles=(Role("product", ("product_id",)), Role("account", ("account_id",)))
)
OWNERS = Fact(
    "owners",
    NOTHING,
    ("account_id", "customer_id"),
    roles=(Role("account", ("account_id",)), Role("customer", ("customer_id",))),
    kind="bridge",
)
STAR = Star((REGION, CUSTOMER, PRODUCT, ACCOUNT), (SALES, OWNERS))


def test_a_reference_between_dimensions_is_a_link() -> None:
    links = [link for link in _described().links if link.of.startswith("dim_")]

    assert links == [
        Link("dim_customer", "dim_region", "home_region_key", "region_key", "home", False),
        Link("dim_account", "dim_customer", "customer_key", "customer_key", "", False),
    ]
    assert 'dim_region ||--o{ dim_customer : "home"' in mermaid(_described())


def test_those_that_refer_to_each_other_stand_on_one_side_and_the_line_crosses_no_card() -> None:
    drawn = picture(_described(), "Star schema")

    cards = {card.name: card for card in drawn.cards}
    assert cards["dim_account"].box.x == cards["dim_customer"].box.x == cards["dim_region"].box.x
    brackets = [edge for edge in drawn.edges if edge.of.startswith("dim_")]
    assert len(brackets) == 2
    for edge in brackets:
        assert edge.start.y == cards[edge.of].key_rows[edge.column]
        assert edge.end.y == cards[edge.dimension].key_rows[f"{edge.dimension.removeprefix('dim_')}_key"]
        assert not any(card.box.x <= edge.bend_from <= card.box.right for card in drawn.cards)
    assert "dim_account.customer_key → dim_customer" in svg(drawn)


def test_a_bridge_is_called_one_and_is_no_fact() -> None:
    described = _described()

    about = {entity.name: entity.about for entity in described.entities}
    assert about["bridge_owners"] == "bridge: one row per account_id, customer_id"
    assert picture(described, "").note.label.shown == "1 fact with 3 rows, 4 dimensions, 1 bridge"


def _described() -> Described:
    tables = {}
    for model in STAR.models:
        own = (model.key_column, *model.key) if isinstance(model, Dimension) else model.grain
        names = (*own, *(role.key_column for role in model.roles))
        tables[model.table.name] = replace(model.table, columns=tuple(Column(name, INTEGER) for name in names))
    return describe(STAR, tables, dict.fromkeys(tables, 3))
