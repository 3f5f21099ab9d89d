"""Many clients at once, on two workers: each gets what is its own, whatever becomes of the attempts between."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from rig import anthropic, gemini, openai, prompts, referee, replies
from rig.client import Client
from rig.gateway import Gateway
from rig.media import post_json
from rig.provider import Conn, Provider, Received, Reply

MARK = re.compile(rb"mark-[0-9a-f]{12}")
REQUESTS = 400
RIGS: dict[str, ModuleType] = {"openai": openai, "claude": anthropic, "gemini": gemini}


def marked(name: str, mark: str) -> Reply:
    """An answer that says this mark."""
    text = f"{name} says {mark}"
    if name == "openai":
        return openai.answer(tuple(re.split(r"(?<=-)", text)))
    return anthropic.answer(anthropic.text(text)) if name == "claude" else gemini.answer(gemini.text(text))


def echo(name: str) -> Reply:
    """Answers with the mark of the request, late, and fails for some: the first of them, then the second, then none."""

    def reply(conn: Conn, received: Received) -> None:
        mark = MARK.findall(received.body)[0].decode()
        time.sleep(int(mark[-2:], 16) / 2000)
        fails = {"openai": int(mark[5], 16) % 4, "claude": int(mark[6], 16) % 4}.get(name, 3)
        if fails == 0:
            return replies.json_body({"error": {"message": f"overloaded: {mark}", "type": "overloaded_error"}}, 503)(conn, received)
        if fails == 1:
            return conn.reset()
        return marked(name, mark)(conn, received)

    return reply


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Provider]]:
    """Three of different formats."""
    made = {name: Provider(name, echo(name), rig.check) for name, rig in RIGS.items()}
    yield made
    for provider in made.values():
        provider.close()


@pytest.fixture
def two_workers(tmp_path: Path, servers: dict[str, Provider]) -> Iterator[Gateway]:
    """A gateway with two VMs."""
    urls = {name: server.url + ("/v1" if name == "openai" else "") for name, server in servers.items()}
    kinds = {"openai": "openai", "claude": "anthropic", "gemini": "gemini"}
    file = {
        "providers": [
            {"name": name, "type": kinds[name], "base_url": urls[name], "api_key": {"value": rig.KEY}} for name, rig in RIGS.items()
        ],
        "models": [{"name": "all", "targets": [{"provider": name, "model": rig.MODEL} for name, rig in RIGS.items()]}],
        "timeouts": {"connect": "2s", "first_event": "5s", "reply": "5s"},
    }
    gateway = Gateway(tmp_path / "gateway", file, {}, workers=2)
    yield gateway
    problems = gateway.new_problems()
    gateway.stop()
    assert not problems, problems


def one(gateway: Gateway, number: int) -> tuple[str, bytes, int]:
    """One request of one client; some leave in the middle, some send more than a VM keeps."""
    mark = f"mark-{random.Random(number).getrandbits(48):012x}"
    prompt = f"{mark} " + "x" * (100_000 if number % 10 == 0 else 50)
    client, kind = gateway.client(30), number % 5
    body = prompts.chat(prompt, model="all", stream=kind in (1, 4))
    if kind == 4:
        client.send("POST", "/v1/chat/completions", [("content-type", "application/json")], json.dumps(body).encode())
        time.sleep(0.02)
        client.close()
        return mark, mark.encode(), 200
    if kind in (2, 3):
        messages = {"model": "all", "max_tokens": 99, "messages": body["messages"], "stream": kind == 3}
        answer = post_json(client, "/v1/messages", messages)
    else:
        answer = client.chat(body)
    assert answer.complete
    return mark, answer.body, answer.status


def said(body: bytes) -> bytes:
    """A reply's text: deltas joined."""
    pieces = re.findall(rb'"(?:content|text)": ?"((?:[^"\\]|\\.)*)"', body)
    return b"".join(pieces)


def test_nobody_gets_what_is_another_ones(two_workers: Gateway, servers: dict[str, Provider]) -> None:
    with ThreadPoolExecutor(32) as pool:
        results = list(pool.map(lambda number: one(two_workers, number), range(REQUESTS)))
    for mark, body, status in results:
        assert status == 200, (mark, status, body[:300])
        assert set(MARK.findall(said(body) or body)) == {mark.encode()}, (mark, body[:600])
    asked = {name: len(server.requests) for name, server in servers.items()}
    assert min(asked.values()) > REQUESTS / 20, f"hardly anything failed over: {asked}"
    for name, server in servers.items():
        assert not server.violations, server.violations
        for received in server.requests:
            assert len(set(MARK.findall(received.raw))) == 1
            assert RIGS[name].KEY.encode() in received.raw
            assert not [other for other, rig in RIGS.items() if other != name and rig.KEY.encode() in received.raw]
    used = two_workers.envoy.stats(r"^listener\.127\.0\.0\.1_\d+\.worker_\d+\.downstream_cx_total$")
    assert len([count for count in used.values() if count]) == 2, used
    # Each is forgotten: the next one is served as the first was.
    assert referee.completion(Client(two_workers.port).chat(prompts.chat("mark-ffffffffffff", model="all")))
