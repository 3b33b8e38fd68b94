"""Names as BigQuery takes them: some characters may stand in no name, and are written as their numbers.

A name that needs none of this is what it is. What is written so can be read back, so a column has the name that it was given.
"""

from __future__ import annotations

import re
import unicodedata

# Of columns more is allowed than of tables; a name is allowed in both where it has these.
ALLOWED = "&%=+:'<>#|"
KINDS = ("L", "M", "N", "Pc", "Pd")
# Prefixes that BigQuery keeps for itself.
KEPT = ("_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier", "_change_")
_OURS = re.compile(r" \((\w+)\)")
_WRITTEN = re.compile(r"_u([0-9a-f]{4,6})_")


def written(name: str, *, of_table: bool = False) -> str:
    """A name with the characters that may not stand in it written as numbers; one that is written so stays as it is."""
    told = "".join(c if _is_allowed(c, of_table=of_table) else f"_u{ord(c):04x}_" for c in name)
    if told.lower().startswith(KEPT) and not of_table:
        told = f"_u{ord(told[0]):04x}_{told[1:]}"
    # A name of blanks alone is none.
    return told if told.strip() else "".join(f"_u{ord(c):04x}_" for c in told)


def table_written(name: str) -> str:
    """The name of a table, without the brackets in which ours say what they are: no other has a blank in it."""
    return written(_OURS.sub(r" \1", name), of_table=True)


def read(told: str) -> str:
    """The name that was written so."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), told)


def _is_allowed(character: str, *, of_table: bool) -> bool:
    if character == " " or (character in ALLOWED and not of_table):
        return True
    return unicodedata.category(character).startswith(KINDS)
