"""What providers are shown: signatures, tokens, keys that rotate; and what happens where there is nothing to show."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat

from rig import anthropic, aws, openai, prompts, referee, replies
from rig.client import Client
from rig.envoy import wait_for
from rig.gateway import Gateway
from rig.oauth import Account, Tokens
from rig.provider import Conn, Provider, Received, Reply
from test_upstream import HOSTILE, exactly, no_client_secret

# Nothing of the machine that runs the tests is to be found, or asked for.
ENV = {"OPENAI_API_KEY": openai.KEY, "AWS_EC2_METADATA_DISABLED": "true"}
ONE = aws.Key("AKIAONE", "secret-of-one/+")
TWO = aws.Key("AKIATWO", "secret-of-two", "token-of-two==")
COLON = "/model/vendor.model-v1%3A0/chat"


def serve(name: str, answer: Reply) -> Provider:
    """A provider that does not judge; the tests do."""
    return Provider(name, answer)


@pytest.fixture
def near() -> Iterator[Provider]:
    """An OpenAI with any credential."""
    provider = serve("near", openai.answer())
    yield provider
    provider.close()
    assert not provider.violations, provider.violations


@pytest.fixture
def far() -> Iterator[Provider]:
    """An Anthropic with any credential."""
    provider = serve("far", anthropic.answer())
    yield provider
    provider.close()
    assert not provider.violations, provider.violations


@pytest.fixture
def tokens() -> Iterator[Tokens]:
    """A token endpoint."""
    server = Tokens()
    yield server
    server.close()
    assert not server.violations, server.violations


def provider(name: str, at: Provider, **more: object) -> dict:
    """A row of the file: OpenAI's format, without any credential but what `more` says."""
    return {"name": name, "type": "openai-compatible", "base_url": f"{at.url}/v1", **more}


def claude(name: str, at: Provider, **more: object) -> dict:
    """The same in Anthropic's format, so that the body is another one than the client's."""
    return {"name": name, "type": "anthropic", "base_url": at.url, **more}


def file(*providers: dict, **more: object) -> dict:
    """A file with a model for each provider, called as the provider is, and `all` with all of them in order."""
    names = [row["name"] for row in providers]
    models = [{"name": name, "targets": [{"provider": name, "model": "m"}]} for name in names]
    every = {"name": "all", "targets": [{"provider": name, "model": "m"} for name in names]}
    return {"providers": list(providers), "models": [*models, every], **more}


def inline(key: aws.Key, **more: str) -> dict:
    """An AWS key in the file."""
    parts = {"access_key": {"value": key.id}, "secret_key": {"value": key.secret}}
    return {**parts, **({"session_token": {"value": key.token}} if key.token else {}), **more}


# ---------------------------------------------------------------- AWS


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_two_aws_accounts_each_sign_what_is_theirs(
    own_gateway: Callable[..., Gateway], near: Provider, far: Provider, stream: bool
) -> None:
    gateway = own_gateway(
        file(
            provider("one", near, path=COLON, aws=inline(ONE, region="us-east-1")),
            claude("two", far, aws=inline(TWO, region="eu-west-3")),
        ),
        ENV,
    )
    client = gateway.client()
    for name, at, key, region in (("one", near, ONE, "us-east-1"), ("two", far, TWO, "eu-west-3")):
        answer = client.chat(prompts.chat("x" * 5000, model=name, stream=stream), HOSTILE)
        referee.stream(answer) if stream else referee.completion(answer)
        (received,) = at.requests
        assert aws.check(received, key, region) == []
        added = aws.HEADERS | ({"x-amz-security-token"} if key.token else set())
        exactly(received, added | ({"anthropic-version"} if name == "two" else set()), stream)
        no_client_secret(received)
        other = TWO if key is ONE else ONE
        assert other.id.encode() not in received.raw
        assert b"secret-of" not in received.raw
    assert near.requests[0].target == f"/v1{COLON}"
    assert "system" not in far.requests[0].json and far.requests[0].json["max_tokens"], "the translated body is signed"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_in_one_pass_the_translated_request_is_signed(own_gateway: Callable[..., Gateway], far: Provider, stream: bool) -> None:
    """The filters that sign come before the router then."""
    gateway = own_gateway(file(claude("two", far, aws=inline(TWO, region="eu-west-3"))), ENV, flags=("--role", "standalone"))
    answer = gateway.client().chat(prompts.chat("x" * 5000, model="two", stream=stream), HOSTILE)
    referee.stream(answer) if stream else referee.completion(answer)
    (received,) = far.requests
    assert aws.check(received, TWO, "eu-west-3") == [] and received.target == "/v1/messages"
    assert "x-switchyard-sign" not in received.names
    no_client_secret(received)


@pytest.mark.parametrize("path", ["/model/vendor.model-v1:0/chat", "/model/arn%3Aaws%3Ax%2Fy/chat?a=1"])
def test_paths_are_signed_as_they_are_sent(own_gateway: Callable[..., Gateway], near: Provider, path: str) -> None:
    path, _, _ = path.partition("?")
    gateway = own_gateway(file(provider("one", near, path=path, aws=inline(ONE, region="us-east-1"))), ENV)
    referee.completion(gateway.client().chat(prompts.chat(model="one")))
    assert near.requests[0].target == f"/v1{path}"
    assert aws.check(near.requests[0], ONE, "us-east-1") == []


def test_a_large_request_is_signed(own_gateway: Callable[..., Gateway], far: Provider) -> None:
    """Larger than Envoy's own buffers; the signature needs the whole of it."""
    gateway = own_gateway(file(claude("two", far, aws=inline(TWO, region="us-east-1"))), ENV)
    referee.completion(gateway.client().chat(prompts.chat(prompts.text(5 * prompts.MB), model="two")))
    assert aws.check(far.requests[0], TWO, "us-east-1") == []


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("order", ["to-aws", "from-aws"])
def test_failover_carries_nothing_of_a_signature(
    own_gateway: Callable[..., Gateway], near: Provider, far: Provider, order: str, stream: bool
) -> None:
    key = {"api_key": {"env": "OPENAI_API_KEY"}}
    rows = [provider("openai", near, **key), claude("two", far, aws=inline(TWO, region="us-west-2"))]
    first, second = (near, far) if order == "to-aws" else (far, near)
    gateway = own_gateway(file(*(rows if order == "to-aws" else rows[::-1])), ENV)
    first.script.append(openai.error(503))
    answer = gateway.client().chat(prompts.chat(model="all", stream=stream), HOSTILE)
    referee.stream(answer) if stream else referee.completion(answer)
    assert len(first.requests) == len(second.requests) == 1
    exactly(near.requests[0], {"authorization"}, stream)
    assert near.requests[0].header("authorization") == f"Bearer {openai.KEY}"
    assert aws.check(far.requests[0], TWO, "us-west-2") == []
    exactly(far.requests[0], aws.HEADERS | {"x-amz-security-token", "anthropic-version"}, stream)
    for received, secrets in ((near.requests[0], (TWO.id, TWO.token)), (far.requests[0], (openai.KEY,))):
        assert not any(secret.encode() in received.raw for secret in secrets if secret)


def test_the_environment_is_what_a_credential_without_parts_means(own_gateway: Callable[..., Gateway], near: Provider) -> None:
    gateway = own_gateway(
        file(provider("one", near, aws={"region": "us-east-1"})),
        {**ENV, "AWS_ACCESS_KEY_ID": TWO.id, "AWS_SECRET_ACCESS_KEY": TWO.secret, "AWS_SESSION_TOKEN": TWO.token or ""},
    )
    referee.completion(gateway.client().chat(prompts.chat(model="one")))
    assert aws.check(near.requests[0], TWO, "us-east-1") == []


def test_a_credentials_file_is_read_again_when_it_is_replaced(
    own_gateway: Callable[..., Gateway], near: Provider, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    path = keys / "credentials"

    def write(key: aws.Key) -> None:
        new = keys / "new"
        lines = ["[other]", "aws_access_key_id=X", "aws_secret_access_key=X", "[work]", f"aws_access_key_id={key.id}"]
        lines += [f"aws_secret_access_key={key.secret}"] + ([f"aws_session_token={key.token}"] if key.token else [])
        new.write_text("\n".join(lines) + "\n")
        new.rename(path)

    write(ONE)
    source = {"credentials_file": str(path), "profile": "work", "region": "us-east-1"}
    gateway = own_gateway(file(provider("one", near, aws=source)), {**ENV, "AWS_ACCESS_KEY_ID": "X", "AWS_SECRET_ACCESS_KEY": "X"})
    client = gateway.client()
    referee.completion(client.chat(prompts.chat(model="one")))
    assert aws.check(near.requests[-1], ONE, "us-east-1") == []
    write(TWO)

    def rotated() -> bool:
        referee.completion(client.chat(prompts.chat(model="one")))
        return aws.check(near.requests[-1], TWO, "us-east-1") == []

    wait_for("the new key signs", rotated, 5)


def test_without_an_aws_credential_nothing_of_anyone_is_sent(
    own_gateway: Callable[..., Gateway], near: Provider, far: Provider
) -> None:
    """Envoy sends it unsigned, AWS refuses it, and the next provider answers."""
    missing = {"credentials_file": "/nowhere/credentials", "region": "us-east-1"}
    key = {"api_key": {"env": "OPENAI_API_KEY"}}
    gateway = own_gateway(file(claude("two", far, aws=missing), provider("openai", near, **key)), ENV)
    far.script.append(replies.json_body({"message": "Missing Authentication Token"}, 403))
    referee.completion(gateway.client().chat(prompts.chat(model="all")))
    assert far.requests[0].header("authorization") is None
    assert near.requests[0].header("authorization") == f"Bearer {openai.KEY}"


# ---------------------------------------------------------------- Google, Microsoft


def account_file(tokens: Tokens, near: Provider, path: Path, **more: object) -> dict:
    """One provider with a service account."""
    tokens.account = tokens.account or Account()
    source = {"service_account_file": tokens.account.write(path, tokens.token_url), "token_url": tokens.token_url}
    return file(provider("google", near, google=source, **more))


def ready(gateway: Gateway, model: str) -> None:
    """Waits for the first token."""
    client = gateway.client()
    wait_for("the first token is there", lambda: client.chat(prompts.chat(model=model)).status == 200, 10)


def logged(gateway: Gateway, what: str) -> None:
    """Waits until Envoy's log says so; it is written now and then."""
    wait_for(f"the log says {what!r}", lambda: what in gateway.envoy.log, 12)


def bearer(received: Received) -> str | None:
    """What stands after `Bearer `."""
    return (received.header("authorization") or "").removeprefix("Bearer ") or None


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["pkcs8", "pkcs1"])
def test_a_service_account_gets_a_token_that_requests_share(
    own_gateway: Callable[..., Gateway], near: Provider, tokens: Tokens, tmp_path: Path, form: PrivateFormat
) -> None:
    tokens.account = Account()
    key = tokens.account.write(tmp_path / "key.json", tokens.token_url, private_key=tokens.account.pem(form))
    gateway = own_gateway(file(provider("google", near, google={"service_account_file": key, "token_url": tokens.token_url})), ENV)
    ready(gateway, "google")
    for stream in (False, True):
        answer = gateway.client().chat(prompts.chat(model="google", stream=stream), HOSTILE)
        referee.stream(answer) if stream else referee.completion(answer)
        exactly(near.requests[-1], {"authorization"}, stream)
        no_client_secret(near.requests[-1])
    assert {bearer(received) for received in near.requests} == {"ya29.token-1"}
    assert len(tokens.requests) == 1
    assert "PRIVATE KEY" not in gateway.envoy.log and "ya29" not in gateway.envoy.log


def test_workers_share_one_token(near: Provider, tokens: Tokens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import rig.envoy

    plain = rig.envoy.subprocess.Popen

    def two_workers(command: list[str], **more: object):
        if "--concurrency" not in command:
            return plain(command, **more)
        at = command.index("--concurrency")
        return plain([*command[: at + 1], "2", *command[at + 2 :]], **more)

    monkeypatch.setattr(rig.envoy.subprocess, "Popen", two_workers)
    gateway = Gateway(tmp_path / "gateway", account_file(tokens, near, tmp_path / "key.json"), ENV)
    try:
        ready(gateway, "google")
        time.sleep(0.6)  # every worker has looked
        threads = [threading.Thread(target=lambda: referee.completion(gateway.client().chat(prompts.chat(model="google")))) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        used = gateway.envoy.stats(r"^listener\.127\.0\.0\.1_\d+\.worker_\d+\.downstream_cx_total$")
        assert len([count for count in used.values() if count]) == 2, used
        assert {bearer(received) for received in near.requests} == {"ya29.token-1"}
        assert len(tokens.requests) == 1
        assert gateway.new_problems() == []
    finally:
        gateway.stop()


def test_a_token_is_renewed_before_it_ends(
    own_gateway: Callable[..., Gateway], near: Provider, tokens: Tokens, tmp_path: Path
) -> None:
    tokens.lifetime = 4
    gateway = own_gateway(account_file(tokens, near, tmp_path / "key.json"), ENV)
    ready(gateway, "google")
    client, end = gateway.client(), time.monotonic() + 7
    while time.monotonic() < end:
        referee.completion(client.chat(prompts.chat(model="google")))
        time.sleep(0.1)
    used = list(dict.fromkeys(bearer(received) for received in near.requests))
    assert used == tokens.given[: len(used)] and len(used) in (2, 3, 4), used
    assert len(tokens.requests) <= len(used) + 1


def test_a_token_endpoint_that_is_down_costs_no_request_while_another_provider_is_there(
    own_gateway: Callable[..., Gateway], near: Provider, far: Provider, tokens: Tokens
) -> None:
    tokens.refuse()
    source = {"metadata": True, "token_url": tokens.token_url}
    key = {"api_key": {"value": anthropic.KEY}}
    gateway = own_gateway(file(provider("google", near, google=source), claude("claude", far, **key)), ENV)
    client = gateway.client()
    for stream in (False, True):
        answer = client.chat(prompts.chat(model="all", stream=stream))
        referee.stream(answer) if stream else referee.completion(answer)
    assert not near.requests, "asked without a credential"
    error = referee.error(client.chat(prompts.chat(model="google")), 503)
    assert error["code"] == "no_credential"
    logged(gateway, "provider `google`: no new token: the token endpoint")
    tokens.open()
    ready(gateway, "google")
    referee.completion(client.chat(prompts.chat(model="all")))
    assert bearer(near.requests[-1]) == "ya29.token-1"


def test_an_endpoint_that_fails_is_asked_less_and_less_often_and_its_old_token_used_up(
    own_gateway: Callable[..., Gateway], near: Provider, tokens: Tokens, tmp_path: Path
) -> None:
    tokens.lifetime = 8
    gateway = own_gateway(account_file(tokens, near, tmp_path / "key.json"), ENV)
    ready(gateway, "google")
    tokens.default = replies.json_body({"error": "invalid_grant", "error_description": "eyJ-secret"}, 400)
    client, end = gateway.client(), time.monotonic() + 5
    while time.monotonic() < end:
        referee.completion(client.chat(prompts.chat(model="google")))
        time.sleep(0.2)
    wait_for("the token is at its end", lambda: client.chat(prompts.chat(model="google")).status == 503, 5)
    answer = client.chat(prompts.chat(model="google"))
    assert referee.error(answer, 503)["code"] == "no_credential" and answer.header("retry-after") == "1"
    assert len(tokens.requests) <= 6
    logged(gateway, "400 (invalid_grant)")
    assert "eyJ" not in gateway.envoy.log


def test_a_provider_that_refuses_its_token_fails_over(
    own_gateway: Callable[..., Gateway], near: Provider, far: Provider, tokens: Tokens
) -> None:
    near.default = openai.error(401)
    source = {"metadata": True, "token_url": tokens.token_url}
    gateway = own_gateway(file(provider("google", near, google=source), claude("claude", far, api_key={"value": anthropic.KEY})), ENV)
    wait_for("the first token is there", lambda: bool(tokens.given), 10)
    time.sleep(0.4)
    referee.completion(gateway.client().chat(prompts.chat(model="all")))
    assert bearer(near.requests[0]) == "ya29.token-1"
    assert far.requests[0].header("authorization") is None and far.requests[0].header("x-api-key") == anthropic.KEY
    error = referee.error(gateway.client().chat(prompts.chat(model="google")), 502)
    assert "ya29" not in json.dumps(error)
    assert len(tokens.requests) == 1, "a young token is not renewed for that"


def test_an_application_of_microsoft_gets_a_token(own_gateway: Callable[..., Gateway], near: Provider, tokens: Tokens) -> None:
    secret = "a&b=c~Q"
    tokens.form = {
        "grant_type": "client_credentials",
        "client_id": "app",
        "client_secret": secret,
        "scope": "https://cognitiveservices.azure.com/.default",
    }
    source = {"tenant_id": "tenant", "client_id": "app", "client_secret": {"env": "AZURE_SECRET"}, "token_url": tokens.token_url}
    gateway = own_gateway(file(provider("azure", near, azure=source)), {**ENV, "AZURE_SECRET": secret})
    ready(gateway, "azure")
    assert bearer(near.requests[-1]) == "ya29.token-1" and len(tokens.requests) == 1
    assert secret not in gateway.envoy.log


# ---------------------------------------------------------------- keys


def test_a_key_that_is_not_in_the_environment_is_nobody_elses(
    own_gateway: Callable[..., Gateway], near: Provider, far: Provider
) -> None:
    gateway = own_gateway(
        file(claude("claude", far, api_key={"env": "NOT_SET"}), provider("openai", near, api_key={"env": "OPENAI_API_KEY"})), ENV
    )
    client = gateway.client()
    referee.completion(client.chat(prompts.chat(model="all")))
    assert not far.requests
    error = referee.error(client.chat(prompts.chat(model="claude")), 503)
    assert error["code"] == "no_credential" and not far.requests
    logged(gateway, "provider `claude` is not asked: the environment variable NOT_SET is not set")


@pytest.mark.parametrize("others", [1, 6])
def test_of_providers_of_one_format_the_one_without_a_key_shows_none(
    own_gateway: Callable[..., Gateway], near: Provider, others: int
) -> None:
    """Of few targets each can be left out. Of many, those of one format share their pools, so that it is asked; what it says of
    that makes Envoy try another."""
    keyless = serve("keyless", openai.error(401))
    keyed = [provider(f"openai-{index}", near, api_key={"env": "OPENAI_API_KEY"}) for index in range(others)]
    gateway = own_gateway(file(provider("keyless", keyless, api_key={"env": "NOT_SET"}), *keyed), ENV)
    referee.completion(gateway.client().chat(prompts.chat(model="all"), HOSTILE))
    assert len(keyless.requests) == (others > 5)
    for received in keyless.requests:
        assert received.header("authorization") is None
        exactly(received, set())
        no_client_secret(received)
    assert near.requests[0].header("authorization") == f"Bearer {openai.KEY}"
    keyless.close()


@pytest.mark.parametrize("content", ["", "\n"], ids=["empty", "blank"])
def test_an_empty_key_file_is_no_key(own_gateway: Callable[..., Gateway], near: Provider, far: Provider, tmp_path: Path, content: str) -> None:
    key = tmp_path / "key"
    key.write_text(content)
    near.default = openai.error(401)
    rows = [provider("near", near, api_key={"file": str(key)}), claude("claude", far, api_key={"value": anthropic.KEY})]
    gateway = own_gateway(file(*rows), ENV)
    referee.completion(gateway.client().chat(prompts.chat(model="all"), HOSTILE))
    assert near.requests[0].header("authorization") is None
    assert far.requests[0].header("x-api-key") == anthropic.KEY


def test_a_key_file_is_replaced_under_load(own_gateway: Callable[..., Gateway], near: Provider, tmp_path: Path) -> None:
    """Every request has the old key or the new one, whole; and from some moment on only the new one."""
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "key").write_text("key-0\n")
    gateway = own_gateway(file(provider("near", near, api_key={"file": str(keys / "key")})), ENV)
    stop = threading.Event()
    failed: list[int] = []

    def load() -> None:
        client = gateway.client()
        while not stop.is_set():
            if (status := client.chat(prompts.chat(model="near")).status) != 200:
                failed.append(status)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        wait_for("requests are served", lambda: len(near.requests) > 10)
        for turn in range(1, 4):
            (keys / "new").write_text(f"key-{turn}\n")
            (keys / "new").rename(keys / "key")
            wait_for("the new key is used", lambda turn=turn: f"key-{turn}" in map(bearer, near.requests[-3:]), 5)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed
    assert {bearer(received) for received in near.requests} == {"key-0", "key-1", "key-2", "key-3"}
    assert gateway.envoy.stat("listener_manager.listener_modified") == 0
