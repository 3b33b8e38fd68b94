"""The nearest valid name to a misspelt one, and the hint that tells it.

A person who mistyped needs the name that was meant; one who guessed needs the list. A hint gives both, and cuts long
lists.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 20
# Longer words are not typing errors, and comparing them takes time.
LONGEST = 80


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The valid name that looks most like a misspelt one, if any does."""
    known = {name.lower(): name for name in names}
    found = get_close_matches(word[:LONGEST].lower(), list(known), n=1, cutoff=0.6)
    return known[found[0]] if found else None


def hint(word: str, names: Iterable[str], listed: str) -> str:
    """The nearest name as a question, then all valid names under the title `listed`."""
    valid = list(dict.fromkeys(names))
    found = nearest(word, valid)
    meant = f"did you mean `{found}`?  " if found else ""
    return f"{meant}{listed}: {listing(valid)}"


def listing(names: Iterable[str]) -> str:
    """Names in a row, with the number of those that were left out."""
    valid = list(names)
    more = f", and {len(valid) - SHOWN} more" if len(valid) > SHOWN else ""
    return ", ".join(valid[:SHOWN]) + more if valid else "none"
