"""A statement that Redshift would refuse, or that this double does not know, with the code and the words of the refusal."""

from __future__ import annotations

SYNTAX, UNKNOWN_FUNCTION, UNSUPPORTED, IN_BLOCK = "42601", "42883", "0A000", "25001"
LOADING, DENIED, TOO_LONG = "XX000", "28000", "22001"


class Refused(Exception):
    """Why a statement is not carried out."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def unknown(what: str) -> Refused:
    """A refusal of what the double does not know, whatever Redshift would say."""
    return Refused(UNSUPPORTED, f"the double does not know {what}")
