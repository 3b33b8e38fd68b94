"""Variables: the environment, the file `.env` below it, and `${NAME}` in the values of a project file.

A value that came from a variable may be a secret. It is never quoted: what is shown of a text is what was written in
the file, and lines of `.env` are not shown at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlode.document import Place, Scalar
from starlode.errors import Mistake
from starlode.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = ".env"
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)", re.DOTALL)
_QUOTED = re.compile(r"""(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*(?:#.*)?""")
_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}|\$\{")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


class Word(str):
    """A text of the project with the place where it stands and the way it was written, variables not filled in."""

    __slots__ = ("place", "written")
    place: Place
    written: str

    def __new__(cls, text: str, place: Place, written: str | None = None) -> Word:
        word = super().__new__(cls, text)
        word.place = place
        word.written = text if written is None else written
        return word


def variables(folder: Path, environment: Mapping[str, str], mistakes: list[Mistake]) -> Mapping[str, str]:
    """All that `${NAME}` can name: the environment wins over `.env`."""
    file = folder / FILE
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return environment
    except OSError as error:
        mistakes.append(Mistake(f"the file cannot be read: {error.strerror}", FILE, hint="look at its permissions"))
        return environment
    except UnicodeDecodeError:
        mistakes.append(Mistake("the file is not UTF-8", FILE, hint="save it as UTF-8"))
        return environment
    return {**assignments(text, mistakes), **environment}


def assignments(text: str, mistakes: list[Mistake]) -> dict[str, str]:
    """The variables that the text of a `.env` sets; lines that are no assignment are told without being shown."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        match = _LINE.fullmatch(written)
        value = _value(match[2]) if match else None
        if match is None:
            mistakes.append(Mistake("this line is no assignment", FILE, number, 1, hint="write NAME=value"))
        elif value is None:
            what = f"the quotes of `{match[1]}` are not closed, or something follows them"
            mistakes.append(Mistake(what, FILE, number, 1, hint="write NAME='value' on one line"))
        elif match[1] in found:
            mistakes.append(Mistake(f"`{match[1]}` is set twice", FILE, number, 1, hint="keep one of the lines"))
        else:
            found[match[1]] = value
    return found


def fill(scalar: Scalar, known: Mapping[str, str], mistakes: list[Mistake]) -> Word | None:
    """The text with its variables filled in, or None when one cannot be; `$${` stands for a plain `${`."""
    if "${" not in scalar.value:
        return Word(scalar.value, scalar.place)
    told = len(mistakes)

    def replace(found: re.Match[str]) -> str:
        name, default = found[1], found[2]
        if found[0] == "$${":
            return "${"
        if name is None:
            mistakes.append(_within(scalar, found[0]).mistake(*_MALFORMED))
        elif default is not None:
            return known.get(name) or default
        elif name in known:
            return known[name]
        else:
            mistakes.append(_missing(name, known, _within(scalar, found[0])))
        return ""

    text = _VARIABLE.sub(replace, scalar.value)
    return None if len(mistakes) > told else Word(text, scalar.place, scalar.value)


_MALFORMED = ("this is no variable", "write ${NAME} or ${NAME:-default}; for a plain `${` write `$${`")


def _missing(name: str, known: Mapping[str, str], place: Place) -> Mistake:
    meant = nearest(name, known)
    question = f"did you mean `{meant}`?  " if meant else ""
    ways = f"set it in the environment or in {FILE}, or give a default: ${{{name}:-default}}"
    return place.mistake(f"variable `{name}` is not set", question + ways)


def _within(scalar: Scalar, part: str) -> Place:
    """The place of a part of a scalar, when it stands on the scalar's first line."""
    whole = scalar.place
    index = whole.text.find(part, max(0, whole.column - 1))
    return whole if index < 0 else Place(whole.file, whole.line, index + 1, len(part), whole.text)


def _value(written: str) -> str | None:
    """The value as a shell would take it, without filling in other variables; None when its quotes are wrong."""
    if written[:1] in ("'", '"'):
        quoted = _QUOTED.fullmatch(written)
        if quoted is None:
            return None
        if quoted[2] is not None:
            return quoted[2]
        return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), quoted[1])
    return re.sub(r"(?:^|\s+)#.*", "", written)
