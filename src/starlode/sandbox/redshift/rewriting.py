"""A statement of Redshift's in PostgreSQL's words, word by word: what is the same in both is not touched.

Texts keep their backslashes, because the backend reads them as Redshift does. Functions that PostgreSQL lacks are there as
functions of the schema `redshift`; what a function cannot be is said in other words here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import sqlglot
from sqlglot import TokenType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot import Token

WIDEST = 65535
CALLED_OTHERWISE = {"object": "jsonb_build_object", "nvl": "coalesce"}
# Their first argument is a bare word.
TAKES_UNIT = {"dateadd", "datediff"}
# How a limit in bytes is called that no `varchar` of PostgreSQL has.
LIMIT = "varchar_bytes"


@dataclass(frozen=True)
class Piece:
    """A token with its place in the statement."""

    kind: TokenType
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """What a word outside of quotes says, in small letters; nothing for anything else."""
        quoted = self.kind in (TokenType.IDENTIFIER, TokenType.STRING, TokenType.NUMBER)
        return "" if quoted else self.text.lower()


def rewrite(sql: str, *, folds: bool) -> str:
    """The statement for PostgreSQL; `folds` says that names in quotes are read in small letters."""
    pieces = [_piece(token) for token in sqlglot.tokenize(sql, read="redshift")]
    cuts: list[tuple[int, int, str]] = []
    is_create = bool(pieces) and pieces[0].word == "create"
    is_alter = bool(pieces) and pieces[0].word == "alter"
    for place, piece in enumerate(pieces):
        cuts += _types(pieces, place)
        cuts += _calls(pieces, place, sql)
        cuts += _walks(pieces, place)
        if is_create or is_alter:
            cuts += _limits(pieces, place, folds=folds)
        if is_create:
            cuts += _storage(pieces, place)
        if folds and piece.kind == TokenType.IDENTIFIER and piece.text != piece.text.lower():
            cuts.append((piece.start, piece.end, f'"{piece.text.lower()}"'))
    return _cut(sql, cuts)


def _piece(token: Token) -> Piece:
    return Piece(token.token_type, token.text, token.start, token.end + 1)


def _cut(sql: str, cuts: list[tuple[int, int, str]]) -> str:
    told, place = [], 0
    for start, end, instead in sorted(cuts):
        if start >= place:
            told += [sql[place:start], instead]
            place = end
    return "".join((*told, sql[place:]))


def _types(pieces: list[Piece], place: int) -> Iterator[tuple[int, int, str]]:
    piece = pieces[place]
    if piece.word == "super":
        yield piece.start, piece.end, "jsonb"
    elif piece.word in ("varbyte", "varbinary"):
        last = _closing(pieces, place + 1) if _says(pieces, place + 1, "(") else place
        yield piece.start, pieces[last].end, "bytea"
    elif piece.word == "max" and _says(pieces, place - 1, "(") and _says(pieces, place - 2, "varchar"):
        yield piece.start, piece.end, str(WIDEST)
    elif piece.word == "identity" and _says(pieces, place + 1, "("):
        last = _closing(pieces, place + 1)
        numbers = [p.text for p in pieces[place + 2 : last] if p.kind == TokenType.NUMBER]
        always = f"generated always as identity (start {numbers[0]} increment {numbers[1]})"
        yield piece.start, pieces[last].end, always
    elif piece.word == "query_group":
        yield piece.start, piece.end, "redshift.query_group"
    elif piece.word == "sysdate":
        yield piece.start, piece.end, "(now() at time zone 'UTC')"
    elif piece.word == "with" and _says(pieces, place + 1, "no") and _says(pieces, place + 2, "schema"):
        yield piece.start, pieces[place + 3].end, ""


def _calls(pieces: list[Piece], place: int, sql: str) -> Iterator[tuple[int, int, str]]:
    piece = pieces[place]
    if not piece.word or not _says(pieces, place + 1, "("):
        return
    if piece.word in CALLED_OTHERWISE:
        yield piece.start, piece.end, CALLED_OTHERWISE[piece.word]
    elif piece.word in TAKES_UNIT:
        # A function for each unit is one that PostgreSQL puts in line.
        yield piece.start, pieces[place + 3].end, f"{piece.word}_{pieces[place + 2].word}("
    elif piece.word == "current_setting" and pieces[place + 2].text == "query_group":
        yield pieces[place + 2].start, pieces[place + 2].end, "'redshift.query_group'"
    elif piece.word == "regexp_replace":
        yield from _replaces(pieces, place)
    elif piece.word == "try_cast":
        last = _closing(pieces, place + 1)
        middle = next(i for i in range(last, place, -1) if pieces[i].word == "as")
        kind = sql[pieces[middle].end : pieces[last].start]
        yield pieces[middle].start, pieces[last].end, f", cast(null as {kind}))"


def _replaces(pieces: list[Piece], place: int) -> Iterator[tuple[int, int, str]]:
    """Redshift replaces every match, and takes a place where PostgreSQL takes letters."""
    last, depth, commas = _closing(pieces, place + 1), 0, []
    for number in range(place + 1, last):
        depth += {"(": 1, ")": -1}.get(pieces[number].word, 0)
        commas += [number] if depth == 1 and pieces[number].word == "," else []
    if len(commas) < 3:
        yield pieces[last].start, pieces[last].start, ("" if len(commas) == 2 else ", ''") + ", 'g'"
    elif pieces[commas[2] + 1].kind == TokenType.STRING:
        yield pieces[place].start, pieces[place].end, "regexp_replace_at"


def _walks(pieces: list[Piece], place: int) -> Iterator[tuple[int, int, str]]:
    """A walk into a nested value: alias.column.key[0].key."""
    if not _is_name(pieces, place) or _says(pieces, place - 1, "."):
        return
    last, parts, steps = place, 1, []
    while True:
        if _says(pieces, last + 1, ".") and _is_name(pieces, last + 2):
            last, parts = last + 2, parts + 1
            if parts > 2:
                steps.append("->'" + pieces[last].text.replace("'", "''") + "'")
        elif parts > 1 and _says(pieces, last + 1, "[") and _says(pieces, last + 3, "]"):
            steps.append(f"->{pieces[last + 2].text}")
            last += 3
        else:
            break
    if steps:
        yield pieces[place + 2].end, pieces[last].end, "".join(steps)


def _limits(pieces: list[Piece], place: int, *, folds: bool) -> Iterator[tuple[int, int, str]]:
    """Let a column hold so many bytes, where PostgreSQL counts letters."""
    if pieces[place].word != "varchar" or not _is_name(pieces, place - 1) or not _says(pieces, place + 1, "("):
        return
    if not (_says(pieces, place - 2, "(") or _says(pieces, place - 2, ",") or _says(pieces, place - 2, "column")):
        return
    last = _closing(pieces, place + 1)
    count = WIDEST if pieces[place + 2].word == "max" else int(pieces[place + 2].text)
    column = pieces[place - 1].text.replace('"', '""')
    name = f'"{column.lower() if folds else column}"'
    yield (
        pieces[last].end,
        pieces[last].end,
        f" constraint {LIMIT}_{count}_{uuid4().hex[:12]} check (octet_length({name}) <= {count})",
    )


def _storage(pieces: list[Piece], place: int) -> Iterator[tuple[int, int, str]]:
    """How rows lie on Redshift's nodes says nothing to PostgreSQL."""
    piece = pieces[place]
    if piece.word in ("encode", "diststyle", "backup"):
        yield piece.start, pieces[place + 1].end, ""
    elif piece.word in ("distkey", "sortkey"):
        first = place - 1 if pieces[place - 1].word in ("compound", "interleaved") else place
        follows = _says(pieces, place + 1, "(")
        last = _closing(pieces, place + 1) if follows else place + 1 if _says(pieces, place + 1, "auto") else place
        yield pieces[first].start, pieces[last].end, ""


def _is_name(pieces: list[Piece], place: int) -> bool:
    return 0 <= place < len(pieces) and (
        pieces[place].kind == TokenType.IDENTIFIER or bool(re.fullmatch(r"[a-z_][a-z0-9_]*", pieces[place].word))
    )


def _says(pieces: list[Piece], place: int, word: str) -> bool:
    return 0 <= place < len(pieces) and pieces[place].word == word


def _closing(pieces: list[Piece], opening: int) -> int:
    """Where the bracket closes that opens at a place."""
    depth = 0
    for place in range(opening, len(pieces)):
        depth += {"(": 1, ")": -1}.get(pieces[place].word, 0)
        if not depth:
            return place
    return len(pieces) - 1
