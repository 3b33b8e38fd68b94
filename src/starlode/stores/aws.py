"""Amazon S3 as the usual AWS environment and files name it: who asks, where, and whether a bucket is open to everybody.

Credentials come from the chain that every AWS tool has (environment, profile, role, web identity, SSO, the machine's own role)
and are asked for again before they expire. Nothing of it stands in a project.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from starlode.errors import StarlodeError

INSTALL = "install it with `pip install 'starlode[s3]'`"
# How long the library may keep credentials before it asks for them again.
LEASE = timedelta(minutes=5)
TRIES = 10
PATIENCE = timedelta(minutes=3)
EVERYBODY = ("/groups/global/AllUsers", "/groups/global/AuthenticatedUsers")


class NotTold(Exception):
    """The server does not say, or we may not ask; its code."""


@dataclass(frozen=True)
class Amazon:
    """Whoever the environment says that we are, at the S3 that it says; `fails` is the kind of error that tells of it."""

    fails: type[StarlodeError]

    def store(self, bucket: str, prefix: str, encryption: Mapping[str, Any], client: Mapping[str, Any]) -> Any:
        """The objects of a bucket, for the library."""
        from obstore.store import S3Store

        endpoint: str = self._client.meta.endpoint_url
        options: dict[str, Any] = dict(client) | {
            "allow_http": endpoint.startswith("http://"),
            "allow_invalid_certificates": False,
        }
        authority = self._session.get_config_variable("ca_bundle")
        if authority:
            options["root_certificate"] = Path(authority).read_bytes()
        anonymous = os.environ.get("AWS_SKIP_SIGNATURE", "").lower() in ("1", "true")
        made: Any = S3Store
        return made(
            bucket,
            prefix=prefix or None,
            # All that the library would else look for in the environment by itself, and find otherwise than AWS's tools.
            config={
                "endpoint": endpoint,
                "aws_endpoint_url_s3": endpoint,
                "region": self._region,
                "skip_signature": anonymous,
                "virtual_hosted_style_request": False,
                **encryption,
            },
            client_options=options,
            retry_config=self._patience,
            credential_provider=None if anonymous else self._credentials,
        )

    def publicity(self, bucket: str) -> tuple[str, str]:
        """Why everybody can reach what a bucket holds, or nothing; and the code of what the server did not tell, or nothing."""
        untold: list[str] = []

        def asked(question: Callable[..., Mapping[str, Any]], nothing: str = "") -> Mapping[str, Any]:
            try:
                with _told():
                    return question(Bucket=bucket)
            except NotTold as error:
                untold.extend([str(error)] if str(error) != nothing else [])
                return {}

        held = asked(self._client.get_public_access_block, "NoSuchPublicAccessBlockConfiguration")
        block = held.get("PublicAccessBlockConfiguration", {})
        if not block.get("RestrictPublicBuckets"):
            policy = asked(self._client.get_bucket_policy_status, "NoSuchBucketPolicy")
            if policy.get("PolicyStatus", {}).get("IsPublic"):
                return "its policy lets everybody in", ""
        if not block.get("IgnorePublicAcls"):
            grants = asked(self._client.get_bucket_acl).get("Grants", [])
            if any(str(grant.get("Grantee", {}).get("URI", "")).endswith(EVERYBODY) for grant in grants):
                return "its access control list lets everybody in", ""
        return "", ", ".join(dict.fromkeys(untold))

    def unfinished(self, bucket: str, prefix: str) -> tuple[tuple[str, str, float], ...]:
        """The uploads in pieces below a prefix that nobody has finished, as key, number and beginning; raises NotTold."""
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
        with _told():
            return tuple(
                (held["Key"], held["UploadId"], held["Initiated"].timestamp())
                for page in pages
                for held in page.get("Uploads", ())
            )

    def abandon(self, bucket: str, uploads: Sequence[tuple[str, str]]) -> None:
        """Let the server forget the pieces of unfinished uploads, as far as it knows them still."""
        for key, number in uploads:
            with suppress(NotTold), _told():
                self._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=number)

    @cached_property
    def _session(self) -> Any:
        try:
            import botocore.session
        except ImportError as error:
            raise self.fails("S3 needs a library that is not installed", hint=INSTALL) from error
        session = botocore.session.get_session()
        # What AWS's services are like is a megabyte of JSON: it is read once, whoever asks.
        session.register_component("data_loader", _descriptions(session.get_config_variable("data_path")))
        return session

    @cached_property
    def _client(self) -> Any:
        """A client for what few requests ask beside objects; it also knows where the S3 is that is meant."""
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(s3={"addressing_style": "path"}, connect_timeout=10, read_timeout=30)
        try:
            return self._session.create_client("s3", region_name=self._region, config=config)
        except (BotoCoreError, ValueError) as error:
            raise self.fails(
                f"the AWS environment or files are not as they should be ({type(error).__name__})",
                hint="look at AWS_PROFILE, AWS_ENDPOINT_URL and ~/.aws/config; `aws s3 ls` sees the same",
            ) from None

    @property
    def _region(self) -> str:
        return os.environ.get("AWS_REGION") or self._session.get_config_variable("region") or "us-east-1"

    @property
    def _patience(self) -> Mapping[str, Any]:
        tries = self._session.get_config_variable("max_attempts")
        pauses = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=10), "base": 2}
        return {"max_retries": int(tries) - 1 if tries else TRIES, "backoff": pauses, "retry_timeout": PATIENCE}

    @cached_property
    def _credentials(self) -> Callable[[], Mapping[str, Any]]:
        """What gives the library credentials that are valid now."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            held = self._session.get_credentials()
        except (BotoCoreError, ClientError) as error:
            raise self._without(type(error).__name__) from None
        if held is None:
            raise self._without("none found")

        def valid() -> Mapping[str, Any]:
            frozen = held.get_frozen_credentials()
            keys = {"access_key_id": frozen.access_key, "secret_access_key": frozen.secret_key, "token": frozen.token}
            return {**keys, "expires_at": datetime.now(UTC) + LEASE}

        try:
            valid()
        except (BotoCoreError, ClientError) as error:
            raise self._without(type(error).__name__) from None
        return valid

    def _without(self, why: str) -> StarlodeError:
        return self.fails(
            f"there are no credentials for S3 ({why})",
            hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role; AWS's own tools look there too",
        )


@lru_cache(maxsize=4)
def _descriptions(path: str | None) -> Any:
    """What reads how AWS's services are described, and remembers it."""
    from botocore.loaders import create_loader

    return create_loader(path)


@contextmanager
def _told() -> Iterator[None]:
    """Tell what a server refuses by its code alone, which quotes nothing."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise NotTold(str(error.response.get("Error", {}).get("Code", ""))) from None
    except BotoCoreError as error:
        raise NotTold(type(error).__name__) from None
