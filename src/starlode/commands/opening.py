"""Which project a command works on: the one that is named, or the nearest from the current folder upwards."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlode.declaration import PROJECT_FILE
from starlode.errors import StarlodeError
from starlode.project import read

if TYPE_CHECKING:
    from argparse import Namespace

    from starlode.project import Project


def asked_project(arguments: Namespace) -> Project:
    """The project that the command line means, with its target."""
    place = Path(arguments.project) if arguments.project else nearest_folder(Path.cwd())
    project = read(place, target=arguments.target)
    stood: Project = sandbox().in_sandbox(project) if arguments.sandbox else project
    return stood


def sandbox() -> Any:
    """The sandbox, whose packages are there where the extra was installed."""
    try:
        return import_module("starlode.commands.sandboxed")
    except ModuleNotFoundError as error:
        raise StarlodeError(
            f"the sandbox needs packages that are not installed: {error.name}", hint="pip install 'starlode[sandbox]'"
        ) from error


def asked_names(select: list[str]) -> tuple[str, ...]:
    """The names of a selection, however they were divided."""
    return tuple(name.strip() for words in select for name in words.split(",") if name.strip())


def nearest_folder(start: Path) -> Path:
    """The folder with a project file, from `start` upwards; `start` itself where there is none."""
    return next((folder for folder in (start, *start.parents) if (folder / PROJECT_FILE).is_file()), start)
