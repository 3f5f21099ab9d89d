"""`switchyard run`: starts Envoy, follows the file, and leaves nothing behind."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import ENV, pool_file
from rig import openai, prompts, referee, replies
from rig.client import Client
from rig.envoy import BAD_LOG
from rig.provider import Provider
from rig.run import Run


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    made: list[Run] = []

    def start(file: dict | None, env: dict[str, str] | None = None, *more: str) -> Run:
        made.append(Run(tmp_path, file, ENV if env is None else env, *more))
        return made[-1]

    yield start
    for one in made:
        one.stop()
    bad = [line for one in made for line in one.output.splitlines() if BAD_LOG.search(line)]
    assert not bad, bad


@pytest.fixture
def file(openai_provider: Provider, claude_provider: Provider) -> dict:
    return pool_file(openai_provider, claude_provider)


def test_it_tells_what_to_do_and_stops_what_it_started(run, file: dict) -> None:
    gateway = run(file).ready()
    gateway.says(r"http://127\.0\.0\.1:\d+/v1")
    (line,) = re.findall(r"^curl .*$", gateway.output, re.MULTILINE)
    done = subprocess.run(["bash", "-c", line.replace("curl ", "curl -sS --noproxy '*' ", 1)], capture_output=True, timeout=20)
    assert b"Hello from OpenAI." in done.stdout, done
    children = gateway.children()
    assert children
    gateway.stop()
    assert gateway.process.returncode == 0, gateway.output
    for pid in children:
        assert not Path(f"/proc/{pid}").exists(), f"process {pid} was left behind"


def test_a_changed_file_takes_effect_without_dropping_a_stream(run, file: dict, openai_provider: Provider) -> None:
    gateway = run(file).ready()
    events = openai.stream_events([f" {number}" for number in range(40)], usage=False)
    openai_provider.script.append(replies.events([part for event in events for part in (event, 0.12)]))
    streaming = Client(gateway.port)
    streaming.send("POST", "/v1/chat/completions", [("content-type", "application/json")],
                   b'{"model":"gpt-4.1","stream":true,"messages":[{"role":"user","content":"count"}]}')
    answer = streaming.head()
    assert streaming.piece(answer)

    models = [{"name": "fresh", "targets": [{"provider": "claude", "model": "claude-sonnet-4-5"}]}]
    gateway.write({**gateway.file, "models": models})
    gateway.says("(?m)^reloaded", 25)
    client = Client(gateway.port)
    value = referee.completion(client.chat(prompts.chat(model="fresh")))
    assert value["choices"][0]["message"]["content"] == "Hello from Anthropic."
    referee.error(client.chat(prompts.chat(model="gpt-4.1")), 404)

    assert len(answer.chunks) < 38, "the stream was over before the reload: the test shows nothing"
    while streaming.piece(answer):
        pass
    assert referee.stream(answer) == "".join(f" {number}" for number in range(40))


def test_a_connection_from_before_a_change_is_served_once_more(run, file: dict) -> None:
    """Its request is for the old listener, which names a pool that the new file has no more."""
    gateway = run(file).ready()
    kept = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)

    def ask() -> tuple[int, str | None]:
        kept.request("POST", "/v1/chat/completions", json.dumps(prompts.chat()), {"content-type": "application/json"})
        reply = kept.getresponse()
        reply.read()
        return reply.status, reply.getheader("connection")

    assert ask() == (200, None)
    models = [{**model, "targets": model["targets"][::-1]} for model in gateway.file["models"]]
    gateway.write({**gateway.file, "models": models})
    gateway.says(r"(?m)^reloaded")
    assert ask() == (200, "close")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"models": [{"name": "x", "targets": [{"provider": "nobody"}]}]}, "nobody"),
        ({"modles": []}, "modles"),
        ({"listen": "nonsense"}, "listen"),
    ],
    ids=["unknown-provider", "unknown-key", "bad-listen"],
)
def test_a_wrong_file_is_refused_and_the_old_one_kept(run, file: dict, change: dict, said: str) -> None:
    gateway = run(file).ready()
    gateway.write({**gateway.file, **change})
    gateway.says("not reloaded")
    assert said in gateway.output
    referee.completion(Client(gateway.port).chat(prompts.chat()))
    gateway.write({**gateway.file, "models": gateway.file["models"][:1]})
    gateway.says(r"(?m)^reloaded")
    referee.completion(Client(gateway.port).chat(prompts.chat()))


def test_a_busy_port_is_one_clear_line(run, file: dict) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        gateway = run({**file, "listen": f"127.0.0.1:{port}"})
        gateway.process.wait(10)
    assert gateway.process.returncode == 1
    (line,) = [line for line in gateway.output.splitlines() if line.startswith("switchyard: ")]
    assert str(port) in line and "in use" in line


def test_a_missing_key_is_said_before_envoy_starts(run, file: dict) -> None:
    gateway = run(file, {})
    gateway.process.wait(10)
    assert gateway.process.returncode == 1
    assert "OPENAI_API_KEY" in gateway.output


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_without_keys_the_mock_answers(run, how: int) -> None:
    """No file, no keys: the built-in mock serves, and streams."""
    gateway = run(None, {}).ready()
    client = Client(gateway.port)
    names = [model["id"] for model in client.request("GET", "/v1/models").json["data"]]
    assert names
    for model in names:
        referee.completion(client.chat(prompts.chat(model=model)))
        assert referee.stream(client.chat(prompts.chat(model=model, stream=True)))
    children = gateway.children()
    gateway.stop(how)
    assert all(not Path(f"/proc/{pid}").exists() for pid in children)
