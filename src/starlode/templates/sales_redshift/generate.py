"""Makes the flat table of sales that this example begins with, in PostgreSQL, and plays days in the life of it.

Everything comes from the seed, so the same seed and size give the same rows, and a later day can be played without what
an earlier one remembers. Money is counted in ten-thousandths, as a line has four places. What a right star comes to is
counted from the lines that were made.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DAYS = 2
SIZE = 3_000
SCHEMA = Path(__file__).with_name("schema.sql")
FIRST_DAY, LAST_DAY = date(2024, 7, 1), date(2025, 12, 31)

# Country, region, city, another name of it, and its postal code. Irish shops write none.
PLACES = tuple(
    tuple(line.split("|"))
    for line in (
        "Germany|Central|Dresden||01067",
        "Germany|Central|Halle||06108",
        "Germany|South|München|Munich|80331",
        "Austria|Central|Wien|Vienna|1010",
        "Austria|Central|Linz||4020",
        "Switzerland|Central|Lausanne||1000",
        "Switzerland|Central|Zürich||8001",
        "Belgium|West|Bruxelles|Brussels|1000",
        "Belgium|West|Liège||4000",
        "Portugal|South|Porto|Oporto|4000",
        "Denmark|North|Århus|Aarhus|8000",
        "Spain|South|Barcelona||08001",
        "Italy|South|Roma|Rome|00184",
        "Italy|South|L'Aquila||67100",
        "France|West|Nice||06000",
        "France|West|Saint-Étienne||42000",
        "Poland|North|Łódź|Lodz|90-001",
        "Netherlands|West|'s-Hertogenbosch|Den Bosch|5211",
        "Ireland|West|Galway||",
        "Ireland|West|Cork||",
    )
)
CATEGORIES = {
    "Seating": "Chairs|Stools|Sofas",
    "Light": "Lamps|Bulbs",
    "Kitchen": "Kettles|Knives|Tins",
    "Textile": "Curtains|Carpets",
}
MAKERS = "Åberg|O'Hara|Nørgård|Casa Rossi|Weiß & Söhne|Kestrel|Ruiz, Hijos|日本の木"
NOUNS = 'Alma|Bruma|Ceniza|Dúo|Étoile|Fjord|Gläser|12" Halo|Iris|Junco|Klint|Luna'
KINDS = 'No. 5|"Classic"|Mk II|XL|50 %|d\'Or|extra; small|round'
FIRST_NAMES = "Ada|Aïcha|Björn|Chloë|Dmitri|Elif|Fiadh|Gørild|Hana|Iñigo|Jörg|Kwame|Łucja|Núria|Oğuz|Priya|Ülkü|Zoé"
LAST_NAMES = "O'Brien|Núñez|Müller|D'Angelo|Kovač|Jónsdóttir|Smith|Nguyễn|Mensah|Østergård|da Silva|Weiß|Null"
SEGMENTS = "private|private|private|business|business|public"
# How a parcel goes, and after how many days it leaves at the latest.
SHIP_MODES = {"Same Day": 0, "Express": 2, "Standard": 6, "Freight": 9}

T = TypeVar("T")


class Line(NamedTuple):
    """One row of the table: a line of an order with all that the till knows about it. Money is in ten-thousandths."""

    row_id: int
    order_id: str
    order_date: date
    ship_date: date | None
    ship_mode: str
    customer_id: str
    customer_name: str
    segment: str
    country: str
    region: str
    city: str
    postal_code: str | None
    product_id: str
    category: str
    sub_category: str
    product_name: str
    quantity: int
    discount: int  # in hundredths
    sales: int
    profit: int


@dataclass(frozen=True)
class _Product:
    id: str
    category: str
    sub_category: str
    name: str
    short_name: str  # what one till calls it, where tills disagree
    cents: int
    cost: int  # of one piece, in ten-thousandths


@dataclass(frozen=True)
class _Customer:
    id: str
    segment: str
    name: str
    later_name: str  # from a day on
    renamed: date


class Till:
    """The lines that the table holds, day by day; the first day brings all lines of a year and a half."""

    def __init__(self, *, size: int = SIZE, seed: int = 1) -> None:
        self.size = size
        self.roll = Random(seed).random
        self.day = 0
        self.made = self.orders = 0
        self.products = [self._product(number) for number in range(max(12, size // 40))]
        self.customers = [self._customer(number) for number in range(max(10, size // 25))]
        self.lines: dict[int, Line] = {}

    def play(self) -> Mapping[int, Line]:
        """Play the next day; the lines that the table holds in its evening."""
        self.day += 1
        if self.day == 1:
            days = (LAST_DAY - FIRST_DAY).days + 1
            while self.made < self.size:
                self._order(FIRST_DAY + timedelta(days=int(self.roll() * days)), self.size)
        else:
            self._ship()
            self._correct()
            self._mend()
            self._delete()
            self._grow()
        return dict(self.lines)

    @property
    def today(self) -> date:
        return LAST_DAY + timedelta(days=self.day - 1)

    def _order(self, day: date, until: int) -> None:
        """An order of one to five lines, of which the table gets as many as are still wanted."""
        self.orders += 1
        customer = self.customers[int(self.roll() ** 2 * len(self.customers))]
        place = PLACES[int(self.roll() * len(PLACES))]
        mode = self._pick(list(SHIP_MODES))
        leaves = day + timedelta(days=int(self.roll() * (SHIP_MODES[mode] + 1)))
        shipped = leaves if leaves <= self.today else None
        for _ in range(1 + int(self.roll() ** 2 * 5)):
            if self.made < until:
                self._enter(day, shipped, mode, customer, place)

    def _enter(self, day: date, shipped: date | None, mode: str, customer: _Customer, place: tuple[str, ...]) -> None:
        self.made += 1
        product = self.products[int(self.roll() ** 1.5 * len(self.products))]
        country, region, city, other_city, code = place
        quantity, discount = 1 + int(self.roll() ** 3 * 14), int(self.roll() * 8) * 5 if self.roll() < 0.4 else 0
        self.lines[self.made] = _priced(
            Line(
                row_id=self.made,
                order_id=f"{country[:2].upper()}-{day.year}-{100_000 + self.orders}",
                order_date=day,
                ship_date=shipped,
                ship_mode=mode,
                customer_id=customer.id,
                customer_name=customer.later_name if day >= customer.renamed else customer.name,
                segment=customer.segment,
                country=country,
                region=region,
                city=other_city if other_city and self.roll() < 0.12 else city,
                postal_code=code if code and self.roll() < 0.96 else None,
                product_id=product.id,
                category=product.category,
                sub_category=product.sub_category,
                product_name=product.short_name if self.roll() < 0.2 else product.name,
                quantity=quantity,
                discount=discount,
                sales=0,
                profit=0,
            ),
            product,
        )

    def _ship(self) -> None:
        """Half of what waits leaves the house."""
        for line in [one for one in self.lines.values() if one.ship_date is None]:
            if self.roll() < 0.5:
                self.lines[line.row_id] = line._replace(ship_date=self.today)

    def _correct(self) -> None:
        """One piece more than was typed, in a few lines of any age."""
        products = {product.id: product for product in self.products}
        for line in self._some(60):
            self.lines[line.row_id] = _priced(line._replace(quantity=line.quantity + 1), products[line.product_id])

    def _mend(self) -> None:
        """Somebody mends the name of one product that has two, in all its lines."""
        said: dict[str, set[str]] = {}
        for line in self.lines.values():
            said.setdefault(line.product_id, set()).add(line.product_name)
        mended = next((product for product in self.products if len(said.get(product.id, ())) > 1), None)
        if mended is None:
            return
        for line in [one for one in self.lines.values() if one.product_id == mended.id]:
            self.lines[line.row_id] = line._replace(product_name=mended.name)
        known = replace(mended, short_name=mended.name)
        self.products = [known if product is mended else product for product in self.products]

    def _delete(self) -> None:
        """A few lines are taken out, without a trace."""
        for line in self._some(120):
            del self.lines[line.row_id]

    def _grow(self) -> None:
        """New products and customers, who buy much, and the orders of a day."""
        self.products.insert(0, self._product(len(self.products)))
        self.customers.insert(0, self._customer(len(self.customers)))
        until = self.made + max(5, self.size // 30)
        while self.made < until:
            self._order(self.today, until)

    def _product(self, number: int) -> _Product:
        category = self._pick(list(CATEGORIES))
        sub_category = self._pick(CATEGORIES[category].split("|"))
        short_name = f"{self._pick(NOUNS.split('|'))} {self._pick(KINDS.split('|'))} {number}"
        name = f"{self._pick(MAKERS.split('|'))} {short_name}"
        cents = 199 + int(self.roll() ** 4 * 90_000)
        cost = int(cents * 100 * (0.5 + self.roll() * 0.5))
        code = f"{category[:3].upper()}-{sub_category[:2].upper()}-{10_000 + number}"
        return _Product(code, category, sub_category, name, short_name if number % 11 == 0 else name, cents, cost)

    def _customer(self, number: int) -> _Customer:
        first, last = self._pick(FIRST_NAMES.split("|")), self._pick(LAST_NAMES.split("|"))
        name, segment = f"{first} {last}", self._pick(SEGMENTS.split("|"))
        later = f"{first} {self._pick(LAST_NAMES.split('|'))}-{last}" if number % 9 == 0 else name
        return _Customer(f"{first[0]}{last[0]}-{10_000 + number}", segment, name, later, date(2025, 4, 1))

    def _some(self, each: int) -> list[Line]:
        """About one line of so many, and two at least, each of them once."""
        among = list(self.lines.values())
        wanted = min(len(among), max(2, len(among) // each))
        chosen: dict[int, Line] = {}
        while len(chosen) < wanted:
            at = int(self.roll() * len(among))
            chosen[at] = among[at]
        return list(chosen.values())

    def _pick(self, among: Sequence[T]) -> T:
        return among[int(self.roll() * len(among))]


def days(until: int, *, size: int = SIZE, seed: int = 1) -> Iterator[Mapping[int, Line]]:
    """What the table holds in the evening of each day, by row."""
    till = Till(size=size, seed=seed)
    for _ in range(until):
        yield till.play()


def play(day: int, place: str, *, size: int = SIZE, seed: int = 1) -> dict[str, int | str]:
    """Make the table anew (day 1) or change it (later days) in a database; what a right star comes to after it."""
    evenings = list(days(day, size=size, seed=seed))
    _write(place, evenings[-2] if day > 1 else {}, evenings[-1], is_new=day == 1)
    return truth(evenings)


def truth(evenings: Sequence[Mapping[int, Line]]) -> dict[str, int | str]:
    """What the star comes to, by the names of proof.sql. A member stays in its dimension when its last line goes."""
    lines, seen = evenings[-1].values(), [line for evening in evenings for line in evening.values()]
    return {
        "lines": len(lines),
        "orders": len({line.order_id for line in lines}),
        "quantity": sum(line.quantity for line in lines),
        "sales": _money(sum(line.sales for line in lines)),
        "profit": _money(sum(line.profit for line in lines)),
        "sales_to_business": _money(sum(line.sales for line in lines if line.segment == "business")),
        "sales_to_belgium": _money(sum(line.sales for line in lines if line.country == "Belgium" and line.postal_code)),
        "lines_to_codes_with_a_zero": sum((line.postal_code or "").startswith("0") for line in lines),
        "lines_without_a_place": sum(line.postal_code is None for line in lines),
        "waiting_lines": sum(line.ship_date is None for line in lines),
        "products": len({line.product_id for line in seen}),
        "customers": len({line.customer_id for line in seen}),
        "locations": len({(line.country, line.postal_code) for line in seen if line.postal_code}),
    }


def _priced(line: Line, product: _Product) -> Line:
    """The line with its money, which has four places: a price in cents less a discount in hundredths."""
    sales = product.cents * line.quantity * (100 - line.discount)
    return line._replace(sales=sales, profit=sales - product.cost * line.quantity)


def _write(url: str, before: Mapping[int, Line], after: Mapping[int, Line], *, is_new: bool) -> None:
    """Bring the table from one evening to the next, in one transaction."""
    gone = [number for number, line in before.items() if after.get(number) != line]
    come = [line for number, line in after.items() if before.get(number) != line]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        if is_new:
            cursor.execute("drop table if exists sales")
            cursor.execute(SCHEMA.read_bytes())
        cursor.execute("delete from sales where row_id = any(%s)", (gone,))
        with cursor.copy("copy sales from stdin") as copy:
            for line in come:
                discount = str(Decimal(line.discount).scaleb(-2))
                copy.write_row((*line[:-3], discount, _money(line.sales), _money(line.profit)))


def _money(units: int) -> str:
    return str(Decimal(units).scaleb(-4))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line: `python generate.py --day 1 --size 3000`, then `--day 2`."""
    parser = argparse.ArgumentParser(description="Make a flat table of sales in PostgreSQL, or play a day of it.")
    parser.add_argument("--url", default=os.environ.get("SALES_URL"), help="the database (default: $SALES_URL)")
    parser.add_argument("--day", type=int, default=1, help="1 makes the table anew, later ones change it (default: 1)")
    parser.add_argument("--size", type=int, default=SIZE, help="lines of the first day (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same rows (default: %(default)s)")
    parser.add_argument("--truth", type=Path, help="a JSON file to write what a right star comes to into")
    asked = parser.parse_args(arguments)
    if not asked.url:
        parser.error("name the database with --url or SALES_URL; its table `sales` is made anew")
    if asked.day < 1 or asked.size < 1:
        parser.error("--day and --size are at least 1")
    found = play(asked.day, asked.url, size=asked.size, seed=asked.seed)
    if asked.truth:
        asked.truth.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"day {asked.day}: {found['lines']:,} lines of {found['orders']:,} orders, {found['sales']} in all")


if __name__ == "__main__":
    main()
