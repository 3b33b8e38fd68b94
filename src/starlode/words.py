"""Numbers with the word that they count, as people say them."""

from __future__ import annotations


def counted(number: int, word: str, several: str = "") -> str:
    """`1 row`, `2 rows`, `1,000 rows`; `several` is the plural where an s does not make it."""
    return f"{number:,} {word if number == 1 else several or word + 's'}"
