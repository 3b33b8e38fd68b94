"""A request that BigQuery would refuse, or that this double does not know, with the code and the reason of the refusal."""

from __future__ import annotations

INVALID_QUERY, INVALID, NOT_FOUND, DUPLICATE, DENIED = (
    "invalidQuery",
    "invalid",
    "notFound",
    "duplicate",
    "accessDenied",
)
COST, PRECONDITION, UNSUPPORTED = "bytesBilledLimitExceeded", "conditionNotMet", "notImplemented"
CODES = {NOT_FOUND: 404, DUPLICATE: 409, DENIED: 403, PRECONDITION: 412, UNSUPPORTED: 501}


class Refused(Exception):
    """Why a request is not carried out."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    @property
    def code(self) -> int:
        return CODES.get(self.reason, 400)


def unknown(what: str) -> Refused:
    """A refusal of what the double does not know, whatever BigQuery would say."""
    return Refused(INVALID_QUERY, f"Unsupported by this double: {what}")
