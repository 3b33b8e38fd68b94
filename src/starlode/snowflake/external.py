"""An external stage: a place in a bucket that Snowflake reads by itself, where the landing is or below which it lies.

With one, landed files are loaded from where they lie, and nothing of them goes through this machine a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlode.errors import WarehouseError
from starlode.snowflake.refusing import Unknown, told

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class External:
    """A stage as the target names it, and its URL; nothing where it is one of Snowflake's own."""

    name: str
    url: str

    def guard(self, landing: str) -> None:
        """Refuse a landing that does not lie in the stage."""
        if not self.url.endswith("/") or not f"{landing}/".startswith(self.url):
            place = f"`{self.url}`" if self.url else "Snowflake itself"
            raise WarehouseError(
                f"the stage `{self.name}` is at {place}, and the landing does not lie below that",
                where=landing,
                hint="create it with `url =` the landing, or a prefix of it, ending in `/`; or leave `stage=` out",
            )

    def names(self, files: Sequence[str]) -> tuple[str, ...]:
        """What files of the landing are called in the stage."""
        return tuple(file.removeprefix(self.url) for file in files)


def external(connection: Any, name: str) -> External:
    """The stage of a name such as `raw.landing`, asked for; raises WarehouseError."""
    schema, _, bare = name.rpartition(".")
    asked = f"show stages like '{bare}' in schema {schema}"
    rows: list[tuple[Any, ...]] = []
    try:
        with told(asked):
            cursor = connection.cursor().execute(asked)
            names = [column.name.lower() for column in cursor.description]
            rows = cursor.fetchall()
    except Unknown:
        names = []
    # In LIKE, some letters of a name stand for others.
    found = [held for row in rows if (held := dict(zip(names, row, strict=True)))["name"] == bare.upper()]
    if not found:
        raise WarehouseError(
            f"Snowflake has no stage `{name}`, or gives no right to it",
            where=name,
            hint="create it on the landing's bucket, and `grant usage on stage …` as docs/snowflake.md says",
        )
    return External(name, str(found[0]["url"] or ""))
