"""Makes the files that a wholesaler of bicycles gets from its systems, and says what a right star of them comes to.

Two weeks are laid on the first day, and the second day adds a week: new orders, deliveries of old ones, customers who moved,
other prices, files that are corrected under their old names, and one that is sent again under another. All chance comes
from the seed, so the same seed and size give the same bytes, and a day can be told again without the one before it. What a
right star comes to is counted from the objects that the files are written from, without a query.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Files = dict[str, bytes]

DAYS = 2
SIZE = 60
LEAST = 20

WEEKS = {"2026-W10": date(2026, 3, 2), "2026-W11": date(2026, 3, 9), "2026-W12": date(2026, 3, 16)}  # Mondays
OPENED, TODAY = date(2026, 1, 5), {1: date(2026, 3, 15), 2: date(2026, 3, 22)}
# Days from order to delivery up to which a delivery is of a class; what comes after the last is late.
CLASSES = (("fast", 3), ("usual", 7), ("slow", 14))
TAX = (19, 8, 7)  # in hundredths
SWAPPED = str.maketrans(",.", ".,")

FIRMS = (
    'Rad & Tat "am Markt"|Vélo-Cité, Lyon|Zweirad Łoś|Kettenöl GmbH|Freilauf, Fuchs & Co.|O\'Chain Ltd.|Sykkel på Øya|'
    'Bici Ñandú|Gipfel "40 %" AG|Two Wheels; One Love'
)
TOWNS = "Leipzig 04109 DE|Lyon 69002 FR|Łódź 90-001 PL|Chur 7000 CH|Cork T12 IE|Oslo 0150 NO|Sevilla 41001 ES|Aosta 11100 IT"
GROUPS = "dealer|dealer|dealer|chain|club"
CHANNELS = "portal|portal|portal|phone|fair"
CARRIERS = "Gelber Blitz|Nordfracht|Vélopost"
NOTES = 'ring at the "blue gate"|zweite Rampe,\nhinter dem Hof|ask for Zoë; not before 9|n/a|=SUM(A1)|d\'accord'
PARTS = (
    "Lenker|Sattel|Frame|Felge|Kurbel|Bremse|Chain|Schutzblech|Pédale|Bell|Light|Helmet|Jersey|Trekking|Gravel|Cargo"
)
MARKS = 'Ö-Serie|"Classic"|28" wide|Mk II|d\'Or|50 %|N° 7|Größe L'
CATEGORIES = ("Bikes", "Components", "Accessories", "Clothing")
BELOW = {
    "Bikes": "Road|Trekking",
    "Components": "Brakes|Wheels|Saddles",
    "Accessories": "Lights|Bells",
    "Clothing": "Helmets",
}
VENDORS = (
    'Ahorn Rahmenbau|Bremsen "Stopp" KG|Carbone & Fils, Nantes|Drahtwerk Süd|Ölfabrik Nord|Reifen-Riese|Ticino Selle|'
    "Zębatka s.c."
)

T = TypeVar("T")


@dataclass(frozen=True)
class Version:
    """What somebody was told of a customer or a product, and since when it holds."""

    of: int
    since: date
    cells: tuple[str, ...]
    cents: int = 0  # a product's price


@dataclass(frozen=True)
class Order:
    """The head of an order: its tax and its freight are in cents, and nothing says which line they belong to."""

    number: int
    customer: int
    on: date
    channel: str
    tax: int
    freight: int
    note: str

    @property
    def due(self) -> date:
        return self.on + timedelta(days=10)


@dataclass(frozen=True)
class Line:
    """A line of an order; a line that was taken back has a quantity below zero."""

    order: int
    number: int
    product: int
    quantity: int
    cents: int  # of one piece
    discount: int  # in hundredths

    @property
    def amount(self) -> int:
        """In cents; half a cent is rounded up."""
        return (self.quantity * self.cents * (100 - self.discount) + 50) // 100


class House:
    """What the wholesaler knows at the end of a day."""

    def __init__(self, size: int, seed: int) -> None:
        self.roll = Random(seed).random
        self.size = size
        self.customers: list[Version] = []
        self.products: list[Version] = []
        self.shares: dict[tuple[int, int], int] = {}  # of a product and a vendor, in ten thousandths
        self.orders: dict[str, dict[int, Order]] = {}
        self.lines: dict[str, dict[tuple[int, int], Line]] = {}
        self.delivered: dict[int, date] = {}

    def first_day(self) -> Files:
        """Two weeks of orders, and all that they speak of but for one customer, who is told of later."""
        self.customers = [self._customer(number) for number in range(1, self.size // 4 + 6)]
        self.products = [self._product(number) for number in range(1, self.size // 3 + 13)]
        for product in self.products:
            self._share(product.of, 1 + int(self.roll() * 3))
        sold = [*self.customers, Version(len(self.customers) + 1, OPENED, ())]
        files = {
            "categories.csv": _categories(),
            "vendors.csv": _vendors(),
            "customers/customers_1.csv": _customers(self.customers),
            "products/products_1.txt": _products(self.products),
            "product_vendors/product_vendors_1.csv": _shares(self.shares),
        }
        for week in ("2026-W10", "2026-W11"):
            self._sell(week, sold)
            files |= self._week(week)
        self._give_away("2026-W11")
        files |= self._week("2026-W11")
        return files | {"deliveries/deliveries_1.csv": self._deliver(1)}

    def second_day(self) -> Files:
        """A week later: what is new, what was corrected, and one file again under another name."""
        again = {"order_lines/order_lines_2026-W10_again.csv": _lines(self.lines["2026-W10"].values())}
        told = [self._customer(len(self.customers) + 1), *self._moves()]
        self.customers += told
        prices = [self._raised(product) for product in self._some(self.products, 6)]
        self.products += prices
        shared = {
            pair: share for product in self._some(prices, 2) for pair, share in self._share_anew(product.of).items()
        }
        self._sell("2026-W12", self.customers)
        files = {
            "customers/customers_2.csv": _customers(told),
            "products/products_2.txt": _products(prices),
            "product_vendors/product_vendors_2.csv": _shares(shared),
        }
        self._correct("2026-W11")
        return (
            files
            | again
            | self._week("2026-W11")
            | self._week("2026-W12")
            | {"deliveries/deliveries_2.csv": self._deliver(2)}
        )

    def _customer(self, number: int) -> Version:
        return Version(number, OPENED, (self._pick(FIRMS), *self._town(), self._pick(GROUPS)))

    def _town(self) -> tuple[str, str, str]:
        city, code, country = self._pick(TOWNS).rsplit(" ", 2)
        return city, code, country

    def _moves(self) -> list[Version]:
        """Some moved this week; some had moved a week before, and nobody had said so."""
        since = (WEEKS["2026-W12"] + timedelta(days=1), WEEKS["2026-W11"] + timedelta(days=2))
        moved = self._some(self.customers, 5)
        return [
            Version(old.of, since[place % 2], (old.cells[0], *self._town(), self._other(GROUPS, old.cells[-1])))
            for place, old in enumerate(moved)
        ]

    def _product(self, number: int) -> Version:
        names = [name for group in CATEGORIES for name in BELOW[group].split("|")]
        category = 11 + int(self.roll() * len(names))
        weight = f"{int(self.roll() * 20_000) / 1000:.3f}".replace(".", ",") if self.roll() < 0.8 else ""
        name = f"{self._pick(PARTS)} {self._pick(MARKS)}"
        return Version(number, OPENED, (name, str(category), weight), 199 + int(self.roll() ** 5 * 400_000))

    def _raised(self, product: Version) -> Version:
        return replace(
            product, since=WEEKS["2026-W12"] + timedelta(days=2), cents=product.cents + 10 + int(self.roll() * 900)
        )

    def _share(self, product: int, vendors: int) -> dict[tuple[int, int], int]:
        """Who delivers how much of a product: shares that are 1 together, and do not divide evenly."""
        first, left, made = 1 + int(self.roll() * 8), 10_000, {}
        for place in range(vendors):
            part = left if place == vendors - 1 else 1 + int(self.roll() * (left - vendors))
            made[product, (first + place - 1) % 8 + 1] = part
            left -= part
        self.shares |= made
        return made

    def _share_anew(self, product: int) -> dict[tuple[int, int], int]:
        """Another vendor takes a part of what the first of a product's vendors has, if he is none of them."""
        held = [vendor for one, vendor in self.shares if one == product]
        new = next(vendor for vendor in range(1, 9) if vendor not in held)
        part = self.shares[product, held[0]] // 3
        if not part:
            return {}
        made = {(product, held[0]): self.shares[product, held[0]] - part, (product, new): part}
        self.shares |= made
        return made

    def _sell(self, week: str, among: Sequence[Version]) -> None:
        """A week's orders of one to six lines, at the prices of their day; the second is of the last customer."""
        first = sum(map(len, self.orders.values())) + 1
        prices = {on: _as_of(self.products, on) for on in _days(week)}
        orders, lines = self.orders.setdefault(week, {}), self.lines.setdefault(week, {})
        for number in range(first, first + self.size):
            on = WEEKS[week] + timedelta(days=int(self.roll() * 7))
            worth = 0
            for place in range(1, 2 + int(self.roll() ** 2 * 6)):
                product = self._one(self.products).of
                quantity = -1 if place > 1 and self.roll() < 0.03 else 1 + int(self.roll() ** 3 * 12)
                line = Line(number, place, product, quantity, prices[on][product].cents, self._discount())
                lines[number, place] = line
                worth += line.amount
            customer = among[-1 if number == first + 1 else int(self.roll() ** 2 * len(among))].of
            tax, freight = (worth * self._one(TAX) + 50) // 100, 490 + int(self.roll() * 4000)
            note = self._pick(NOTES) if self.roll() < 0.2 else ""
            orders[number] = Order(number, customer, on, self._pick(CHANNELS), tax, freight, note)

    def _discount(self) -> int:
        return 5 * int(self.roll() * 6) if self.roll() < 0.3 else 0

    def _give_away(self, week: str) -> None:
        """One order is samples: its lines cost nothing, its freight does."""
        order = next(iter(self.orders[week].values()))
        self.orders[week][order.number] = replace(order, tax=0)
        for key, line in self.lines[week].items():
            if line.order == order.number:
                self.lines[week][key] = replace(line, discount=100)

    def _correct(self, week: str) -> None:
        """Other freights, one order of another customer, one order that was withdrawn, one line that never was."""
        orders, lines = self.orders[week], self.lines[week]
        for order in self._some(list(orders.values()), 10):
            orders[order.number] = replace(order, freight=order.freight + 1 + int(self.roll() * 500))
        waiting = [order for order in orders.values() if order.number not in self.delivered]
        other, withdrawn = waiting[0], waiting[-1]
        others = [one.of for one in self.customers if one.of != other.customer]
        orders[other.number] = replace(other, customer=self._one(others))
        del orders[withdrawn.number]
        for key in [key for key in lines if key[0] == withdrawn.number]:
            del lines[key]
        longest = max(lines.values(), key=lambda line: (line.number, -line.order))
        del lines[longest.order, longest.number]

    def _deliver(self, day: int) -> bytes:
        """Most orders arrive within days, and are told of when they have."""
        new: list[tuple[object, ...]] = []
        for orders in self.orders.values():
            for order in orders.values():
                waited = (TODAY[day] - order.on).days
                if order.number in self.delivered or self.roll() > 0.8:
                    continue
                needed = 1 + int(self.roll() ** 2 * 20)
                if needed <= waited:
                    self.delivered[order.number] = order.on + timedelta(days=needed)
                    new.append((order.number, self.delivered[order.number], self._pick(CARRIERS)))
        return _csv("order_id delivered_on carrier", new)

    def _week(self, week: str) -> Files:
        return {
            f"orders/orders_{week}.csv": _orders(self.orders[week].values()),
            f"order_lines/order_lines_{week}.csv": _lines(self.lines[week].values()),
        }

    def _pick(self, words: str) -> str:
        return self._one(words.split("|"))

    def _other(self, words: str, than: str) -> str:
        return self._one([word for word in words.split("|") if word != than])

    def _one(self, among: Sequence[T]) -> T:
        return among[int(self.roll() * len(among))]

    def _some(self, among: Sequence[T], each: int) -> list[T]:
        """One of so many, from a place of chance on, and two at least where there are as many."""
        step = max(1, min(each, len(among) // 2))
        return list(among[int(self.roll() * step) :: step])

    def truth(self, day: int) -> dict[str, int | str]:
        """What a right star of this day comes to."""
        counts: Counter[str] = Counter(
            {f"{name}_lines": 0 for name in (*(name for name, _ in CLASSES), "late", "open")}
        )
        cents: Counter[str] = Counter(dealer_amount=0, monday_amount=0)
        for week, orders in self.orders.items():
            by_order: dict[int, list[Line]] = {number: [] for number in orders}
            for line in self.lines[week].values():
                by_order[line.order].append(line)
            customers = {on: _as_of(self.customers, on) for on in _days(week)}
            for order in orders.values():
                lines = by_order[order.number]
                amount = sum(line.amount for line in lines)
                told = customers[order.on].get(order.customer)
                counts["orders"] += 1
                counts["lines"] += len(lines)
                counts["quantity"] += sum(line.quantity for line in lines)
                counts[f"{self._class_of(order)}_lines"] += len(lines)
                cents["amount"] += amount
                cents["dealer_amount"] += amount if told is not None and told.cells[-1] == "dealer" else 0
                cents["monday_amount"] += amount if order.on.weekday() == 0 else 0
                for name, whole in (("tax", order.tax), ("freight", order.freight)):
                    cents[name] += whole
                    cents[f"{name}_by_place"] += sum(
                        line.number * share for line, share in zip(lines, split(whole, lines), strict=True)
                    )
        # On the first day, orders name a customer of whom nobody has heard.
        unheard = 1 if day == 1 else 0
        members = {
            "customers": len({version.of for version in self.customers}) + unheard,
            "customer_versions": len(self.customers) + unheard,
            "products": len({version.of for version in self.products}),
            "product_versions": len(self.products),
            "product_vendors": len(self.shares),
        }
        amounts = {name: _money(sum_of) for name, sum_of in cents.items()}
        return {**counts, **members, **amounts, "amount_of_vendors": amounts["amount"]}

    def _class_of(self, order: Order) -> str:
        if order.number not in self.delivered:
            return "open"
        days = (self.delivered[order.number] - order.on).days
        return next((name for name, most in CLASSES if days <= most), "late")


def split(cents: int, lines: Sequence[Line]) -> list[int]:
    """An amount of an order shared out by what its lines cost, in whole cents towards zero; the last one takes what is left."""
    total = sum(line.amount for line in lines)
    shares = [_towards_zero(cents * line.amount, total) if total else 0 for line in lines]
    shares[-1] += cents - sum(shares)
    return shares


def play(day: int, place: str, *, size: int = SIZE, seed: int = 1) -> dict[str, int | str]:
    """Lay a day's files in a folder, the first day's in the place of all others; what a right star comes to after it."""
    house = House(max(size, LEAST), seed)
    files = house.first_day()
    truth = house.truth(1)
    later = house.second_day()
    if day == 1:
        for name in later:
            (Path(place) / name).unlink(missing_ok=True)
    else:
        files, truth = later, house.truth(2)
    for name, content in files.items():
        path = Path(place) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return truth


def _orders(orders: Iterable[Order]) -> bytes:
    """As a spreadsheet saves it: with a byte order mark, line ends of Windows, and dates as they are said in America."""
    rows = (
        (
            o.number,
            f"C{o.customer:04d}",
            *map(_american, (o.on, o.due)),
            o.channel,
            *map(_grouped, (o.tax, o.freight)),
            o.note,
        )
        for o in orders
    )
    names = "order_id customer_id ordered_on due_on channel tax freight note"
    return _csv(names, rows, end="\r\n", encoding="utf-8-sig")


def _lines(lines: Iterable[Line]) -> bytes:
    rows = (
        (
            one.order,
            one.number,
            one.product,
            one.quantity,
            _grouped(one.cents),
            _money(one.discount),
            _grouped(one.amount),
        )
        for one in lines
    )
    return _csv("order_id line_no product_id quantity unit_price discount amount", rows)


def _customers(customers: Iterable[Version]) -> bytes:
    rows = ((f"C{one.of:04d}", *one.cells, one.since) for one in customers)
    return _csv("customer_id name city postal_code country price_group changed_on", rows)


def _products(products: Iterable[Version]) -> bytes:
    """As the old system prints it: in Windows-1252, with a comma before the cents and a point between thousands."""
    rows = (
        (
            one.of,
            one.cells[0],
            one.cells[1],
            _grouped(one.cents).translate(SWAPPED),
            one.cells[2],
            f"{one.since:%d.%m.%Y}",
        )
        for one in products
    )
    return _csv("product_id name category_id list_price weight_kg changed_on", rows, delimiter=";", encoding="cp1252")


def _shares(shares: dict[tuple[int, int], int]) -> bytes:
    rows = ((product, f"V{vendor}", Decimal(share).scaleb(-4)) for (product, vendor), share in shares.items())
    return _csv("product_id vendor_id share", rows)


def _vendors() -> bytes:
    rows = ((f"V{number}", name, 14 * (1 + number % 3)) for number, name in enumerate(VENDORS.split("|"), 1))
    return _csv("vendor_id name days_to_pay", rows)


def _categories() -> bytes:
    """Categories and the groups that they belong to, in one list."""
    groups = [(number, name, "") for number, name in enumerate(CATEGORIES, 1)]
    below = [(name, number) for number, group in enumerate(CATEGORIES, 1) for name in BELOW[group].split("|")]
    return _csv(
        "category_id name parent_id", [*groups, *((11 + n, name, above) for n, (name, above) in enumerate(below))]
    )


def _csv(
    names: str,
    rows: Iterable[Sequence[object]],
    *,
    delimiter: str = ",",
    end: str = "\n",
    encoding: str = "utf-8",
) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow(names.split())
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def _as_of(versions: Iterable[Version], on: date) -> dict[int, Version]:
    """The version of each member that holds on a day."""
    return {one.of: one for one in sorted(versions, key=lambda one: one.since) if one.since <= on}


def _days(week: str) -> list[date]:
    return [WEEKS[week] + timedelta(days=day) for day in range(7)]


def _towards_zero(number: int, by: int) -> int:
    whole = abs(number) // abs(by)
    return whole if (number < 0) == (by < 0) else -whole


def _american(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"


def _money(cents: int) -> str:
    return str(Decimal(cents).scaleb(-2))


def _grouped(cents: int) -> str:
    return f"{Decimal(cents).scaleb(-2):,}"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line: `python generate.py --to data --day 1`."""
    parser = argparse.ArgumentParser(description="Lay the files of a wholesaler of bicycles, day by day.")
    parser.add_argument("--to", default="data", help="the folder for the files (default: ./data)")
    parser.add_argument("--day", type=int, choices=range(1, DAYS + 1), default=1, help="(default: %(default)s)")
    parser.add_argument(
        "--size", type=int, default=SIZE, help=f"orders a week, at least {LEAST} (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same bytes (default: %(default)s)")
    parser.add_argument("--truth", type=Path, help="a JSON file to write what a right star comes to into")
    asked = parser.parse_args(arguments)
    truth = play(asked.day, asked.to, size=asked.size, seed=asked.seed)
    if asked.truth:
        asked.truth.write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")
    print(f"day {asked.day}: {truth['orders']:,} orders with {truth['lines']:,} lines, {truth['amount']} in all")


if __name__ == "__main__":
    main()
