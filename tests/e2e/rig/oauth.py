"""Token endpoints that assert: Google's for service accounts, its metadata server, Microsoft Entra's."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from . import replies
from .provider import Conn, Provider, Received

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
EMAIL = "gateway@project.iam.gserviceaccount.test"
KEY_ID = "0123456789abcdef"


class Account:
    """A service account with a key of its own."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def pem(self, form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8) -> str:
        """The private key as Google writes it, or in the older form."""
        return self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()

    def file(self, token_uri: str, **more: object) -> dict:
        """The key file."""
        return {
            "type": "service_account",
            "project_id": "project",
            "private_key_id": KEY_ID,
            "private_key": self.pem(),
            "client_email": EMAIL,
            "client_id": "1",
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
            **more,
        }

    def write(self, path: Path, token_uri: str, **more: object) -> str:
        """The key file, in its place."""
        path.write_text(json.dumps(self.file(token_uri, **more)))
        return str(path)


def _part(text: str) -> bytes:
    assert "=" not in text, "base64url of a JWT has no padding"
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def assertion(received: Received, account: Account, audience: str) -> list[str]:
    """What is wrong with a request for a token by a service account's assertion (RFC 7523)."""
    form = {name: values[0] for name, values in parse_qs(received.body.decode(), strict_parsing=True).items()}
    wrong = []
    if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
        wrong.append(f"grant_type {form.get('grant_type')}")
    head, claims, signature = form["assertion"].split(".")
    if json.loads(_part(head)) != {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}:
        wrong.append(f"header {_part(head)!r}")
    said = json.loads(_part(claims))
    if {name: said.get(name) for name in ("iss", "scope", "aud")} != {"iss": EMAIL, "scope": SCOPE, "aud": audience}:
        wrong.append(f"claims {said}")
    if not (abs(said["iat"] - time.time()) < 30 and 0 < said["exp"] - said["iat"] <= 3600):
        wrong.append(f"times {said['iat']} {said['exp']}")
    # Raises where it does not fit, which the provider tells as a violation.
    account.key.public_key().verify(_part(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    return wrong


class Tokens(Provider):
    """A token endpoint: each answer is another token. `lifetime` in seconds."""

    PATH = "/token"

    def __init__(self, lifetime: int = 3600):
        self.lifetime = lifetime
        self.given: list[str] = []
        super().__init__("tokens", self._answer, self._check)
        self.account: Account | None = None
        self.form: dict[str, str] | None = None

    @property
    def token_url(self) -> str:
        """Where it is."""
        return f"{self.url}{self.PATH}"

    def _answer(self, conn: Conn, _: Received) -> None:
        self.given.append(f"ya29.token-{len(self.given) + 1}")
        value = {"access_token": self.given[-1], "expires_in": self.lifetime, "token_type": "Bearer"}
        replies.json_body(value)(conn, _)

    def _check(self, received: Received) -> list[str]:
        wrong = [] if received.target == self.PATH else [f"path {received.target}"]
        if received.header("host") != self.authority:
            wrong.append(f"host {received.header('host')}")
        if self.account or self.form:
            if received.method != "POST" or received.header("content-type") != "application/x-www-form-urlencoded":
                wrong.append(f"{received.method} of {received.header('content-type')}")
        if self.account:
            return wrong + assertion(received, self.account, self.token_url)
        if self.form:
            sent = {name: values[0] for name, values in parse_qs(received.body.decode(), strict_parsing=True).items()}
            return wrong + ([] if sent == self.form else [f"form {sent}"])
        if received.method != "GET" or received.header("metadata-flavor") != "Google" or received.body:
            wrong.append(f"{received.method} with metadata-flavor {received.header('metadata-flavor')}")
        return wrong
