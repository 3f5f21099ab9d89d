"""Signatures of AWS, computed anew from what arrived: Signature Version 4, "Create a signed AWS API request"."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote

from .provider import Received

CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)
# What a signature adds to a request.
HEADERS = {"authorization", "x-amz-date", "x-amz-content-sha256"}


@dataclass(frozen=True)
class Key:
    """An access key."""

    id: str
    secret: str
    token: str | None = None


def check(received: Received, key: Key, region: str, service: str = "bedrock") -> list[str]:
    """What is wrong with a request's signature."""
    match = CREDENTIAL.fullmatch(received.header("authorization") or "")
    if not match:
        return [f"authorization {received.header('authorization')!r}"]
    key_id, date, of_region, of_service, names, signature = match.groups()
    wrong = []
    if (key_id, of_region, of_service) != (key.id, region, service):
        wrong.append(f"signed by {key_id} for {of_region}/{of_service}")
    if received.header("x-amz-security-token") != key.token:
        wrong.append(f"x-amz-security-token {received.header('x-amz-security-token')!r}")
    if received.header("x-amz-content-sha256") != hashlib.sha256(received.body).hexdigest():
        wrong.append("x-amz-content-sha256 is not that of the body")
    wrong += [f"{name} is not signed" for name in ("host", "x-amz-date", "x-amz-content-sha256") if name not in names.split(";")]
    wrong += [f"{name} is signed" for name in names.split(";") if name.startswith("x-switchyard-")]
    if _signature(received, key, date, region, service, names) != signature:
        wrong.append("the signature does not fit the request")
    return wrong


def _signature(received: Received, key: Key, date: str, region: str, service: str, names: str) -> str:
    path, _, query = received.target.partition("?")
    headers = "".join(f"{name}:{' '.join((received.header(name) or '').split())}\n" for name in names.split(";"))
    # Every service but S3 escapes a path once more than it came.
    lines = [received.method, quote(path, safe="/-_.~"), query, headers, names, hashlib.sha256(received.body).hexdigest()]
    scope = f"{date}/{region}/{service}/aws4_request"
    stamp = received.header("x-amz-date") or ""
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256("\n".join(lines).encode()).hexdigest()])
    derived = f"AWS4{key.secret}".encode()
    for part in (date, region, service, "aws4_request"):
        derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
    return hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()
