"""The S3 that COPY reads and UNLOAD writes: who may, what a manifest names, and rows as PostgreSQL's COPY takes them."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from starlode.sandbox.redshift.refused import DENIED, LOADING, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_CODE = re.compile(r"<Code>(\w+)</Code>")
_SAID = {"ExpiredToken": "The provided token has expired."}
NULL_TIME = "it is not known how Parquet's time reaches a column of Redshift"
# The type of a Parquet column that each type of Redshift's takes; decimals are told by their digits.
TAKEN: Mapping[str, tuple[str, ...]] = {
    "boolean": ("bool",),
    "smallint": ("int16",),
    "integer": ("int32",),
    "bigint": ("int64",),
    "real": ("float",),
    "double precision": ("double",),
    "date": ("date32[day]",),
    "timestamp without time zone": ("timestamp[us]", "timestamp[ms]"),
    "timestamp with time zone": ("timestamp[us, tz=UTC]", "timestamp[ms, tz=UTC]"),
    "jsonb": ("string", "large_string"),
    "bytea": ("binary", "large_binary"),
}


@dataclass(frozen=True)
class Lake:
    """An S3 by its endpoint, with the roles that may be assumed for it."""

    endpoint: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    roles: frozenset[str] = frozenset()

    def read(self, url: str) -> bytes:
        bucket, key = _split(url)
        try:
            return bytes(self._store(bucket).get(key).bytes())
        except FileNotFoundError as error:
            raise Refused(
                LOADING, f"S3ServiceException:The specified key does not exist.,Status 404,Key {key}"
            ) from error
        except Exception as error:
            raise Refused(LOADING, _of_s3(error)) from error

    def write(self, url: str, content: bytes) -> None:
        bucket, key = _split(url)
        self._store(bucket).put(key, content)

    def listed(self, prefix: str) -> tuple[str, ...]:
        """The objects whose names begin with a prefix, which need not end at a slash."""
        bucket, key = _split(prefix)
        folder = key.rpartition("/")[0]
        found = [item["path"] for part in self._store(bucket).list(folder or None) for item in part]
        return tuple(f"s3://{bucket}/{path}" for path in sorted(found) if path.startswith(key))

    def assume(self, role: str) -> None:
        """Let a statement read and write as a role; raises Refused where Redshift may not."""
        if role not in self.roles:
            raise Refused(DENIED, "User arn:aws:redshift is not authorized to assume IAM Role")

    def named(self, url: str, *, is_manifest: bool) -> tuple[str, ...]:
        """The files that a COPY reads: those of a manifest, each of which must be there in its length, or of a prefix."""
        if not is_manifest:
            found = self.listed(url)
            if not found:
                raise Refused(LOADING, f"The specified S3 prefix '{_split(url)[1]}' does not exist")
            return found
        try:
            entries = json.loads(self.read(url))["entries"]
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(LOADING, f"The manifest file is not in correct format: {url}") from error
        return tuple(self._entry(entry) for entry in entries)

    def _entry(self, entry: Mapping[str, Any]) -> str:
        url, length = str(entry["url"]), entry.get("meta", {}).get("content_length")
        if length is None:
            raise Refused(LOADING, "File length information is missing in the manifest: meta.content_length")
        if len(self.read(url)) != length:
            raise Refused(LOADING, f"The length of {url} is not that of the manifest")
        return url

    def _store(self, bucket: str) -> Any:
        from obstore.store import S3Store

        return S3Store(
            bucket,
            endpoint=self.endpoint,
            access_key_id=self.access_key,
            secret_access_key=self.secret_key,
            region=self.region,
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
        )


@dataclass(frozen=True)
class Misread(Exception):
    """A value of a file that a column does not take, as `sys_load_error_detail` tells of it."""

    file: str
    line: int
    column: str
    kind: str
    length: str
    message: str


def parquet_rows(content: bytes, file: str, columns: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    """The rows of a Parquet file as CSV, for columns by their place, each a name and a type; raises Misread."""
    read = pq.ParquetFile(io.BytesIO(content))
    schema = read.schema_arrow
    if len(schema) != len(columns):
        told = f"Unmatched number of columns between table and file. Table columns: {len(columns)}, Data columns: {len(schema)}"
        raise Misread(file, 0, "", "", "", told)
    for found, (name, kind) in zip(schema, columns, strict=True):
        if not _takes(kind, found.type):
            told = f"{name} has an incompatible Parquet schema for column: {kind} takes no {found.type}"
            raise Misread(file, 0, name, kind, "", told)
    for batch in read.iter_batches():
        for values, (name, kind) in zip(batch.columns, columns, strict=True):
            _guard_length(values, file, name, kind)
        yield _as_csv(batch)


def _takes(kind: str, found: pa.DataType) -> bool:
    if kind.startswith("numeric"):
        return str(found).removeprefix("decimal128").replace(" ", "") == kind.removeprefix("numeric")
    if kind.startswith("character varying") or kind == "text":
        return str(found) in ("string", "large_string")
    return str(found) in TAKEN.get(kind, ())


def _guard_length(values: Any, file: str, name: str, kind: str) -> None:
    limit = kind.removeprefix("character varying(").removesuffix(")")
    if not limit.isdigit():
        return
    longest = pc.max(pc.binary_length(values)).as_py()
    if longest is not None and longest > int(limit):
        told = f"The length of the data column {name} is longer than the length defined in the table. "
        raise Misread(file, 0, name, "varchar", limit, f"{told}Table: {limit}, Data: {longest}")


def _as_csv(batch: pa.RecordBatch) -> bytes:
    texts = [_as_text(column) for column in batch.columns]
    written = io.BytesIO()
    options = pcsv.WriteOptions(include_header=False, quoting_style="all_valid")
    pcsv.write_csv(pa.record_batch(texts, names=[str(i) for i in range(len(texts))]), written, options)
    return written.getvalue()


def _as_text(values: Any) -> Any:
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        return pa.array([None if v is None else "\\x" + v.hex() for v in values.to_pylist()], pa.string())
    return values.cast(pa.string())


def _of_s3(error: Exception) -> str:
    """What S3 answered, as Redshift tells it."""
    found = _CODE.search(str(error))
    code = found[1] if found else type(error).__name__
    return f"S3ServiceException:{_SAID.get(code, code)},Status 400,Error {code},Rid 0,ExtRid 0,CanRetry 0"


def _split(url: str) -> tuple[str, str]:
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bucket, key
