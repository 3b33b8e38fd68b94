"""What went wrong, told to a tired person or to a program, and the exit code that says the same to a script."""

from __future__ import annotations

import errno
import re
import traceback
from pathlib import Path

from starlode.arguments import UsageError
from starlode.errors import (
    CheckFailed,
    DataError,
    LandingError,
    ProjectError,
    SourceError,
    StarlodeError,
    Stopped,
    WarehouseError,
)
from starlode.nearest import nearest
from starlode.terminal import documents
from starlode.terminal.speech import paint, safe_lines, say

USAGE, NOT_ALLOWED, HALF_WAY, BUG, INTERRUPTED = 2, 3, 4, 5, 130
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
INVALID = re.compile(r"invalid choice: '([^']*)' \(choose from (.*)\)")
UNKNOWN = re.compile(r"unrecognized arguments: ([^\s=]+)")
PACKAGE = Path(__file__).parent.parent


def tell(error: BaseException, *, as_json: bool, debug: bool) -> int:
    """Say what stopped a command, once; the exit code."""
    code = exit_code(error)
    if as_json:
        documents.write(
            documents.usage(error) if isinstance(error, UsageError) else documents.error(error, code), in_one_line=True
        )
    else:
        say(_coloured(safe_lines(_words(error))))
    if debug:
        say(safe_lines("".join(traceback.format_exception(error)).rstrip()))
    return code


def exit_code(error: BaseException) -> int:
    """What a script learns of an error."""
    if isinstance(error, StarlodeError):
        return error.exit_code
    if isinstance(error, UsageError):
        return USAGE
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, OSError) and error.errno is not None:
        return HALF_WAY if error.errno in FULL else NOT_ALLOWED
    return BUG


def _words(error: BaseException) -> str:
    if isinstance(error, ProjectError):
        return _of_project(error)
    if isinstance(error, StarlodeError):
        return f"{error.label}: {error}"
    if isinstance(error, UsageError):
        return _of_usage(error)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted: what was finished is kept; the same command goes on from there"
    if isinstance(error, OSError) and error.errno is not None:
        return _of_system(error)
    return _of_bug(error)


def _of_project(error: ProjectError) -> str:
    """Every mistake, and how many there are when they may not fit the screen."""
    more = f"\n\n{error.what}; nothing was started" if len(error.mistakes) > 1 else ""
    return f"{error}{more}"


def _of_usage(error: UsageError) -> str:
    meant = _meant(error)
    guess = f"did you mean `{meant}`?  " if meant else ""
    return f"error: {error.message}\nhint: {guess}`{error.program} --help` tells more"


def _meant(error: UsageError) -> str | None:
    """The word that was probably meant by the one that is not known here."""
    choice = INVALID.search(error.message)
    if choice:
        return nearest(choice[1], re.findall(r"[\w-]+", choice[2]))
    unknown = UNKNOWN.search(error.message)
    return nearest(unknown[1], error.known) if unknown else None


def _of_system(error: OSError) -> str:
    place = f"\n  --> {error.filename}" if error.filename else ""
    hint = "make room and run it again" if error.errno in FULL else "look at the path and its permissions"
    return f"error: the system refuses: {error.strerror}{place}\nhint: {hint}"


def _of_bug(error: BaseException) -> str:
    """A bug without the exception's own words, which may quote a cell."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if PACKAGE in Path(frame.filename).parents]
    place = f"\n  --> {Path(frames[-1].filename).relative_to(PACKAGE.parent)}:{frames[-1].lineno}" if frames else ""
    hint = "run it again with --debug and report what that shows, with `starlode version`; look for secrets in it first"
    return f"error: this is a bug of Starlode ({type(error).__name__}){place}\nhint: {hint}"


def _coloured(text: str) -> str:
    """Errors in red, hints in cyan, by how the lines begin."""
    lines = []
    for line in text.split("\n"):
        label, colon, rest = line.partition(":")
        if colon and label in LABELS:
            line = paint(f"{label}:", "red", "bold") + paint(rest, "bold")
        elif line.startswith("hint:"):
            line = paint("hint:", "cyan") + line.removeprefix("hint:")
        lines.append(line)
    return "\n".join(lines)


KINDS: tuple[type[StarlodeError], ...] = (
    ProjectError,
    SourceError,
    LandingError,
    WarehouseError,
    DataError,
    CheckFailed,
    Stopped,
)
LABELS = {"error", *(kind.label for kind in KINDS)}
