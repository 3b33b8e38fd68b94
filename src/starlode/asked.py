"""Words of the command line that are numbers, pairs, moments and ages, read as what they are."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

AGES = {"h": "hours", "d": "days", "w": "weeks"}


def at_least(least: int) -> Callable[[str], int]:
    """Reads a whole number that is not below `least`."""

    def read(word: str) -> int:
        digits = word.replace("_", "").replace(",", "")
        if not digits.isascii() or not digits.isdigit() or int(digits) < least:
            raise argparse.ArgumentTypeError(f"`{word}` is not a whole number of {least} or more")
        return int(digits)

    return read


def pair(word: str) -> tuple[str, str]:
    """Reads `column=value`."""
    name, sign, value = word.partition("=")
    if not name or not sign:
        raise argparse.ArgumentTypeError(f"`{word}` is not written as COLUMN=VALUE")
    return name, value


def moment(word: str) -> datetime:
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{word}` is no date such as 2026-01-31 or 2026-01-31T18:00") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def age(word: str) -> timedelta:
    """An age such as 12h, 30d or 8w."""
    found = re.fullmatch(r"([0-9]{1,5})([hdw])", word)
    if found is None:
        raise argparse.ArgumentTypeError(f"`{word}` is no age: write hours, days or weeks, such as 12h, 30d or 8w")
    return timedelta(**{AGES[found[2]]: int(found[1])})


def seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"`{word}` is not a number of seconds")
    return seconds
