"""Random SELECTs of the shapes that users write for facts, over streams that all have the same columns.

Each names its grain, which is one value a row by construction: the keys of all that is joined, or what it groups by.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

ROW_COLUMNS = ("id", "ref", "other", "grp", "n", "amount", "moment")
GROUP_COLUMNS = ("ref", "n", "amount", "grp")
SHAPES = {"rows": 54, "grouped": 23, "distinct": 7, "all": 9, "hard": 7}


@dataclass(frozen=True)
class Said:
    """A SELECT, its grain, what of it dimensions may be looked up by, and the streams that it reads, the driving one first."""

    sql: str
    grain: tuple[str, ...]
    keys: tuple[str, ...] = ()
    at: str | None = None
    measures: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()


@dataclass(frozen=True)
class Relation:
    """Something to select from: its alias, its text in FROM, the columns that it has and those that tell its rows apart."""

    alias: str
    text: str
    columns: tuple[str, ...] = ROW_COLUMNS
    unique: tuple[str, ...] = ("id",)


@dataclass
class Writer:
    """Writes one SELECT; what it joins and which WITH clauses that needs is gathered on the way."""

    random: Random
    streams: tuple[str, ...]
    clauses: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    outer: set[str] = field(default_factory=set)

    def write(self) -> Said:
        """A SELECT of a random shape."""
        shape = self.random.choices(list(SHAPES), list(SHAPES.values()))[0]
        if shape == "all":
            return self._all()
        if shape == "hard":
            return self._hard()
        relations, text = self._joined()
        if shape == "rows":
            return self._rows(relations, text)
        return self._grouped(relations, text, is_distinct=shape == "distinct")

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    # What is selected

    def _rows(self, relations: list[Relation], text: str) -> Said:
        first = relations[0]
        grain = {
            f"g{i}_{name}": f"{r.alias}.{name}" if r is first and not self.outer else _filled(r.alias, name)
            for i, r in enumerate(relations)
            for name in r.unique
        }
        shown = {f"c{i}": self._expression(relations) for i in range(self.random.randint(1, 4))}
        last = self.random.choice(relations)
        keys = {"k0": f"{first.alias}.ref", "k1": f"{last.alias}.{self._integer(last)}"}
        at = {"happened": f"{first.alias}.moment"} if "moment" in first.columns else {}
        measure = self.random.choice([r for r in relations if "amount" in r.columns])
        factor = self.random.choice(("", "", " * 2", f" * coalesce({measure.alias}.n, 1)"))
        measures = {"amount": f"{measure.alias}.amount{factor}"}
        listed = ", ".join(f"{said} as {name}" for name, said in {**grain, **shown, **keys, **at, **measures}.items())
        sql = f"{self._with()}select {listed}\n  from {text}{self._where()}"
        return Said(sql, tuple(grain), tuple(keys), next(iter(at), None), ("amount",), self._reads())

    def _grouped(self, relations: list[Relation], text: str, *, is_distinct: bool) -> Said:
        by = {"g0": self._group(relations), "g1": self._integer_filled(relations)}
        if self.chance(0.3) and not is_distinct:
            del by[self.random.choice(list(by))]
        listed = ", ".join(f"{said} as {name}" for name, said in by.items())
        if is_distinct:
            sql = f"{self._with()}select distinct {listed}\n  from {text}{self._where()}"
            return Said(sql, tuple(by), ("g1",), None, (), self._reads())
        sums = {
            "rows_read": "count(*)",
            **{f"c{i}": self._aggregate(relations) for i in range(self.random.randint(1, 3))},
        }
        first = relations[0]
        at = {"happened": f"max({first.alias}.moment)"} if "moment" in first.columns else {}
        summed = "".join(f", {said} as {name}" for name, said in {**sums, **at}.items())
        how = self.random.choice((", ".join(by.values()), ", ".join(str(i + 1) for i in range(len(by))), "all"))
        having = f"\nhaving {self._having(relations)}" if self.chance(0.4) else ""
        sql = f"{self._with()}select {listed}{summed}\n  from {text}{self._where()}\n group by {how}{having}"
        keys = ("g1",) if "g1" in by else ()
        return Said(sql, tuple(by), keys, next(iter(at), None), ("rows_read",), self._reads())

    def _all(self) -> Said:
        """All columns of a stream, beside one of another."""
        first, second = self._stream(), self._stream()
        shown = self.random.choice(("r0.*", "r0.*, r1.n as n1", "coalesce(r1.grp, '-') as grp1, r0.*"))
        text = f"app.{first} as r0 left join app.{second} as r1 on r1.id = r0.ref"
        sql = f"select {shown}\n  from {text}"
        # A plain stream may be joined here, whose rows tell themselves apart all the same.
        return Said(sql, ("id",), ("ref",), "moment", ("amount",), (first, second))

    def _hard(self) -> Said:
        """What nobody can follow by its rows alone."""
        first, second = self._stream(), self._stream()
        texts = (
            f"select id, ref, n, moment, row_number() over (partition by grp order by id) as place from app.{first}",
            f"select id * 2 as id, ref, n, moment, 1 as place from app.{first}\nunion all\n"
            f"select id * 2 + 1, ref, n, moment, 2 from app.{second}",
            f"select a.id, a.ref, a.n, a.moment, (select count(*) from app.{second} as s where s.ref = a.id) as place\n"
            f"  from app.{first} as a",
            f"select a.id, a.ref, a.n, a.moment, sum(a.n) over (order by a.id) as place\n"
            f"  from app.{first} as a left join app.{second} as b on b.id = a.ref",
            f"select coalesce(a.id, 0) * 100 + coalesce(b.id, 99) as id, a.ref, b.n, a.moment, 1 as place\n"
            f"  from app.{first} as a full join app.{second} as b on b.id = a.ref",
            f"select b.id * 100 + coalesce(a.id, 99) as id, a.ref, b.n, b.moment, 1 as place\n"
            f"  from app.{first} as a right join app.{second} as b on b.id = a.ref and a.n > 2",
            f"select id, ref, n, moment, 1 as place from app.{first} where id in (select ref from app.{second})\nunion\n"
            f"select id, ref, n, moment, 1 from app.{first} where id < 4",
            f"select id, ref, n, moment, 1 as place from app.{first} order by n desc nulls last, id limit 5",
            f"select a.id, a.ref, a.n, a.moment, b.n as place from app.{first} as a\n"
            f"  join (select id, n, row_number() over (partition by ref order by id) as nth from app.{second}) as b\n"
            f"    on b.id = a.ref and b.nth = 1",
            f"select a.id * 10 + v.x as id, a.ref, b.n, a.moment, v.x as place from app.{first} as a\n"
            f"  cross join (values (1), (2)) as v(x) left join app.{second} as b on b.id = a.ref and b.n > v.x",
            f"select a.id * 10 + v.x as id, a.ref, b.n, a.moment, v.x as place from app.{first} as a\n"
            f"  join app.{second} as b on b.id = a.ref\n"
            f"  join (select 1 as x union all select 2) as v on v.x < b.n",
            f"select a.id, a.ref, a.n, a.moment, b.many as place from app.{first} as a\n"
            f"  cross join (select count(*) as many from app.{second}) as b",
            f"with w as (select id, ref, n, moment from app.{first})\n"
            f"select x.id, x.ref, y.n, x.moment, 1 as place\n  from w as x left join w as y on y.id = x.ref",
        )
        return Said(self.random.choice(texts), ("id",), ("ref",), "moment", ("n",), (first, second))

    # What it is selected from

    def _joined(self) -> tuple[list[Relation], str]:
        """A chain of two to four relations, and the text of its FROM."""
        first = self._row_relation("r0")
        relations, text = [first], first.text
        count = self.random.choice((1, 2, 2, 2, 3, 3, 4))
        for number in range(1, count):
            joined = self._relation(f"r{number}")
            text += self._join(relations, joined, is_last=number == count - 1)
            relations.append(joined)
        for _ in range(self.random.choice((0, 1, 1, 2))):
            self.where.append(self._predicate(relations))
        return relations, text

    def _join(self, relations: list[Relation], joined: Relation, *, is_last: bool) -> str:
        how = self.random.choices(("left join", "join", "", "inner join"), (50, 30, 10, 10))[0]
        condition = self._condition(relations, joined)
        if not how:
            self.where.append(condition)
            # A comma binds last: an ON behind it would not see what stands before it.
            return f", {joined.text}" if is_last else f"\n  cross join {joined.text}"
        if how == "left join":
            self.outer.add(joined.alias)
        if len(relations) == 1 and "ref" in joined.columns and self.chance(0.1):
            return f"\n  {how} {joined.text} using (ref)"
        return f"\n  {how} {joined.text} on {condition}"

    def _condition(self, relations: list[Relation], joined: Relation) -> str:
        other = self.random.choice(relations[-2:])
        theirs = self._integer(other)
        if "id" in joined.columns:
            mine = self.random.choices(("id", "ref", "other"), (70, 22, 8))[0]
            theirs = self._integer(other, ("ref", "other", "n")) if mine == "id" else theirs
        else:
            mine = "ref"
            theirs = self._integer(other, ("id", "ref"))
        left, right = f"{joined.alias}.{mine}", f"{other.alias}.{theirs}"
        forms = (f"{left} = {right}", f"{right} = {left}", f"{left} = {right} + 1", f"{left} = coalesce({right}, 0)")
        said = self.random.choices((*forms, f"{left} = {right} % 4", f"{left} < {right}"), (40, 20, 8, 10, 4, 2))[0]
        if self.chance(0.25):
            said += f" and {self._predicate([joined] if self.chance(0.7) else [other, joined], asks=0)}"
        return said

    def _relation(self, alias: str) -> Relation:
        return self._group_relation(alias) if self.chance(0.2) else self._row_relation(alias)

    def _row_relation(self, alias: str) -> Relation:
        """A stream, or a sub-select or WITH clause of its columns."""
        kind = self.random.choices(("stream", "chosen", "with", "joined"), (62, 16, 14, 8))[0]
        stream = self._stream()
        if kind == "stream":
            return Relation(alias, f"app.{stream} as {alias}")
        if kind == "joined":
            beside = self._stream()
            how = self.random.choice(("left join", "join"))
            select = (
                "select x.id, x.ref, x.other, coalesce(y.grp, x.grp) as grp, x.n, y.amount, x.moment"
                f" from app.{stream} as x {how} app.{beside} as y on y.id = x.ref"
            )
        else:
            n = self.random.choice(("n", "coalesce(n, 0) as n", "n + 1 as n"))
            chosen = f" where {self._plain_predicate('s')}" if self.chance(0.7) else ""
            select = f"select id, ref, other, grp, {n}, amount, moment from app.{stream} as s{chosen}"
        if kind == "with" or (kind == "joined" and self.chance(0.5)):
            self.clauses.append(f"w_{alias} as ({select})")
            return Relation(alias, f"w_{alias} as {alias}")
        return Relation(alias, f"({select}) as {alias}")

    def _group_relation(self, alias: str) -> Relation:
        stream = self._stream()
        where = f" where {self._plain_predicate('s')}" if self.chance(0.4) else ""
        having = self.random.choice(("", "", " having count(*) > 1", " having sum(s.n) > 3"))
        beside, there = self._beside(where) if self.chance(0.45) else ("", "s")
        select = f"select s.ref, count(*) as n, sum({there}.amount) as amount, max({there}.grp) as grp from app.{stream} as s"
        select += f"{beside or where} group by s.ref{having}"
        if self.chance(0.35):
            self.clauses.append(f"w_{alias} as ({select})")
            return Relation(alias, f"w_{alias} as {alias}", GROUP_COLUMNS, ("ref",))
        return Relation(alias, f"({select}) as {alias}", GROUP_COLUMNS, ("ref",))

    def _beside(self, where: str) -> tuple[str, str]:
        """What a group of a stream `s` joins, with its WHERE, and the alias of what it sums up."""
        how = self.random.choice(("left join", "join"))
        text = f" {how} app.{self._stream()} as y on y.id = s.{self.random.choice(('ref', 'other'))}"
        there = "y"
        if self.chance(0.4):
            inner = self.random.choice((f"app.{self._stream()}", f"app.{self.streams[0]}"))
            sums = f"select ref, max(grp) as grp, sum(amount) as amount from {inner} group by ref"
            text += f" {self.random.choice(('left join', 'join'))} ({sums}) as t on t.ref = s.id"
            there = "t"
        asked = self.random.choice(("", "", "coalesce(y.n, 0) > 1", "y.n <= 4"))
        if asked:
            where += f" and {asked}" if where else f" where {asked}"
        return text + where, there

    def _stream(self) -> str:
        """A stream, mostly one that is not read yet, as facts rarely read one twice."""
        fresh = [name for name in self.streams if name not in self.used]
        if fresh and not self.used and self.chance(0.7):
            chosen = self.streams[0]
        else:
            chosen = self.random.choice(fresh if fresh and self.chance(0.85) else list(self.streams))
        self.used.append(chosen)
        return chosen

    # The words in between

    def _expression(self, relations: list[Relation]) -> str:
        one, two = self.random.choice(relations).alias, self.random.choice(relations).alias
        return self.random.choice(
            (
                f"{one}.grp",
                f"{one}.n",
                f"{one}.amount",
                f"coalesce({one}.grp, {two}.grp, '?')",
                f"coalesce({one}.n, 0) + coalesce({two}.n, 0)",
                f"case when {one}.n > {two}.n then {one}.grp else {two}.grp end",
                f"case when {one}.ref is null then 0 else 1 end",
                f"upper({one}.grp)",
            )
        )

    def _aggregate(self, relations: list[Relation]) -> str:
        one, two = self.random.choice(relations).alias, self.random.choice(relations).alias
        return self.random.choice(
            (
                f"sum({one}.amount)",
                f"sum(coalesce({one}.n, 0) * 2)",
                f"min({one}.n)",
                f"max({one}.grp)",
                f"count({one}.n)",
                f"count(distinct {one}.ref)",
                f"count(*) filter (where {one}.n > 3)",
                f"sum(case when {one}.grp = {two}.grp then 1 else 0 end)",
            )
        )

    def _having(self, relations: list[Relation]) -> str:
        one = self.random.choice(relations).alias
        return self.random.choice(("count(*) > 1", "count(*) < 4", f"max({one}.n) is not null", f"sum({one}.n) > 4"))

    def _predicate(self, relations: list[Relation], asks: float = 0.12) -> str:
        one, two = self.random.choice(relations), self.random.choice(relations)
        a, b = one.alias, two.alias
        if one is two or self.chance(0.55):
            if self.chance(asks):
                return self._asking(one)
            return self._plain_predicate(a)
        return self.random.choice(
            (
                f"{a}.n <= {b}.n",
                f"{a}.grp is not distinct from {b}.grp",
                f"coalesce({b}.n, {a}.n, 0) > 2",
                f"({a}.n > 3 or {b}.grp = 'x')",
                f"coalesce({b}.grp, 'x') <> 'z'",
            )
        )

    def _plain_predicate(self, a: str) -> str:
        k = self.random.randint(0, 6)
        return self.random.choice(
            (
                f"{a}.n > {k}",
                f"{a}.n <= {k + 2}",
                f"{a}.grp = 'x'",
                f"{a}.grp is null",
                f"{a}.grp is not null",
                f"{a}.grp in ('x', 'y')",
                f"coalesce({a}.n, 0) < {k + 2}",
                f"{a}.grp is distinct from 'z'",
                f"{a}.ref is not null",
                f"not ({a}.n = {k})",
                f"({a}.n > {k} or {a}.grp = 'y')",
            )
        )

    def _asking(self, relation: Relation) -> str:
        """A condition that asks another stream."""
        stream, a, column = self._stream(), relation.alias, relation.unique[0]
        return self.random.choice(
            (
                f"exists (select 1 from app.{stream} as s where s.ref = {a}.{column})",
                f"not exists (select 1 from app.{stream} as s where s.ref = {a}.{column} and s.n > 4)",
                f"{a}.ref in (select s.id from app.{stream} as s where s.n > 2)",
                f"{a}.n >= (select min(s.n) from app.{stream} as s)",
            )
        )

    def _group(self, relations: list[Relation]) -> str:
        return f"coalesce({self.random.choice(relations).alias}.grp, '-')"

    def _integer_filled(self, relations: list[Relation]) -> str:
        relation = self.random.choice(relations)
        return _filled(relation.alias, self._integer(relation))

    def _integer(self, relation: Relation, wanted: tuple[str, ...] = ("id", "ref", "other", "n")) -> str:
        return self.random.choice([name for name in wanted if name in relation.columns])

    def _with(self) -> str:
        return f"with {', '.join(self.clauses)}\n" if self.clauses else ""

    def _where(self) -> str:
        return f"\n where {' and '.join(self.where)}" if self.where else ""

    def _reads(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.used))


def _filled(alias: str, name: str) -> str:
    return f"coalesce({alias}.{name}, -1)"
