"""A request that Cloud Storage would refuse, or that this double does not know, with the code of the refusal."""

from __future__ import annotations


class Refused(Exception):
    """Why a request is not carried out."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def unknown(what: str) -> Refused:
    """A refusal of what the double does not know, whatever Cloud Storage would say."""
    return Refused(400, "NotImplemented", f"Unsupported by this double: {what}")
