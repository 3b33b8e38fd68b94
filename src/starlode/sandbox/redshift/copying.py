"""COPY and UNLOAD as they are written: which table, which files, by which role, and how; what is not known is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlode.sandbox.redshift.refused import SYNTAX, Refused, unknown

_NAME = r'(?:"(?:[^"]|"")*"|[a-z_][a-z0-9_]*)'
_TEXT = r"'((?:[^'\\]|''|\\.)*)'"
_COPY = re.compile(
    rf"\s*copy\s+({_NAME}(?:\.{_NAME})?)\s*(?:\(([^)]*)\))?\s*from\s+{_TEXT}\s*(.*?)\s*;?\s*$", re.I | re.S
)
_UNLOAD = re.compile(rf"\s*unload\s*\(\s*{_TEXT}\s*\)\s*to\s+{_TEXT}\s*(.*?)\s*;?\s*$", re.I | re.S)
_ROLE = re.compile(rf"iam_role\s+(?:{_TEXT}|default)", re.I)
_OPTIONS = {
    "format": re.compile(r"(?:format\s+(?:as\s+)?)?\b(parquet|csv)\b", re.I),
    "manifest": re.compile(r"\bmanifest\b", re.I),
    "gzip": re.compile(r"\bgzip\b", re.I),
    "compupdate": re.compile(r"\b(comp|stat)update\s+(on|off)\b", re.I),
    "null": re.compile(rf"\bnull\s+(?:as\s+)?{_TEXT}", re.I),
    "parallel": re.compile(r"\bparallel\s+(on|off)\b", re.I),
    "allowoverwrite": re.compile(r"\ballowoverwrite\b", re.I),
}
_OF_PARQUET = {"format", "manifest"}


@dataclass(frozen=True)
class Copy:
    """A COPY of files into a table."""

    table: str
    columns: tuple[str, ...]
    url: str
    role: str
    format: str
    is_manifest: bool
    is_gzipped: bool = False
    null: str = ""


@dataclass(frozen=True)
class Unload:
    """An UNLOAD of a query into files."""

    query: str
    prefix: str
    role: str


def is_copy(sql: str) -> bool:
    return re.match(r"\s*copy\b", sql, re.I) is not None


def is_unload(sql: str) -> bool:
    return re.match(r"\s*unload\b", sql, re.I) is not None


def parse_copy(sql: str) -> Copy:
    found = _COPY.match(sql)
    if found is None or not found[3].startswith("s3://"):
        raise Refused(SYNTAX, "syntax error in COPY: it reads from s3:// only")
    role, options = _options(found[4])
    spelled = (options.get("format") or ("",))[0].lower()
    if not spelled:
        raise unknown("COPY of another format than PARQUET and CSV")
    if spelled == "parquet" and options.keys() - _OF_PARQUET:
        told = ", ".join(sorted(name.upper() for name in options.keys() - _OF_PARQUET))
        raise Refused(SYNTAX, f"{told} argument is not supported for PARQUET based COPY")
    columns = tuple(name.strip() for name in (found[2] or "").split(",") if name.strip())
    null = (options.get("null") or ("",))[0]
    return Copy(
        found[1], columns, _plain(found[3]), role, spelled, "manifest" in options, "gzip" in options, _plain(null)
    )


def parse_unload(sql: str) -> Unload:
    found = _UNLOAD.match(sql)
    if found is None:
        raise Refused(SYNTAX, "syntax error in UNLOAD")
    role, options = _options(found[3])
    if (options.get("format") or ("",))[0].lower() != "parquet":
        raise unknown("UNLOAD of another format than PARQUET")
    return Unload(_plain(found[1]), _plain(found[2]), role)


def _options(told: str) -> tuple[str, dict[str, tuple[str, ...]]]:
    """The role, and the options that are given with what they say."""
    role = _ROLE.search(told)
    if role is None:
        raise Refused(SYNTAX, "COPY and UNLOAD need an IAM_ROLE; other credentials are not taken here")
    rest, options = told.replace(role[0], " ", 1), {}
    for name, shape in _OPTIONS.items():
        found = shape.search(rest)
        if found is not None:
            options[name] = found.groups()
            rest = rest.replace(found[0], " ", 1)
    rest = re.sub(r"\bformat\s+(as\b)?", " ", rest, flags=re.I).strip()
    if rest:
        raise unknown(f"the option {rest.split()[0]}")
    return role[1] or "default", options


def _plain(text: str) -> str:
    """What a literal says."""
    return re.sub(r"\\(.)|''", lambda found: found[1] or "'", text)
