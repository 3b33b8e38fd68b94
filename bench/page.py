"""Shows measured tables: on a terminal, and as the page of the documentation with the machine in words and no paths."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from timing import Table

HEAD = ("", "wall, median (min–max)", "CPU", "peak memory", "rows/s", "× first row")

METHOD = Path(__file__).with_name("method.md")


def shown(table: Table) -> str:
    """A table for a terminal."""
    lines = [HEAD, *_lines(table)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
    rows = (
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
    return "\n".join([table.title, *rows, *_verified(table)])


def page(tables: Sequence[Table], versions: Mapping[str, str], rounds: int, *, load: str, peer: str) -> str:
    """The page of the documentation."""
    used = ", ".join(f"{name} {number}" for name, number in versions.items())
    parts = [
        "# Benchmarks",
        "`make bench` makes this page anew. Walls depend on the machine and on what else it does: read the ratios.",
        f"Measured on {machine()}, with {used}.",
        "## How",
        METHOD.read_text(encoding="utf-8").strip().format(rounds=rounds),
        *(_section(table) for table in tables),
        *_against(peer, load, tables),
    ]
    return "\n\n".join(parts) + "\n"


def machine() -> str:
    """This machine in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, {platform.system()}"


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    text = about.read_text(encoding="utf-8") if about.exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _section(table: Table) -> str:
    cells = [HEAD, ("---", *["---:"] * (len(HEAD) - 1)), *_lines(table)]
    rows = "\n".join("| " + " | ".join(line) + " |" for line in cells)
    return "\n\n".join([f"## {table.title}", rows, *_verified(table)])


def _lines(table: Table) -> Iterator[tuple[str, ...]]:
    for row in table.rows:
        walls = [sample.wall for sample in row.samples]
        yield (
            row.name,
            f"{row.wall:.2f} s ({min(walls):.2f}–{max(walls):.2f})",
            f"{row.cpu:.2f} s",
            f"{row.peak / 2**20:,.0f} MiB",
            f"{row.pace:,.0f}" if row.read else "",
            f"{row.ratio(table.rows[0]):.2f}",
        )


def _verified(table: Table) -> list[str]:
    """What was verified, once for all rows that were asked the same."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for row in table.rows:
        if row.verified:
            rows.setdefault(row.verified, []).append(row.name)
    return [f"Verified for {', '.join(names)}: {'; '.join(claims)}." for claims, names in rows.items()]


def _against(peer: str, load: str, tables: Sequence[Table]) -> Iterator[str]:
    """Rows per second of our load and of the peer's, with the size that each was measured on."""
    theirs = next((row for table in tables if (row := table.row(peer))), None)
    if not theirs:
        return
    yield f"## The load part against {peer}"
    yield "\n".join(
        f"- {ours.read:,} events, measured on "
        + ("the same events" if table.row(peer) else f"{theirs.read:,} events for the peer")
        + f": {ours.pace:,.0f} rows/s against {theirs.pace:,.0f}, {ours.pace / theirs.pace:.1f} times"
        for table in tables
        if (ours := table.row(load))
    )
