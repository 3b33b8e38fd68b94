"""Who may ask a double of Google's: service accounts with keys of their own, which sign who they are.

BigQuery's client gets a token for what it has signed; what asks Cloud Storage bears what it has signed itself.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

READ, WRITE = "read", "write"
# Who asks in a sandbox, and where the environment says by which key.
ACCOUNT = "sandbox@double.iam.gserviceaccount.com"
KEY = "GOOGLE_APPLICATION_CREDENTIALS"
AN_HOUR = 3_600


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

    def take_key(self, account: str, file: Path) -> None:
        """Know an account by the key that another double has written."""
        self._keys[account] = _pair(json.loads(file.read_text("utf-8"))["private_key"])

    def token(self, assertion: str) -> str | None:
        """A token for a signed assertion; None where nobody known has signed it."""
        account = self._signer(assertion)
        if account is None:
            return None
        token = secrets.token_hex(16)
        self._tokens[token] = account
        return token

    def admit(self, header: str) -> str | None:
        """Whose token a header bears; None where it bears none that was given."""
        return self._tokens.get(header.removeprefix("Bearer "))

    def recognize(self, header: str) -> str | None:
        """Who has signed what a header bears; None where it was nobody known."""
        signed = header.removeprefix("Bearer ")
        if signed not in self._tokens:
            account = self._signer(signed)
            if account is None:
                return None
            self._tokens[signed] = account
        return self._tokens[signed]

    def sign(self, account: str) -> str:
        """The header with which an account says who it is."""
        from google.auth import crypt, jwt

        now = int(time.time())
        told = {"iss": account, "sub": account, "iat": now, "exp": now + AN_HOUR}
        return f"Bearer {jwt.encode(crypt.RSASigner.from_string(self._key(account)[0]), told).decode()}"

    def may(self, account: str, right: str) -> bool:
        """Whether an account has a right."""
        return right in self.rights[account]

    def _signer(self, assertion: str) -> str | None:
        from google.auth import jwt

        try:
            account = str(jwt.decode(assertion, verify=False)["iss"])
            if account not in self.rights:
                return None
            jwt.decode(assertion, certs=self._key(account)[1])
        except (ValueError, KeyError):
            return None
        return account

    def _key(self, account: str) -> tuple[str, str]:
        """The private and the public key of an account, made when they are first needed."""
        if account not in self._keys:
            self._keys[account] = _pair()
        return self._keys[account]


def _pair(known: str = "") -> tuple[str, str]:
    """A private key, a new one or the one that is known, and the public one to it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key: Any
    if known:
        key = serialization.load_pem_private_key(known.encode(), password=None)
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
