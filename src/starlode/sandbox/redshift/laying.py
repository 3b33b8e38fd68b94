"""What Redshift refuses of how a table is to lie; what it takes of that does nothing behind this double."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHOLE = (exp.DataType.Type.SMALLINT, exp.DataType.Type.INT, exp.DataType.Type.BIGINT, exp.DataType.Type.DECIMAL)
_MOMENTS = (exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPTZ)
_TEXTS = (exp.DataType.Type.VARCHAR, exp.DataType.Type.NVARCHAR, exp.DataType.Type.TEXT)
# The types that have an encoding; those of the others are not looked at.
ENCODED = {
    **dict.fromkeys(("az64", "delta", "delta32k"), (*_WHOLE, *_MOMENTS)),
    **dict.fromkeys(("mostly8", "mostly16", "mostly32"), _WHOLE),
    **dict.fromkeys(("text255", "text32k"), _TEXTS),
}


def wrong(tree: exp.Create) -> str | None:
    """What is wrong with the keys and the encodings of a new table; nothing where all is well."""
    columns = [column for column in tree.find_all(exp.ColumnDef) if column.args.get("kind")]
    kinds = {column.name.lower(): column.args["kind"].this for column in columns}
    for what, name in _keys(tree) if kinds else ():
        if name.lower() not in kinds:
            return f'column "{name}" named as {what} does not exist'
        if kinds[name.lower()] == exp.DataType.Type.SUPER:
            return f'column "{name}" of type super cannot be a {what}'
    for column in columns:
        for encoding in column.find_all(exp.EncodeColumnConstraint):
            fits = ENCODED.get(encoding.name.lower())
            if fits is not None and column.args["kind"].this not in fits:
                return f'invalid encoding type specified for column "{column.name}"'
    return None


def _keys(tree: exp.Create) -> Iterator[tuple[str, str]]:
    for spread in tree.find_all(exp.DistKeyProperty):
        yield "distkey", spread.this.name
    for sort in tree.find_all(exp.SortKeyProperty):
        for column in sort.this if isinstance(sort.this, list) else [sort.this]:
            yield "sortkey", column.name
