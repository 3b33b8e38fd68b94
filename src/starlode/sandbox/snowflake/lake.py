"""The S3 in which external stages lie: what a COPY names there is brought into a folder, where a DuckDB reads it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from starlode.sandbox.snowflake.refused import DENIED, MISSING, refused

REGION = "us-east-1"


def told_of_s3() -> Any:
    """What the process of the double is told of an S3, in the same variable as the rest: `s3` with its url, key and secret."""
    return json.loads(os.environ["STARLODE_DOUBLE"]).get("s3")


class Lake:
    """A server of S3 by its url, key and secret; without one, no external stage can be read."""

    def __init__(self, told: Any) -> None:
        self._told = told
        self._folder = Path(tempfile.mkdtemp(prefix="external_"))

    def brought(self, source: str, files: list[str]) -> list[str]:
        """Files below the URL of a stage, in a folder from which those of the last COPY are gone."""
        if not self._told:
            raise refused(DENIED, "the double was told of no S3 in which an external stage could lie")
        shutil.rmtree(self._folder, ignore_errors=True)
        bucket, _, prefix = source.removeprefix("s3://").partition("/")
        paths = [self._folder / f"{number:06}.parquet" for number in range(len(files))]
        self._folder.mkdir()
        for path, name in zip(paths, files, strict=True):
            try:
                path.write_bytes(self._client.get_object(Bucket=bucket, Key=f"{prefix}{name}")["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                    raise refused(MISSING, f"Remote file '{source}{name}' was not found.", "22000") from error
                raise refused(DENIED, f"Failed to access remote file: {error.response['Error']['Code']}") from error
        return [str(path) for path in paths]

    @cached_property
    def _client(self) -> Any:
        return botocore.session.get_session().create_client(
            "s3",
            endpoint_url=self._told["url"],
            region_name=REGION,
            aws_access_key_id=self._told["key"],
            aws_secret_access_key=self._told["secret"],
            config=Config(s3={"addressing_style": "path"}),
        )
