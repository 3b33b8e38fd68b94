"""Shows measured tables: on a terminal, and as parts of a page of the documentation, with the machine in words and no paths.

A page has a part for each bench, between `<!-- measured: NAME -->` and `<!-- end -->`; what stands outside is written by hand.
"""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from timing import Table

HEAD = ("", "wall, median (min–max)", "CPU", "peak memory", "rows/s", "× first row")


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
    return "\n".join([table.title, *rows, *_verified(table), *_left_out(table)])


def section(tables: Sequence[Table], versions: Mapping[str, str], method: str, closing: Sequence[str] = ()) -> str:
    """A bench's part of the page: what was measured on what, how, and the tables."""
    used = ", ".join(f"{name} {number}" for name, number in versions.items())
    parts = [f"Measured on {machine()}, with {used}.", method.strip(), *(_shown_on_page(table) for table in tables)]
    return "\n\n".join([*parts, *closing])


def write(page: Path, name: str, text: str) -> None:
    """Put a bench's part into its place in a page, and leave everything else as it is."""
    held = page.read_text(encoding="utf-8")
    place = re.compile(rf"(?s)(<!-- measured: {re.escape(name)} -->\n).*?(<!-- end -->)")
    fresh, found = place.subn(lambda marks: f"{marks[1]}\n{text}\n\n{marks[2]}", held)
    if found != 1:
        raise SystemExit(f"{page.name} needs one place `<!-- measured: {name} -->` … `<!-- end -->`, and has {found}")
    page.write_text(fresh, encoding="utf-8")


def machine() -> str:
    """This machine in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, {platform.system()}"


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    text = about.read_text(encoding="utf-8") if about.exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _shown_on_page(table: Table) -> str:
    cells = [HEAD, ("---", *["---:"] * (len(HEAD) - 1)), *_lines(table)]
    rows = "\n".join("| " + " | ".join(line) + " |" for line in cells)
    return "\n\n".join([f"### {table.title}", rows, *_verified(table), *_left_out(table)])


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


def _left_out(table: Table) -> list[str]:
    return [f"Left out, because it did not run here to a right result: {name}." for name in table.left_out]


def against(peer: str, load: str, tables: Sequence[Table]) -> Iterator[str]:
    """Rows per second of our load and of the peer's, with the size that each was measured on."""
    theirs = next((row for table in tables if (row := table.row(peer))), None)
    if not theirs:
        return
    yield f"### The load part against {peer}"
    yield "\n".join(
        f"- {ours.read:,} events, measured on "
        + ("the same events" if table.row(peer) else f"{theirs.read:,} events for the peer")
        + f": {ours.pace:,.0f} rows/s against {theirs.pace:,.0f}, {ours.pace / theirs.pace:.1f} times"
        for table in tables
        if (ours := table.row(load))
    )
