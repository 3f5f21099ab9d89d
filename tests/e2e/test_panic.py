"""A filter that fails, on purpose: what that costs. Its own module, which panics where a header tells it to."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import ENV, pool_file
from rig import openai, prompts, replies
from rig.client import Answer, Client
from rig.envoy import ROOT
from rig.gateway import Gateway
from rig.hostile import DIALECTS
from rig.provider import Conn, Provider, Received

MODULE = ROOT / "dist" / "switchyard-panic.wasm"
# Where a request's own callbacks can be made to fail. The last one takes all memory there is.
PLACES = [
    "gateway-request-headers", "gateway-request-body", "gateway-reply-headers", "gateway-reply-body", "gateway-done",
    "provider-request-headers", "provider-request-body", "provider-reply-headers", "provider-reply-body", "provider-done",
    "memory-gateway-request-body", "memory-provider-reply-body",
]
# Well over any time out of this gateway (its attempts take 4 s at most).
SOON = 6


@pytest.fixture(scope="module")
def module() -> None:
    """The module that fails, of these sources."""
    subprocess.run(["make", "wasm-panic"], cwd=ROOT, check=True, capture_output=True, timeout=900)


@pytest.fixture(scope="module")
def failing(module: None, tmp_path_factory: pytest.TempPathFactory, openai_server: Provider, claude_server: Provider) -> Iterator[Gateway]:
    """Two workers."""
    file = pool_file(openai_server, claude_server, timeouts={"connect": "1s", "first_event": "2s", "reply": "2s", "idle": "3s"})
    gateway = Gateway(tmp_path_factory.mktemp("panic"), file, ENV, workers=2, wasm=MODULE)
    yield gateway
    gateway.stop()


class Kept:
    """A connection that is kept, and so stays on its worker."""

    def __init__(self, gateway: Gateway):
        self.client = Client(gateway.port, SOON + 2)
        self.client.connect()

    def ask(self, body: dict, place: str | None = None, path: str = "/v1/chat/completions") -> Answer:
        headers = [("content-type", "application/json"), *([("x-inject-panic", place)] if place else [])]
        return self.client.again("POST", path, headers, body)


def reloads(gateway: Gateway) -> dict[str, int]:
    """What Envoy counts about VMs that were started again."""
    return gateway.envoy.stats(r"vm_reload")


def failures(gateway: Gateway) -> int:
    """How often one was."""
    return sum(value for name, value in reloads(gateway).items() if name.endswith("vm_reload_success"))


@pytest.mark.parametrize("dialect", ["chat", "messages"])
@pytest.mark.parametrize("place", PLACES)
def test_the_very_next_request_is_served(failing: Gateway, openai_provider: Provider, claude_provider: Provider, place: str, dialect: str) -> None:
    """On every connection that is open, ten times over without a pause."""
    asked = DIALECTS[dialect]
    before = failures(failing)
    body = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "x" * (100_000 if "provider-request" in place else 10)}], "max_tokens": 5}
    for _ in range(10):
        # One breaks, and so many others are open that some are on each worker, whichever fails.
        breaking, *others = [Kept(failing) for _ in range(9)]
        try:
            fails = breaking.ask(body, place, asked.path)
        except EOFError:
            assert place.endswith("reply-body"), "closed without an answer"
        else:
            # `done` comes when its reply has gone out.
            assert place.endswith("done") or fails.status == 503 or not fails.complete, (fails.status, fails.body)
            if fails.status == 503:
                asked.error(fails)
                assert fails.header("retry-after") == "1"
        for other in others:
            answer = other.ask(body, None, asked.path)
            assert answer.status == 200, (answer.status, answer.body, reloads(failing))
            other.client.close()
    assert failures(failing) >= before + 10, reloads(failing)
    assert failing.envoy.process.poll() is None


def held(conn: Conn, received: Received) -> None:
    """A provider that takes a second: a stream has begun by then."""
    if received.json.get("stream"):
        events = openai.stream_events([" a"] * 20, False)
        replies.events([part for event in events for part in (event, 0.05)])(conn, received)
    else:
        replies.slow(1.0, openai.answer())(conn, received)


def test_it_costs_what_is_in_flight_on_that_worker_and_nothing_else(
    failing: Gateway, openai_provider: Provider, claude_provider: Provider
) -> None:
    """Streams, replies that are waited for and requests that still come, on both workers, while one of them fails."""
    before = failures(failing)
    openai_provider.default, usual = held, openai_provider.default
    slow_body = b'{"model":"openai-only","messages":[{"role":"user","content":"' + b"x" * 500 + b'"}]}'

    def uploading(client: Client) -> Answer:
        def pieces() -> Iterator[bytes]:
            for at in range(0, len(slow_body), 60):
                yield slow_body[at:at + 60]
                time.sleep(0.1)

        return client.request("POST", "/v1/chat/completions", [("content-type", "application/json")], pieces())

    kinds: dict[str, Callable[[Client], Answer]] = {
        "stream": lambda client: client.chat(prompts.chat(model="openai-only", stream=True)),
        "whole": lambda client: client.chat(prompts.chat(model="openai-only")),
        "upload": uploading,
    }
    results: dict[str, list[tuple[str, float]]] = {kind: [] for kind in kinds}
    started = threading.Barrier(12 * len(kinds) + 1)

    def one(kind: str) -> None:
        client = failing.client(SOON + 4)
        started.wait()
        begun = time.monotonic()
        try:
            answer = kinds[kind](client)
            served = answer.status == 200 and answer.complete and (b"[DONE]" in answer.body or kind != "stream")
            told = "served" if served else f"{answer.status}"
        except (EOFError, ConnectionError):
            told = "closed"
        results[kind].append((told, time.monotonic() - begun))

    try:
        with ThreadPoolExecutor(12 * len(kinds)) as pool:
            for kind in kinds:
                for _ in range(12):
                    pool.submit(one, kind)
            breaking, *others = [Kept(failing) for _ in range(9)]
            started.wait()
            time.sleep(0.4)
            breaking.ask(prompts.chat(), "gateway-request-headers")
            openai_provider.default = usual
            for other in others:
                answer = other.ask(prompts.chat())
                assert answer.status == 200, answer.body
    finally:
        openai_provider.default = usual
    for kind, ended in results.items():
        assert len(ended) == 12
        assert max(took for _, took in ended) < SOON, (kind, ended)
        served = [told for told, _ in ended if told == "served"]
        # Which connection is on which worker is the kernel's choice; of twelve, some are on each.
        assert 0 < len(served) < 12, (kind, ended)
        assert {told for told, _ in ended} <= {"served", "503", "200", "closed", "502", "504"}, (kind, ended)
    assert failures(failing) > before


def test_many_at_once(failing: Gateway, openai_provider: Provider, claude_provider: Provider) -> None:
    """Failures all the time on both workers, while others ask: whoever is not in flight at that moment is served."""
    until = time.monotonic() + 3
    tally = {"served": 0, "lost": 0, "panics": 0}

    def breaking() -> None:
        while time.monotonic() < until:
            failing.client().chat(prompts.chat(), [("x-inject-panic", "gateway-request-body")])
            tally["panics"] += 1
            time.sleep(0.1)

    def asking() -> None:
        while time.monotonic() < until:
            answer = failing.client(SOON).chat(prompts.chat())
            tally["served" if answer.status == 200 else "lost"] += 1

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(work) for work in (breaking, asking, asking)]
    for each in done:
        each.result()
    assert tally["panics"] > 5
    assert tally["served"] > 20 * max(1, tally["lost"]) or tally["lost"] <= 3 * tally["panics"], tally
    assert tally["served"] > tally["lost"], tally
