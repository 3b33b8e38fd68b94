"""What may stand in a project file: one dataclass for each mapping, one described field for each key.

These are the words as users write them. `meaning/` turns them into the contracts of the other stages, the reader takes
its hints from the descriptions, and the JSON Schema is printed from the same fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache, partial
from typing import Any, ClassVar, Literal

from starlode import registry
from starlode.declare import BROKEN, Count, Declared, Filled, Lazy, Name, Setting, compose, settings
from starlode.document import Place
from starlode.environment import Word
from starlode.languages import Language  # noqa: TC001
from starlode.source import Contract, Mode  # noqa: TC001  read from the fields at run time
from starlode.star import Aggregate, Deletes, FactKind, FiscalName, Grain, Labels, Late, OnConflict
from starlode.stores.bucket import Encryption  # noqa: TC001
from starlode.table import Encoding, Every  # noqa: TC001

PROJECT_FILE = "starlode.yml"

Columns = tuple[Filled, ...]
CheckSeverity = Literal["failure", "warning"]


def _doc(doc: str, key: str = "") -> dict[str, Any]:
    return {"doc": doc, "key": key} if key else {"doc": doc}


def _default(text: str) -> Filled:
    return Filled(Word(text, Place(PROJECT_FILE)))


@dataclass(frozen=True, kw_only=True)
class LayoutDeclaration(Declared):
    """How the rows of a table lie in the warehouse."""

    partition: Filled | None = field(
        default=None, metadata=_doc("The column of days or moments by which the table is divided (BigQuery).")
    )
    every: Every = field(default="day", metadata=_doc("The span of each part."))
    cluster: Columns = field(
        default=(), metadata=_doc("The columns by which rows lie together (BigQuery, at most four; Snowflake).")
    )
    sort: Columns = field(default=(), metadata=_doc("The columns of the sort key (Redshift)."))
    distribute: Filled | None = field(
        default=None,
        metadata=_doc("The column by which rows are spread over nodes, or all or even (Redshift; else as it likes)."),
    )
    encode: Mapping[Filled, Encoding] = field(
        default_factory=dict, metadata=_doc("For each column how it is compressed (Redshift; else as it likes).")
    )


_LAYOUT = "How its table lies, in words of which each warehouse knows some; those that it does not know are told."


@dataclass(frozen=True, kw_only=True)
class StreamDeclaration(Declared):
    """What every stream can say, beside the settings of its kind of source."""

    key: Columns = field(
        default=(), metadata=_doc("The column or columns that tell rows apart; newer rows replace older.")
    )
    since: Filled | None = field(default=None, metadata=_doc("The column that grows with every change."))
    mode: Mode | None = field(
        default=None,
        metadata=_doc("Whether a run reads what is new, or everything again; databases need `since` for the first."),
    )
    contract: Contract = field(
        default="evolve", metadata=_doc("What to do with new columns: take them, refuse them, or leave them out.")
    )
    types: Mapping[Filled, Filled] = field(
        default_factory=dict, metadata=_doc("Types of columns that are not to be inferred, such as decimal(10,2).")
    )
    max_rejects: Count = field(default=Count(0), metadata=_doc("How many rows a run may reject and still end well."))
    may_shrink: bool = field(default=False, metadata=_doc("Whether a full read may replace many rows by few."))
    layout: LayoutDeclaration | None = field(default=None, metadata=_doc(_LAYOUT))


@dataclass(frozen=True, kw_only=True)
class NamesDeclaration(Declared):
    """Names that take the place of those of the language."""

    months: tuple[Filled, ...] = field(default=(), metadata=_doc("The twelve months, from January."))
    days: tuple[Filled, ...] = field(default=(), metadata=_doc("The seven days of the week, from Monday."))
    parts_of_day: tuple[Filled, ...] = field(
        default=(), metadata=_doc("Night, morning, afternoon and evening; each has six hours, from midnight.")
    )


@dataclass(frozen=True, kw_only=True)
class CalendarDeclaration(Declared):
    """A dimension of days, hours or minutes, or of the times of a day."""

    told_by: ClassVar[str] = "calendar"

    calendar: Filled = field(
        metadata=_doc("The first and the last year, such as 2015..2035, or time_of_day for the times of a day.")
    )
    grain: Grain | None = field(
        default=None,
        metadata=_doc(
            "What a member is: day (default), hour or minute; of a time_of_day hour, minute (default) or second."
        ),
    )
    fiscal_year_starts: Filled | None = field(
        default=None,
        metadata=_doc("The month in which the fiscal year begins, as april or 4; adds its year, quarter and month."),
    )
    fiscal_year_named_by: FiscalName | None = field(
        default=None,
        metadata=_doc("Whether a fiscal year has the number of the year in which it ends (default), or starts."),
    )
    holidays: Filled | None = field(
        default=None, metadata=_doc("A CSV or YAML file of dates and names; adds is_holiday and holiday.")
    )
    language: Language = field(
        default="en", metadata=_doc("The language of month names, day names and parts of the day.")
    )
    names: NamesDeclaration | None = field(default=None, metadata=_doc("Names of your own, instead of the language's."))


@dataclass(frozen=True, kw_only=True)
class JunkDeclaration(Declared):
    """A dimension of the combinations of a few columns, which facts bring."""

    told_by: ClassVar[str] = "junk"

    junk: Columns = field(metadata=_doc("The columns whose combinations, NULL included, are the members."))


@dataclass(frozen=True, kw_only=True)
class DimensionDeclaration(Declared):
    """A dimension made from a stream or a SELECT."""

    told_by: ClassVar[str] = "from"

    from_: Filled = field(metadata=_doc("A stream as source.stream, or a file that holds a SELECT.", "from"))
    key: Columns = field(metadata=_doc("The column or columns that name a member."))
    history: Columns = field(
        default=(), metadata=_doc("Columns whose changes make a new version; others are overwritten.")
    )
    fixed: Columns = field(default=(), metadata=_doc("Columns that keep the first value that they had."))
    previous: Columns = field(
        default=(),
        metadata=_doc("Columns whose last other value is kept beside the present one, in `previous_<column>`."),
    )
    at: Filled | None = field(
        default=None, metadata=_doc("The column that says when a row became true; else the time of loading.")
    )
    durable: bool = field(
        default=False,
        metadata=_doc(
            "Whether members have a key of their own beside those of their versions, and a view shows the current."
        ),
    )
    on_conflict: OnConflict | None = field(
        default=None,
        metadata=_doc(
            "What becomes of rows that disagree about a member: which is kept, or an error, or their rejection."
        ),
    )
    deletes: Deletes = field(
        default="ignore",
        metadata=_doc(
            "What becomes of a member whose key leaves its stream: its last version ends, it is marked, or nothing."
        ),
    )
    dims: Mapping[Filled, Columns | Mapping[Name, Columns]] = field(
        default_factory=dict,
        metadata=_doc(
            "For each dimension that it refers to the column or columns that hold its key, or those of each role."
        ),
    )
    layout: LayoutDeclaration | None = field(default=None, metadata=_doc(_LAYOUT))


@dataclass(frozen=True, kw_only=True)
class FactDeclaration(Declared):
    """A fact made from a stream or a SELECT."""

    from_: Filled = field(metadata=_doc("A stream as source.stream, or a file that holds a SELECT.", "from"))
    grain: Columns = field(metadata=_doc("The column or columns of which each row has its own value."))
    at: Filled | None = field(default=None, metadata=_doc("The column as of whose moment dimensions are looked up."))
    dims: Mapping[Filled, Columns | Mapping[Name, Columns]] = field(
        default_factory=dict,
        metadata=_doc("For each dimension the column or columns that hold its key, or those of each role."),
    )
    measures: Mapping[Filled, Aggregate] | Columns = field(
        default_factory=dict, metadata=_doc("For each measure how it adds up; a list means sum.")
    )
    kind: FactKind = field(
        default="transaction",
        metadata=_doc(
            "Whether a row is an event, an event that only counts, a case that goes through stages, or the last state of a day."
        ),
    )
    milestones: Columns = field(
        default=(), metadata=_doc("The columns of a lifecycle that say when each stage was reached, in their order.")
    )
    late: Late = field(
        default="infer",
        metadata=_doc(
            "What a fact gets whose dimension has not come: a new member, the unknown one (-1), the one not yet arrived (-3) "
            "until it comes, or an error."
        ),
    )
    not_applicable: Columns = field(
        default=(),
        metadata=_doc(
            "Columns of `dims` whose NULL says that the dimension does not apply (-2), and not that it is unknown."
        ),
    )
    may_lose: bool = field(
        default=False, metadata=_doc("Whether joins of the SELECT may lose rows of its first stream.")
    )
    may_multiply: bool = field(
        default=False, metadata=_doc("Whether joins of the SELECT may double rows of its first stream.")
    )
    layout: LayoutDeclaration | None = field(default=None, metadata=_doc(_LAYOUT))


@dataclass(frozen=True, kw_only=True)
class LabelsDeclaration(Declared):
    """What the members of a dimension that stand for no row say in their texts."""

    unknown: Filled = field(
        default=_default(Labels.unknown), metadata=_doc("The text of the member for facts that name nobody (-1).")
    )
    not_applicable: Filled = field(
        default=_default(Labels.not_applicable), metadata=_doc("The text of the member for what does not apply (-2).")
    )
    not_yet_arrived: Filled = field(
        default=_default(Labels.not_yet_arrived),
        metadata=_doc(
            "The text of the member for what has not come (-3), and of members that are inferred from facts."
        ),
    )


@dataclass(frozen=True, kw_only=True)
class BridgeDeclaration(Declared):
    """What members of one dimension have several of, each with its share."""

    from_: Filled = field(metadata=_doc("A stream as source.stream, or a file that holds a SELECT.", "from"))
    of: Mapping[Filled, Columns | Mapping[Name, Columns]] = field(
        metadata=_doc("The dimension whose members have several, with the columns that hold its key, or with its role.")
    )
    to: Mapping[Filled, Columns | Mapping[Name, Columns]] = field(
        metadata=_doc("The dimension of which they have several, with the columns that hold its key, or with its role.")
    )
    weight: Filled | None = field(
        default=None,
        metadata=_doc("The column that holds the shares, 1 together for each member; else they are equal."),
    )
    late: Late = field(
        default="infer", metadata=_doc("What a row gets whose dimension has not come; the same as for a fact.")
    )
    may_lose: bool = field(
        default=False, metadata=_doc("Whether joins of the SELECT may lose rows of its first stream.")
    )
    may_multiply: bool = field(
        default=False, metadata=_doc("Whether joins of the SELECT may double rows of its first stream.")
    )


@dataclass(frozen=True, kw_only=True)
class CheckDeclaration(Declared):
    """What every check can say."""

    severity: CheckSeverity = field(default="failure", metadata=_doc("Whether the run fails or only warns."))


@dataclass(frozen=True, kw_only=True)
class TableCheckDeclaration(CheckDeclaration):
    """What every check of a table can say."""

    table: Filled = field(metadata=_doc("The table: dim_<name>, fact_<name> or source.stream."))


@dataclass(frozen=True, kw_only=True)
class NotNull(TableCheckDeclaration):
    """No row lacks a value."""

    told_by: ClassVar[str] = "not_null"

    not_null: Columns = field(metadata=_doc("The columns that must have a value."))


@dataclass(frozen=True, kw_only=True)
class Unique(TableCheckDeclaration):
    """No two rows are alike in these columns together."""

    told_by: ClassVar[str] = "unique"

    unique: Columns = field(metadata=_doc("The columns that together differ in each row."))


@dataclass(frozen=True, kw_only=True)
class Accepted(TableCheckDeclaration):
    """Columns hold no other values."""

    told_by: ClassVar[str] = "accepted"

    accepted: Mapping[Filled, tuple[str, ...]] = field(metadata=_doc("For each column the values it may hold."))


@dataclass(frozen=True, kw_only=True)
class Range(TableCheckDeclaration):
    """Values lie between two bounds, which are included."""

    told_by: ClassVar[str] = "range"

    range: Mapping[Filled, Filled] = field(metadata=_doc("For each column its bounds: 0..100, 0.. or ..100."))


@dataclass(frozen=True, kw_only=True)
class NoRows(CheckDeclaration):
    """A SELECT finds nothing."""

    told_by: ClassVar[str] = "no_rows"

    no_rows: Filled = field(metadata=_doc("A file that holds a SELECT which must return no row."))


@cache
def source_shape(kind: str) -> type[Declared]:
    """A source of one kind: its own settings, and streams that mix its settings with those of every stream."""
    source = registry.member("sources", kind)
    reads = settings(source.stream_settings)
    stream: Any = compose(
        f"{kind}_stream",
        (*reads.values(), *settings(StreamDeclaration).values()),
        shorthand=next((word for word in (kind, getattr(source, "SHORTHAND", "")) if word in reads), ""),
    )
    is_needed = not any(of.name == "tables" for of in fields(source))
    default: Any = BROKEN if is_needed else {}
    streams = Setting("streams", "streams", Mapping[Name, stream | None], "What to read, by name.", is_needed, default)
    return compose(f"{kind}_source", (*settings(source).values(), streams), told_by=registry.telling(kind))


@cache
def export_shape(exporter: str) -> type[Declared]:
    """The settings of one exporter; a text alone says where to write."""
    return compose(f"{exporter}_export", settings(registry.member("exporters", exporter)).values(), shorthand="to")


def _sources() -> Any:
    kinds: Any = source_shape(registry.names("sources")[0])
    for kind in registry.names("sources")[1:]:
        kinds |= source_shape(kind)
    return Mapping[Name, kinds | None]


def _export_list(exporter: str) -> Any:
    shape: Any = export_shape(exporter)
    return tuple[shape, ...]


def _exports() -> Any:
    each = (
        Setting(
            name, name, Lazy(partial(_export_list, name)), f"Files of the star, made by the exporter {name}.", False, ()
        )
        for name in registry.names("exporters")
    )
    return compose("exports", each)


@dataclass(frozen=True, kw_only=True)
class LandingDeclaration(Declared):
    """Where landed files are kept, and how a bucket encrypts them."""

    to: Filled = field(metadata=_doc("A folder, or a bucket and a prefix in it: s3://, gs:// or az://bucket/prefix."))
    encryption: Encryption | None = field(
        default=None,
        metadata=_doc("How S3 encrypts what is landed: with keys of its own, or of its KMS; else as the bucket says."),
    )
    kms_key: Filled | None = field(
        default=None, metadata=_doc("The KMS key as id, ARN or alias/name; else the account's own for S3.")
    )


@dataclass(frozen=True, kw_only=True)
class ProjectDeclaration(Declared):
    """A whole project file."""

    name: Name = field(default=Name(_default("")), metadata=_doc("The project's name.") | {"required": True})
    landing: Filled | LandingDeclaration = field(
        default=_default("./landing"),
        metadata=_doc(
            "The folder for landed Parquet files, or s3://bucket/prefix; a mapping says how they are encrypted."
        ),
    )
    target: Filled = field(
        default=_default("duckdb:warehouse.duckdb"),
        metadata=_doc(
            "The warehouse to load: duckdb:<file>, with settings behind it (?memory=4GB&threads=8), or a postgresql:// URL."
        ),
    )
    build: Filled = field(
        default=_default("target"),
        metadata=_doc(
            "Where the star is built: in the `target` itself, or by an embedded `duckdb` that loads the finished star there; "
            "duckdb:<file>, with settings behind it (?memory=4GB&spill=/fast), says where its file lies."
        ),
    )
    sources: Mapping[Name, Any] = field(
        default_factory=dict, metadata=_doc("Where to read from, by name.") | {"expects": _sources}
    )
    dimensions: Mapping[Name, DimensionDeclaration | CalendarDeclaration | JunkDeclaration | None] = field(
        default_factory=dict, metadata=_doc("The things that facts speak of, by name.")
    )
    facts: Mapping[Name, FactDeclaration | None] = field(default_factory=dict, metadata=_doc("What happened, by name."))
    labels: LabelsDeclaration | None = field(
        default=None, metadata=_doc("What reserved and inferred members of every dimension say in their texts.")
    )
    bridges: Mapping[Name, BridgeDeclaration | None] = field(
        default_factory=dict, metadata=_doc("What members of a dimension have several of, by name.")
    )
    checks: Mapping[Name, NotNull | Unique | Accepted | Range | NoRows | None] = field(
        default_factory=dict, metadata=_doc("Claims about tables that must hold, by name.")
    )
    exports: Any = field(
        default=None, metadata=_doc("Files to make from the star, by exporter.") | {"expects": _exports}
    )
