"""Does what a page tells a reader to do, in an empty folder, and compares what happens with what the page shows.

Files are laid, commands are run by a shell, Python runs in one namespace, SELECTs ask the page's project. A line `…` in
what is shown stands for lines that the page leaves out, and `…` within a line for words. Whatever differs from run to
run is made equal first: see `plain`.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import starlode
from starlode.cli import main
from starlode.terminal.answers import shown as as_table
from tests.cli.shell import environment
from tests.docs.pages import ROOT, Block, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = "/home/you"
LEFT_OUT = "…"
# With one of them a command needs a shell.
OPERATORS = set("<>|&;()")
# They set up a clone, and a test that sets up the clone that it runs in would go on for ever.
NOT_RUN = ("make test", "pip install .", "pip install '.[postgres]'", "pip install '.[s3]'")

_RUN_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")
_MOMENT_OF_A_RUN = re.compile(r"((?:RUN|began) +)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_TIME = re.compile(r"\b\d+(?:\.\d+)? (?:ms|s|min \d\d s)\b")
_SIZE = re.compile(r"\b\d+(?:\.\d+)? (?:B|kB|MB|GB)\b")
_PROCESS = re.compile(r"process \d+")
# A terminal draws these as bars, which are gone when the command ends.
_PROGRESS = re.compile(r"^\[ *\d+/\d+\] .*\n?", re.MULTILINE)
_SPACES = re.compile(r" {2,}|─+")


@dataclass(frozen=True)
class Told:
    """What a page shows and what was found, with the place of what is shown in the page."""

    line: int
    start: int
    shown: str
    found: str

    @property
    def is_true(self) -> bool:
        parts = re.split(rf"^{LEFT_OUT}\n", self.shown, flags=re.MULTILINE)
        parts = [re.escape(plain(part)).replace(LEFT_OUT, ".*") for part in parts]
        return re.fullmatch(r"(?:.*\n)*?".join(parts), plain(self.found)) is not None


@dataclass
class Reader:
    """Somebody who follows a page: the folder they are in, how their last command ended, the names they have in Python."""

    home: Path
    folder: Path
    last: int = 0
    names: dict[str, Any] = field(default_factory=dict)

    def follow(self, page: Path) -> Iterator[Told]:
        """Everything that the page shows beside what it comes to."""
        said: str | None = None
        for block in blocks(page):
            if block.file:
                self._lay(block)
            elif block.language == "console":
                yield from self._type(block)
            elif block.language == "text" and said is not None:
                yield Told(block.line, block.start, block.text, said)
            said = self._say(block)

    def _lay(self, block: Block) -> None:
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, "utf-8")

    def _type(self, block: Block) -> Iterator[Told]:
        for command, line, start, shown in _commands(block):
            if command not in NOT_RUN:
                yield Told(line, start, shown, self._run(command))

    def _run(self, command: str) -> str:
        """What is said to a command, on stdout and stderr as they come."""
        command = recipe(command.removeprefix("make ")) if command.startswith("make ") else command
        words = list(shlex.shlex(command, posix=True, punctuation_chars=True))
        is_ours = words[0] == "starlode" and not any(set(word) <= OPERATORS for word in words if word)
        said = self._call(shlex.split(command)[1:]) if is_ours else self._shell(command)
        return _PROGRESS.sub("", said).replace(str(self.home), HOME).lstrip("\n")

    def _call(self, words: list[str]) -> str:
        """The command line inside this process, which saves most of the time that a page takes."""
        said = io.StringIO()
        with chdir(self.folder), redirect_stdout(said), redirect_stderr(said):
            self.last = main(words)
        return said.getvalue()

    def _shell(self, command: str) -> str:
        place = self.home.parent / "place"
        script = f'(exit {self.last})\n{command}\ncode=$?\npwd > "{place}"\nexit $code\n'
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=environment({"PATH": path}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        self.last, self.folder = ended.returncode, Path(place.read_text("utf-8").strip())
        return ended.stdout

    def _say(self, block: Block) -> str | None:
        """What a block of Python prints or a SELECT answers, for a block of text behind it to show."""
        if block.file or block.language not in ("python", "sql"):
            return None
        if block.language == "sql":
            return as_table(starlode.query(starlode.read(self.folder), block.text)) + "\n"
        printed = io.StringIO()
        with chdir(self.folder), redirect_stdout(printed):
            exec(compile(block.text, f"line {block.line}", "exec"), self.names)  # noqa: S102
        return printed.getvalue().replace(str(self.home), HOME)


def follow(page: Path, folder: Path) -> list[Told]:
    """Follow a page from an empty home."""
    home = folder / "you"
    home.mkdir()
    return list(Reader(home, home).follow(page))


def plain(text: str) -> str:
    """The text without what differs from run to run: names and moments of runs, times, sizes, processes, widths."""
    text = _MOMENT_OF_A_RUN.sub(r"\1MOMENT", _RUN_ID.sub("RUN", text))
    text = _PROCESS.sub("process N", _SIZE.sub("SIZE", _TIME.sub("TIME", text)))
    lines = (_SPACES.sub("  ", line).strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines)


def rewrite(page: Path, told: list[Told]) -> None:
    """Let the page show what was found, where it leaves nothing out."""
    text = page.read_text("utf-8")
    for one in reversed(told):
        if not one.is_true and LEFT_OUT not in one.shown:
            found = "".join(f"{line.rstrip()}\n" for line in one.found.splitlines())
            text = text[: one.start] + found + text[one.start + len(one.shown) :]
    page.write_text(text, "utf-8")


def recipe(target: str) -> str:
    """What `make` runs for a target, with the command as an installed one."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    found = re.search(rf"^{target}:.*\n\t@\$\(VENV\)/bin/(.+)$", makefile, re.MULTILINE)
    if found is None:
        raise ValueError(f"the Makefile has no target `{target}` that runs a command of .venv")
    return found[1]


def _commands(block: Block) -> Iterator[tuple[str, int, int, str]]:
    """The commands of a block with what is shown below each, and where that stands."""
    for part in re.finditer(r"^\$ (.*\n(?:> .*\n)*)((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
        command = re.sub(r"^> ", "", part[1].rstrip("\n"), flags=re.MULTILINE)
        yield command, block.line + block.text.count("\n", 0, part.start(2)), block.start + part.start(2), part[2]
