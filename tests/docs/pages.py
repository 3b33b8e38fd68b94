"""The pages that people read, taken apart: fenced blocks with the file that each one is, generated parts, headings, links.

A block whose line above is nothing but a file's name in backticks is that file, so a reader and a test see the same
project.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
# The bench writes it.
MEASURED = ROOT / "docs" / "benchmarks.md"
ALL_PAGES = (*PAGES, *(ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")))

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`([\w./-]+)`:?")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, where the text lies in the page, and the file that it is, if it is one."""

    language: str
    text: str
    start: int
    line: int
    file: str = ""


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page in their order."""
    text = page.read_text("utf-8")
    return [_block(text, found) for found in _FENCE.finditer(text)]


def anchors(page: Path) -> set[str]:
    """The places of a page that a link can name."""
    plain = _FENCE.sub("", page.read_text("utf-8"))
    return {_anchor(heading) for heading in _HEADING.findall(plain)}


def links(page: Path) -> list[str]:
    """Where the links of a page lead."""
    return _LINK.findall(_FENCE.sub("", page.read_text("utf-8")))


def _block(text: str, found: re.Match[str]) -> Block:
    before = text[: found.start()].rstrip("\n").rpartition("\n")[2]
    named = _FILE.fullmatch(before)
    start = found.start("text")
    return Block(found["language"], found["text"], start, text.count("\n", 0, start) + 1, named[1] if named else "")


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
