"""Makes the shop example's database in PostgreSQL, and plays days in the life of the shop in it.

All that the shop knows about its business (names, prices, moments) comes from the seed, so the same seed and sizes give
the same rows; only `updated_at` is the server's own clock, as in a real shop. What a right star comes to is counted
while the days are played. One order a day is begun at noon and committed only next day, behind everybody's back.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Connection = psycopg.Connection[Any]
    Row = tuple[object, ...]

SCHEMA = Path(__file__).with_name("schema.sql")
FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
TABLES = ("customers", "products", "orders", "order_lines", "shipments")

FIRST_NAMES = (
    "Ada|Aïcha|Björn|Chloë|Dmitri|Elif|Fiadh|Gørild|Hana|Iñigo|Jörg|Kwame|Łucja|Núria|Oğuz|Priya|Ülkü|Yūki|Zoé"
)
LAST_NAMES = "O'Brien|Núñez|Müller|D'Angelo|Kovač|Jónsdóttir|Smith|Nguyễn|Łukasik|Mensah|Østergård|da Silva|Weiß"
FIRMS = (
    'Weiß & Söhne|"Zum Anker" GmbH|O\'Hara Ltd.|Ågren AB|Škoda, Novák a spol.|100 % Büro|Back\\slash Systems|日本支店'
)
CITIES = "Zürich 8001|München 80331|Århus 8000|Boston 02134|Łódź 90-001|Sankt Gallen 9000|L'Aquila 67100|Köln 50667"
SEGMENTS = "private|private|private|business|business|public"
NOUNS = "Lamp|Chair|Desk|Bücherregal|Fauteuil|Smörgås Board|Shelf|Étagère|Stool|Clock|Tea Pot|Jalousie"
KINDS = 'No. 5|"Classic"|12" wide|Ö-Serie|d\'Or|extra; large|50 %|Mk II'
CATEGORIES = "Lighting|Seating|Tables|Storage|Kitchen & Küche"
COLOURS = "weiß|black|dark red|grün"
CHANNELS = "web|web|web|app|app|store|phone"
CARRIERS = "DHL|PostNord|Die Post|UPS"
NOTES = 'leave at the "back door"|Bitte klingeln!|don\'t call|second line\nof a note|tab\there|NULL'

T = TypeVar("T")


@dataclass(frozen=True)
class Truth:
    """What a right star of the played days comes to. Amounts are exact decimals, as text.

    A cursor does not see that a row was deleted: until everything is read again, `deleted_lines` more lines are kept.
    """

    days: int
    customers: int
    customer_versions: int
    products: int
    product_versions: int
    orders: int
    lines: int
    quantity: int
    amount: str
    amount_by_segment: dict[str, str]
    shipped_lines: int
    deleted_lines: int
    deleted_amount: str
    late_orders: int


class Line(NamedTuple):
    """A line of an order, as long as something may still happen to it."""

    order_id: int
    line_no: int
    quantity: int
    cents: int  # of one piece
    discount: int  # in hundredths
    customer: int
    segment: str  # of the customer when they ordered
    ordered_at: datetime
    is_shipped: bool = False

    @property
    def amount(self) -> int:
        """In cents; half a cent is rounded up, as PostgreSQL does."""
        return (self.quantity * self.cents * (100 - self.discount) + 50) // 100


class Shop:
    """The shop's database and what its people know, day by day."""

    def __init__(self, url: str, *, orders: int = 400, seed: int = 1) -> None:
        self.url = url
        self.orders = orders
        self.roll = Random(seed).random
        self.day = -1
        self.segments: list[str] = []
        self.changed: list[int] = []  # the day on which a customer came or last moved
        self.prices: list[int] = []
        self.lines: dict[tuple[int, int], Line] = {}
        self.made: Counter[str] = Counter()
        self.cents: Counter[str] = Counter()
        self.late: Connection | None = None

    def create(self) -> None:
        """Lay the schema down, in place of an earlier one."""
        with psycopg.connect(self.url) as connection:
            for table in TABLES:
                connection.execute(sql.SQL("drop table if exists {} cascade").format(sql.Identifier(table)))
            connection.execute("drop type if exists order_status, sales_channel")
            connection.execute("drop function if exists touch, touch_order")
            connection.execute(SCHEMA.read_text("utf-8").encode())

    def play(self) -> int:
        """Play the next day; its number, from 1. An order of noon stays uncommitted until the next day or `close`."""
        self.close()
        self.day += 1
        morning = (self._arrive, self._move, self._price, self._order)
        evening = (self._ship, self._pay, self._correct, self._delete)
        with psycopg.connect(self.url, autocommit=True) as connection:
            self._do(connection, morning)
            self.late = psycopg.connect(self.url)
            self._enter(self.late, 1)
            self._do(connection, evening)
        return self.day + 1

    def close(self) -> None:
        """Commit the order that was left open."""
        if self.late:
            self.late.commit()
            self.late.close()
            self.late = None
            self.made["late"] += 1

    def truth(self) -> Truth:
        """What the star comes to once nothing is left open."""
        return Truth(
            days=self.day + 1,
            customers=len(self.segments),
            customer_versions=len(self.segments) + self.made["moves"],
            products=len(self.prices),
            product_versions=len(self.prices) + self.made["prices"],
            orders=self.made["orders"],
            lines=self.made["lines"],
            quantity=self.made["quantity"],
            amount=_money(sum(self.cents.values())),
            amount_by_segment={segment: _money(self.cents[segment]) for segment in sorted(self.cents)},
            shipped_lines=self.made["shipped"],
            deleted_lines=self.made["deleted"],
            deleted_amount=_money(self.made["deleted_cents"]),
            late_orders=self.made["late"],
        )

    def _do(self, connection: Connection, acts: Iterable[Callable[[Connection], None]]) -> None:
        for act in acts:
            with connection.transaction():
                act(connection)

    def _arrive(self, connection: Connection) -> None:
        """New customers and products, most of them on the first day."""
        share = 1 if self.day == 0 else 20
        newcomers = range(len(self.segments) + 1, len(self.segments) + 1 + max(4, self.orders // share))
        self.segments += [self._pick(SEGMENTS) for _ in newcomers]
        self.changed += [self.day for _ in newcomers]
        columns = "customer_id name email segment city postal_code credit_limit preferences registered_at changed_at"
        self._copy(connection, "customers", columns, [self._customer(number) for number in newcomers])
        items = range(len(self.prices) + 1, len(self.prices) + 1 + max(2, self.orders // (share * 10)))
        self.prices += [99 + int(self.roll() ** 4 * 500_000) for _ in items]
        columns = "product_id sku name category list_price weight_kg attributes changed_at"
        self._copy(connection, "products", columns, [self._product(number) for number in items])

    def _customer(self, number: int) -> Row:
        segment = self.segments[number - 1]
        person = f"{self._pick(FIRST_NAMES)} {self._pick(LAST_NAMES)}"
        name = person if segment == "private" else self._pick(FIRMS)
        city, _, code = self._pick(CITIES).rpartition(" ")
        mail = f"c{number}@example.org" if self.roll() < 0.9 else None
        limit = _money(int(self.roll() * 5_000_000)) if segment != "private" else None
        likes = {"newsletter": self.roll() < 0.5, "language": self._pick("de|en|fr"), "sizes": [number % 7, None]}
        since = self._at(0, 0) - timedelta(minutes=1 + int(self.roll() * (0 if self.day else 600_000)))
        return (number, name, mail, segment, city, code, limit, json.dumps(likes), since, since)

    def _product(self, number: int) -> Row:
        name = f"{self._pick(NOUNS)} {self._pick(KINDS)}"
        weight = f"{self.roll() * 40:.3f}" if self.roll() < 0.9 else None
        colour = self._pick(COLOURS) if self.roll() < 0.8 else None
        attributes = json.dumps({"colour": colour, "pallet": {"pieces": number % 12}}, ensure_ascii=False)
        price, since = _money(self.prices[number - 1]), self._at(0, 0) - timedelta(hours=1)
        return (number, f"SKU-{number:06d}", name, self._pick(CATEGORIES), price, weight, attributes, since)

    def _move(self, connection: Connection) -> None:
        """Customers move early in the morning; some of them tell the shop two days later."""
        settled = [number for number, day in enumerate(self.changed, 1) if day < self.day - 2]
        here = [number for number, day in enumerate(self.changed, 1) if day < self.day]
        for number in self._some(here, 25):
            self._move_one(connection, number, self._at(0, 6))
        for number in self._some([number for number in settled if self.changed[number - 1] < self.day], 100):
            self._move_one(connection, number, self._at(0, 6) - timedelta(days=2))

    def _move_one(self, connection: Connection, number: int, since: datetime) -> None:
        segment = "business" if self.segments[number - 1] == "private" else "private"
        self.segments[number - 1], self.changed[number - 1] = segment, self.day
        self.made["moves"] += 1
        city, _, code = self._pick(CITIES).rpartition(" ")
        connection.execute(
            "update customers set city = %s, postal_code = %s, segment = %s, changed_at = %s where customer_id = %s",
            (city, code, segment, since, number),
        )
        for line in [one for one in self.lines.values() if one.customer == number and one.ordered_at > since]:
            self._change(line, line._replace(segment=segment))

    def _price(self, connection: Connection) -> None:
        """Prices rise before the shop opens."""
        new = max(2, self.orders // (200 if self.day else 1))
        for number in self._some(range(1, len(self.prices) - new + 1), 15):
            self.prices[number - 1] += 50 + int(self.roll() * 900)
            self.made["prices"] += 1
            connection.execute(
                "update products set list_price = %s, changed_at = %s where product_id = %s",
                (_money(self.prices[number - 1]), self._at(0, 6), number),
            )

    def _order(self, connection: Connection) -> None:
        self._enter(connection, self.orders)

    def _enter(self, connection: Connection, many: int) -> None:
        """Orders of one to five lines, between morning and evening, at the prices of the day."""
        orders: list[Row] = []
        lines: list[Row] = []
        for _ in range(many):
            self.made["orders"] += 1
            number, customer = self.made["orders"], 1 + int(self.roll() ** 2 * len(self.segments))
            note, at = self._pick(NOTES) if self.roll() < 0.1 else None, self._at(7, 22)
            orders.append((number, customer, self._pick(CHANNELS), at, note))
            for line_no in range(1, 2 + int(self.roll() ** 2 * 5)):
                product = 1 + int(self.roll() * len(self.prices))
                quantity, cents = 1 + int(self.roll() ** 3 * 12), self.prices[product - 1]
                discount = int(self.roll() * 30) if self.roll() < 0.2 else 0
                line = Line(number, line_no, quantity, cents, discount, customer, self.segments[customer - 1], at)
                self._change(None, line)
                lines.append((number, line_no, product, quantity, _money(cents), f"{discount / 100:.4f}"))
        self._copy(connection, "orders", "order_id customer_id channel ordered_at note", orders)
        self._copy(connection, "order_lines", "order_id line_no product_id quantity unit_price discount", lines)

    def _ship(self, connection: Connection) -> None:
        """A few lines leave on the same evening, most of them some days later; parcels arrive the day after."""
        connection.execute("update shipments set delivered_at = %s where delivered_at is null", (self._at(8, 18),))
        rows: list[Row] = []
        late = self.made["orders"]
        for line in [one for one in self.lines.values() if not one.is_shipped and one.order_id != late]:
            is_old = self._is_old(line)
            if self.roll() > (0.6 if is_old else 0.05):
                continue
            self.made["shipped"] += 1
            self._change(line, line._replace(is_shipped=True))
            carrier = self._pick(CARRIERS) if self.roll() < 0.8 else None
            at = self._at(6, 20) if is_old else self._at(22, 24)
            rows.append((self.made["shipped"], line.order_id, line.line_no, carrier, at))
        self._copy(connection, "shipments", "shipment_id order_id line_no carrier shipped_at", rows)
        long_ago = self._at(0, 0) - timedelta(days=3)
        done = [key for key, line in self.lines.items() if line.is_shipped and line.ordered_at < long_ago]
        for key in done:
            del self.lines[key]

    def _pay(self, connection: Connection) -> None:
        """Orders go on in their lives."""
        connection.execute("update orders set status = 'cancelled' where status = 'placed' and order_id %% 97 = 0", ())
        connection.execute("update orders set status = 'paid' where status = 'placed' and order_id %% 3 > 0", ())
        connection.execute(
            "update orders as o set status = 'shipped' where status = 'paid' and not exists ("
            "select from order_lines as l left join shipments as s using (order_id, line_no) "
            "where l.order_id = o.order_id and s.shipment_id is null)"
        )

    def _correct(self, connection: Connection) -> None:
        """One piece more than was written down, some days ago."""
        for line in self._some([one for one in self.lines.values() if self._is_old(one)], 40):
            self._change(line, line._replace(quantity=line.quantity + 1))
            connection.execute(
                "update order_lines set quantity = %s where order_id = %s and line_no = %s",
                (line.quantity + 1, line.order_id, line.line_no),
            )

    def _delete(self, connection: Connection) -> None:
        """A few lines of earlier days go without a trace; each order keeps its first."""
        for line in self._some([one for one in self.lines.values() if self._is_old(one) and one.line_no > 1], 60):
            self._change(line, None)
            self.made["deleted"] += 1
            self.made["deleted_cents"] += line.amount
            connection.execute(
                "delete from order_lines where order_id = %s and line_no = %s", (line.order_id, line.line_no)
            )

    def _is_old(self, line: Line) -> bool:
        """Whether a line was ordered before today and is still in the house."""
        return not line.is_shipped and line.ordered_at < self._at(0, 0)

    def _change(self, before: Line | None, after: Line | None) -> None:
        """Keep a line as it is now, and the counts right."""
        for line, sign in ((before, -1), (after, 1)):
            if line:
                self.made["lines"] += sign
                self.made["quantity"] += sign * line.quantity
                self.cents[line.segment] += sign * line.amount
        if before and not after:
            del self.lines[before.order_id, before.line_no]
        if after:
            self.lines[after.order_id, after.line_no] = after

    def _at(self, first: int, last: int) -> datetime:
        """A moment of today between two hours; the first of them when they are one."""
        seconds = int(self.roll() * (last - first) * 3600) if last > first else 0
        micros = int(self.roll() * 1_000_000) if last > first else 0
        return FIRST_DAY + timedelta(days=self.day, hours=first, seconds=seconds, microseconds=micros)

    def _pick(self, words: str) -> str:
        among = words.split("|")
        return among[int(self.roll() * len(among))]

    def _some(self, among: Sequence[T], each: int) -> list[T]:
        """About one of so many, and one at least, each of them once."""
        wanted = min(len(among), max(1, len(among) // each)) if among else 0
        chosen: dict[int, T] = {}
        while len(chosen) < wanted:
            at = int(self.roll() * len(among))
            chosen[at] = among[at]
        return list(chosen.values())

    def _copy(self, connection: Connection, table: str, columns: str, rows: Iterable[Row]) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, columns.split()))
        statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), names)
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)


def generate(
    url: str, *, days: int = 5, orders: int = 400, seed: int = 1, after: Callable[[int], None] | None = None
) -> Truth:
    """Make the database anew and play some days in it; `after` is called each evening, with an order still open."""
    shop = Shop(url, orders=orders, seed=seed)
    shop.create()
    try:
        for _ in range(days):
            day = shop.play()
            if after:
                after(day)
    finally:
        shop.close()
    return shop.truth()


def _money(cents: int) -> str:
    return str(Decimal(cents).scaleb(-2))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line: `python generate.py --days 5 --orders 400 --run "starlode run"`."""
    parser = argparse.ArgumentParser(description="Make a shop's PostgreSQL database and play some days in it.")
    parser.add_argument("--url", default=os.environ.get("SHOP_URL"), help="the database (default: $SHOP_URL)")
    parser.add_argument("--days", type=int, default=5, help="days to play (default: %(default)s)")
    parser.add_argument("--orders", type=int, default=400, help="orders a day, and customers (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same rows (default: %(default)s)")
    parser.add_argument("--run", metavar="COMMAND", help="a command to run each evening, while an order is still open")
    parser.add_argument("--truth", type=Path, help="a JSON file to write what the days come to into")
    asked = parser.parse_args(arguments)
    if not asked.url:
        parser.error("name the database with --url or SHOP_URL; what it holds of this example is made anew")
    if asked.days < 1 or asked.orders < 1:
        parser.error("--days and --orders are at least 1")

    def after(day: int) -> None:
        print(f"day {day} of {asked.days}")
        if asked.run:
            subprocess.run(shlex.split(asked.run), check=True)

    truth = generate(asked.url, days=asked.days, orders=asked.orders, seed=asked.seed, after=after)
    if asked.truth:
        asked.truth.write_text(json.dumps(asdict(truth), indent=2) + "\n", encoding="utf-8")
    print(f"{truth.orders:,} orders with {truth.lines:,} lines by {truth.customers:,} customers")


if __name__ == "__main__":
    main()
