"""What is known of a row of the star, as tables for people: its values are shown, because they are what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dimension import IS_CURRENT, VALID_FROM, VALID_TO
from starlode.terminal.answers import cell
from starlode.terminal.speech import out, paint, safe
from starlode.terminal.tables import table
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from starlode.tracing.told import Pointing, SourceRow, Told, Why, Written

SPAN = (VALID_FROM, VALID_TO, IS_CURRENT)


def tell(found: Why) -> None:
    """Say what is known of a row, or of a member version by version."""
    named = ", ".join(f"{name} = {cell(value)}" for name, value in found.named.items())
    out(paint(safe(f"{found.table}: {named}"), "bold"))
    for told in found.rows:
        _tell_row(told, is_version=len(found.rows) > 1 or VALID_FROM in told.values)
    if found.pointings:
        _section("it points to", _pointings(found.pointings))
    if found.untold:
        _section("not told", table(("stream", "why"), [(one.stream, one.why) for one in found.untold]))
    if found.conflicts:
        header = ("columns", "rows", "rule", "run", "found (UTC)")
        rows = [(c.columns, f"{c.rows:,}", c.rule, c.run_id, _moment(c.at)) for c in found.conflicts]
        _section("rows that disagreed", table(header, rows, right={"rows"}))
    if found.remarks:
        out("")
    for remark in found.remarks:
        out(f"{paint('note', 'cyan')}  {safe(remark)}")


def _tell_row(told: Told, *, is_version: bool) -> None:
    values = {name: value for name, value in told.values.items() if not is_version or name not in SPAN}
    title = "the row"
    if is_version and VALID_FROM in told.values:
        span = f"{cell(told.values[VALID_FROM])} to {cell(told.values[VALID_TO])}"
        title = f"valid from {span}" + (", current" if told.values[IS_CURRENT] else "")
    _section(title, table(("column", "value"), [(name, cell(value)) for name, value in values.items()]))
    out("")
    out(f"written by {_by(told.written)}" if told.written else "the ledger does not know the load that wrote it")
    if told.sources:
        more = " and more" if told.is_cut else ""
        _section(f"made from {counted(len(told.sources), 'source row')}{more}", _sources(told.sources))


def _by(written: Written) -> str:
    because = f", because: {written.because}" if written.because else ""
    what = f"load {written.load_key} ({written.verb} {written.object}{because})"
    return safe(f"{what} of run {written.run_id} at {_moment(written.at)} UTC")


def _sources(sources: Sequence[SourceRow]) -> str:
    has_files = any(source.file for source in sources)
    header = (
        "stream",
        "as",
        *(("file", "row") if has_files else ()),
        "key",
        "extraction",
        "landed in",
        "load",
        "loaded (UTC)",
    )
    rows = [_source(source, has_files=has_files) for source in sources]
    return table(header, rows, right={"row", "extraction", "load"})


def _source(source: SourceRow, *, has_files: bool) -> tuple[str, ...]:
    place = (source.file or "", f"{source.row:,}" if source.row is not None else "") if has_files else ()
    key = ", ".join(f"{name} = {value}" for name, value in source.key.items())
    loaded = (str(source.loaded.load_key), _moment(source.loaded.at))
    return (source.stream, source.alias, *place, key, str(source.extraction), _landed(source), *loaded)


def _landed(source: SourceRow) -> str:
    match source.landed:
        case ():
            return "gone from the landing"
        case (one,):
            return one
    return f"one of {len(source.landed)} files in {source.landed[0].rpartition('/')[0]}"


def _pointings(pointings: Sequence[Pointing]) -> str:
    spans = any(one.valid_from for one in pointings)
    header = ("key", "dimension", "value", *(("valid from", "valid to") if spans else ()), "why", "written by")
    rows = [_pointing(one, spans=spans) for one in pointings]
    return table(header, rows, right={"value"})


def _pointing(one: Pointing, *, spans: bool) -> tuple[str, ...]:
    span = tuple(cell(at) if at else "" for at in (one.valid_from, one.valid_to)) if spans else ()
    load = f"load {one.written.load_key}, {_moment(one.written.at)}" if one.written else ""
    return (one.column, one.dimension, str(one.key), *span, one.because, load)


def _section(title: str, text: str) -> None:
    out("")
    out(title)
    out(text)


def _moment(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="seconds")
