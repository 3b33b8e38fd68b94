"""The first minutes: a project that runs at once, and a demonstration that proves itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

import starlode
from tests.cli.shell import call
from tests.projects import write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

SMALL = ("--size", "400")


@pytest.fixture(scope="session")
def demo_that_ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A small demonstration, called once: its folder, and what it said."""
    folder = tmp_path_factory.mktemp("demo")
    answer = call("demo", *SMALL, folder=folder)
    assert answer.code == 0, answer.err
    return folder, answer.out, answer.err


def test_init_makes_a_project_that_runs_before_anything_is_changed(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "sales"

    made = cli("init", "sales", "--to", str(folder))
    ran = cli("run", "--project", str(folder))

    assert (made.code, ran.code) == (0, 0)
    assert starlode.read(folder).name == "sales"
    assert {path.name for path in folder.iterdir()} >= {".gitignore", ".env.example", "starlode.schema.json", "out"}
    assert "starlode run" in made.err


def test_init_names_the_files_it_wrote(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    people = cli("init", "sales")
    told = json.loads(cli("init", "more", "--json").out)

    assert people.out.splitlines()[-1] == "sales/starlode.yml"
    assert told["project"] == "more"
    assert told["files"] == [line.replace("sales/", "more/") for line in people.out.splitlines()]
    assert told["next"] == ["cd more", "starlode plan", "starlode run"]


def test_init_without_a_name_takes_the_folders(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "Bücher & Co 2025"
    folder.mkdir()
    monkeypatch.chdir(folder)

    answer = cli("init")

    assert answer.code == 0
    assert starlode.read(folder).name == "b_cher_co_2025"


def test_init_overwrites_nothing(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, {"starlode.yml": "name: mine\n", ".gitignore": "mine\n"})

    answer = cli("init", "shop", "--to", str(tmp_path))

    assert answer.code == 2
    assert answer.err.count("the file is there already") == 2
    assert {path.name for path in tmp_path.iterdir()} == {"starlode.yml", ".gitignore"}
    assert (tmp_path / "starlode.yml").read_text() == "name: mine\n"


def test_init_refuses_a_name_that_no_project_can_have(cli: Cli, tmp_path: Path) -> None:
    answer = cli("init", "My Sales", "--to", str(tmp_path / "x"))

    assert answer.code == 2
    assert "did you mean `my_sales`?" in answer.err
    assert not (tmp_path / "x").exists()


def test_the_template_has_the_line_for_editors_and_fits_the_schema_beside_it(new_shop: Path) -> None:
    declared = (new_shop / "starlode.yml").read_text("utf-8")
    schema = json.loads((new_shop / "starlode.schema.json").read_text("utf-8"))

    assert declared.splitlines()[0] == "# yaml-language-server: $schema=starlode.schema.json"
    assert schema == starlode.json_schema()
    jsonschema.validate(yaml.safe_load(declared), schema)


def test_what_a_run_makes_and_what_is_secret_is_ignored_by_git(shop: Path) -> None:
    ignored = (shop / ".gitignore").read_text("utf-8").split()

    assert {".env", "landing/", "out/", "warehouse.duckdb*"} <= set(ignored)


def test_the_template_keeps_the_history_it_shows(cli: Cli, shop: Path) -> None:
    sql = (
        "select c.city, sum(f.amount) from star.fact_sales as f join star.dim_customer as c using (customer_key) "
        "where c.customer_id = 'C004' group by c.city order by c.city"
    )

    told = json.loads(cli("query", sql, "--project", str(shop), "--json").out)

    assert told["rows"] == [["Graz", "96.00"], ["Wien", "78.00"]]


def test_demo_shows_the_run_answers_and_its_proof(demo_that_ran: tuple[Path, str, str]) -> None:
    folder, out, err = demo_that_ran
    truth = json.loads((folder / "music/.starlode/demo.json").read_text("utf-8"))["counted"]

    assert "How much does each level listen?" in out
    assert "rows in = rows out" in err
    assert f"proved: {truth['plays']:,} plays" in err
    assert "music/warehouse.duckdb" in err
    assert truth["events"] == 400


def test_a_second_demo_says_that_nothing_changed(demo_that_ran: tuple[Path, str, str]) -> None:
    folder, out, _ = demo_that_ran
    made = (folder / "music/.starlode/demo.json").stat().st_mtime_ns

    again = call("demo", folder=folder)

    assert again.code == 0
    assert again.err.startswith("nothing changed")
    assert again.out == out
    assert (folder / "music/.starlode/demo.json").stat().st_mtime_ns == made


def test_demo_as_json_is_one_document(demo_that_ran: tuple[Path, str, str]) -> None:
    folder, _, _ = demo_that_ran

    answer = call("demo", "--json", folder=folder)
    told = json.loads(answer.out)

    assert answer.err == ""
    assert {"schema_version", "folder", "truth", "runs", "answers"} == set(told)
    assert [run["status"] for run in told["runs"]] == ["unchanged"]
    assert {"question", "columns", "rows"} == set(told["answers"][0])


def test_demo_does_not_mix_two_sizes(demo_that_ran: tuple[Path, str, str]) -> None:
    folder, _, _ = demo_that_ran

    answer = call("demo", "--size", "500", folder=folder)

    assert answer.code == 2
    assert "another size: 400" in answer.err


def test_demo_leaves_another_project_alone(cli: Cli, shop: Path) -> None:
    answer = cli("demo", "--to", str(shop))

    assert answer.code == 2
    assert "the folder holds another project" in answer.err
    assert not (shop / "data/song_data").exists()


def test_demo_goes_on_after_it_was_stopped_while_making_data(tmp_path: Path) -> None:
    state = {"music/.starlode/demo.json": '{"day": 1, "size": 400}', "music/data/song_data/A/A/A/half.json": "{"}
    write(tmp_path, state)

    answer = call("demo", folder=tmp_path)

    assert answer.code == 0
    assert not (tmp_path / "music/data/song_data/A/A/A/half.json").exists()
    assert "proved: " in answer.err


def test_demo_clears_no_folder_that_it_did_not_fill(tmp_path: Path) -> None:
    write(tmp_path, {"music/data/mine.json": "{}"})

    answer = call("demo", folder=tmp_path)

    assert answer.code == 2
    assert "into a folder that is there" in answer.err
    assert (tmp_path / "music/data/mine.json").read_text() == "{}"


def test_init_from_the_music_template_has_data(cli: Cli, tmp_path: Path) -> None:
    answer = cli("init", "radio", "--template", "music", "--to", str(tmp_path / "radio"))

    assert answer.code == 0
    assert starlode.read(tmp_path / "radio").name == "radio"
    assert (tmp_path / "radio/data/song_data").is_dir()
