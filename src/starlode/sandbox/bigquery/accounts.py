"""Who may ask: service accounts with keys of their own, which get a token for an assertion that they have signed."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlode.sandbox.bigquery.refused import DENIED, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

READ, WRITE = "read", "write"


@dataclass
class Accounts:
    """The accounts that a double knows, by their address, with what each may do."""

    rights: Mapping[str, frozenset[str]]
    _keys: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)

    def write_key(self, account: str, server: str, file: Path) -> None:
        """Write the file with which an account comes in."""
        private, _ = self._key(account)
        told = {
            "type": "service_account",
            "project_id": "double",
            "private_key_id": "1",
            "private_key": private,
            "client_email": account,
            "token_uri": f"{server}/token",
        }
        file.write_text(json.dumps(told), "utf-8")

    def token(self, assertion: str) -> str | None:
        """A token for a signed assertion; None where nobody known has signed it."""
        from google.auth import jwt

        try:
            account = str(jwt.decode(assertion, verify=False)["iss"])
            if account not in self.rights:
                return None
            jwt.decode(assertion, certs=self._key(account)[1])
        except (ValueError, KeyError):
            return None
        token = secrets.token_hex(16)
        self._tokens[token] = account
        return token

    def admit(self, header: str) -> str | None:
        """Whose token a header bears; None where it bears none that was given."""
        return self._tokens.get(header.removeprefix("Bearer "))

    def guard(self, account: str, right: str, what: str) -> None:
        """Refuse what an account may not do."""
        if right not in self.rights[account]:
            raise Refused(DENIED, f"Access Denied: {what}: User does not have permission to {right} it")

    def _key(self, account: str) -> tuple[str, str]:
        """The private and the public key of an account, made when they are first needed."""
        if account not in self._keys:
            self._keys[account] = _pair()
        return self._keys[account]


def _pair() -> tuple[str, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key: Any = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
