"""README and docs hold what they say: every block runs or is checked, every generated part is what the code prints now.

`STARLODE_WRITE_GOLDEN=1` lets the pages show what was found; read the difference like code.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
import yaml
from jsonschema import Draft202012Validator

import starlode
from starlode.arguments import make_parser
from starlode.cli import main
from starlode.schema import json_schema
from starlode.sql.ledger import TABLES
from tests.cli.shell import LEFT_OUT as SPOKEN
from tests.docs import generated
from tests.docs.pages import ALL_PAGES, MEASURED, PAGES, ROOT, anchors, blocks, links
from tests.docs.playing import LEFT_OUT, NOT_RUN, follow, rewrite

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.table import Table

WRITES = os.environ.get("STARLODE_WRITE_GOLDEN") == "1"
PLAYED = [page for page in PAGES if page != MEASURED]
DOCS = ROOT / "docs"
CHECKED = {"console", "python", "sql", "yaml", "csv", "json", "text", "sh"}
REGISTRIES = re.compile(r"pypi|\bpip install starlode|npmjs|crates\.io|conda", re.IGNORECASE)
SYNONYMS = re.compile(
    r"\b(?:ingest|materiali[sz]e|synchroni[sz]e|sync|process(?:es|ing)? (?:the )?(?:rows|data|files))"
)


def _name(page: Path) -> str:
    return page.name


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SPOKEN:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("page", PLAYED, ids=_name)
def test_following_a_page_shows_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    told = follow(page, tmp_path)
    if WRITES:
        rewrite(page, told)
        told = [one for one in told if LEFT_OUT in one.shown]

    assert [(one.line, one.shown, one.found) for one in told if not one.is_true] == []


@pytest.mark.parametrize(
    ("shown", "is_true"),
    [
        ("one\ntwo\nthree\n", True),
        ("one\n…\n", True),
        ("…\nthree\n", True),
        ("one\nt…o\nthree\n", True),
        ("", False),
        ("…\ntwo\n", False),
        ("one\nthree\n", False),
        ("one\ntwo\nthree\nfour\n", False),
    ],
)
def test_a_page_that_shows_something_else_is_found_out(shown: str, is_true: bool, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```console\n$ printf 'one\\ntwo\\nthree\\n'\n{shown}```\n", "utf-8")

    told = follow(page, tmp_path)

    assert [one.is_true for one in told] == [is_true]


def test_what_differs_from_run_to_run_is_no_difference(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    said = "run 20261121T042847-0cbb8fc6, 318 ms, at most 1.5 GB, process 77 in $HOME"
    page.write_text(
        f"```console\n$ HOME=$PWD; echo {said}\n"
        "run 20200101T000000-00000000, 2.0 s, at most 154 MB, process 1 in /home/you\n```\n",
        "utf-8",
    )

    told = follow(page, tmp_path)

    assert [one.is_true for one in told] == [True]


def test_what_is_not_run_is_what_a_clone_can_do() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)

    assert {f"make {target}" for target in targets} & set(NOT_RUN) == {"make test"}
    assert (ROOT / "pyproject.toml").exists()


@pytest.mark.parametrize("page", PLAYED, ids=_name)
def test_every_block_is_of_a_kind_that_is_checked(page: Path) -> None:
    unknown = [(block.line, block.language) for block in blocks(page) if block.language not in CHECKED]
    adrift = [block.line for block in blocks(page) if block.language == "csv" and not block.file]

    assert unknown == []
    assert adrift == [], "a csv block is a file, and its name stands above it"


@pytest.mark.parametrize("page", PLAYED, ids=_name)
def test_yaml_blocks_are_projects_or_parts_of_one(page: Path) -> None:
    validator = Draft202012Validator(json_schema())
    told = [yaml.safe_load(block.text) for block in blocks(page) if block.language == "yaml"]

    wrong = [error.message for part in told for error in validator.iter_errors({"name": "part", **part})]

    assert wrong == []


@pytest.mark.parametrize("page", PLAYED, ids=_name)
def test_json_blocks_are_json(page: Path) -> None:
    texts = [block.text for block in blocks(page) if block.language == "json"]

    held = [json.loads(line) for text in texts for line in text.splitlines() if line.startswith("{")]

    assert len(held) >= len(texts)


@pytest.mark.parametrize("page", PLAYED, ids=_name)
def test_generated_parts_are_what_the_code_prints(page: Path) -> None:
    fresh = generated.refreshed(page)
    if WRITES:
        page.write_text(fresh, "utf-8")

    assert page.read_text("utf-8") == fresh


def test_every_generated_part_stands_in_a_page() -> None:
    found = [name for page in PLAYED for name in generated.names(page)]

    assert set(found) == set(generated.PARTS)


@pytest.mark.parametrize("page", ALL_PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    inner = [link for link in links(page) if "://" not in link]

    lost = [link for link in inner if not _leads_somewhere(page, link)]

    assert lost == []


@pytest.mark.parametrize("page", ALL_PAGES, ids=_name)
def test_pages_use_the_words_of_the_tool_and_name_no_registry(page: Path) -> None:
    text = page.read_text("utf-8")

    assert REGISTRIES.findall(text) == []
    assert SYNONYMS.findall(text) == []


def test_the_readme_leads_to_every_page() -> None:
    named = {link.partition("#")[0] for link in links(ROOT / "README.md")}

    assert {f"docs/{page.name}" for page in PLAYED if page.parent == DOCS} <= named


def test_every_command_has_its_section() -> None:
    commands = next(action.choices for action in make_parser()._actions if action.dest == "command")

    assert commands is not None
    assert {f"starlode-{name}" for name in commands} <= anchors(DOCS / "commands.md")


def test_every_public_name_is_shown_in_python() -> None:
    shown = "".join(block.text for block in blocks(DOCS / "python.md") if block.language == "python")

    missing = [name for name in starlode.__all__ if not re.search(rf"\bstarlode\.{name}\b", shown)]

    assert missing == []


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_the_page_on_the_ledger_names_each_column(table: Table) -> None:
    page = (DOCS / "ledger.md").read_text("utf-8")
    section = page.partition(f"\n### `{table}`\n")[2].partition("\n#")[0]

    told = re.findall(r"^\| `(\w+)` \| (\S+) \|", section, re.MULTILINE)

    assert told == [(column.name, str(column.type)) for column in table.columns]


def test_the_picture_of_the_example_is_the_one_that_the_demo_draws(tmp_path: Path) -> None:
    picture = DOCS / "images" / "music.svg"

    main(["demo", "--to", str(tmp_path / "music")])
    drawn = (tmp_path / "music" / "out" / "star.svg").read_text("utf-8")
    if WRITES:
        picture.write_text(drawn, "utf-8")

    assert picture.read_text("utf-8") == drawn


def _leads_somewhere(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not anchor or anchor in anchors(target))
