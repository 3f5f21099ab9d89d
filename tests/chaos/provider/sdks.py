"""Reads the simulator's replies with the vendors' own SDKs: OpenAI's, Anthropic's, and botocore for Bedrock.

    sdks.py target/release/chaos-provider

Gemini's and Cohere's replies are read with closed schemas where `../shared/validators` is beside the repository.
The last line is the verdict: `sdks: N passed, N failed, N skipped`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import traceback
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

ID = "0102030405060708"
PROMPT = f"id:{ID}; hello"
FORMATS = ("openai", "anthropic", "gemini", "bedrock", "cohere")
SCHEMAS = Path(__file__).resolve().parents[3].parent / "shared" / "validators" / "schemas"


class Skipped(Exception):
    """There is nothing to check with."""


def key(cell: str) -> str:
    """A cell's credential."""
    return f"key-of-{cell}-0001"


def said(cell: str) -> str:
    """What it answers."""
    return f"served-by:{cell} id:{ID}"


class Simulator:
    """The binary, with a cell for each format."""

    def __init__(self, binary: str):
        self.process = subprocess.Popen([binary, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.url = "http://" + self.process.stdout.readline().split()[-1]
        self.control("PUT", "/_cells", {cell: {"format": cell, "key": key(cell)} for cell in FORMATS})

    def control(self, method: str, path: str, body: object = None) -> dict:
        """The control API."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, method=method), timeout=5) as reply:
            return json.loads(reply.read())

    def fault(self, cell: str, fault: str) -> None:
        """Gives a cell a fault."""
        self.control("PATCH", f"/_cells/{cell}", {"fault": fault})

    def post(self, cell: str, path: str, headers: dict[str, str], body: dict) -> bytes:
        """A request without an SDK."""
        headers = {"content-type": "application/json", **headers}
        request = urllib.request.Request(self.url + f"/{cell}{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=5) as reply:
            return reply.read()


def openai_client(simulator: Simulator):
    """OpenAI's."""
    import openai

    return openai, openai.OpenAI(base_url=simulator.url + "/openai/v1", api_key=key("openai"), max_retries=0)


def openai_replies(simulator: Simulator) -> None:
    """Whole, streamed, refused, and an error within a stream."""
    openai, client = openai_client(simulator)
    ask = {"model": "m", "messages": [{"role": "user", "content": PROMPT}]}
    whole = client.chat.completions.create(**ask)
    assert whole.choices[0].message.content == said("openai") and whole.choices[0].finish_reason == "stop"
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (1001, 12)
    chunks = list(client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == said("openai")
    assert chunks[-1].usage.total_tokens == 1013
    for status, error in ((429, openai.RateLimitError), (401, openai.AuthenticationError), (503, openai.InternalServerError)):
        simulator.fault("openai", f"status:{status}")
        _raises(error, lambda: client.chat.completions.create(**ask))
    simulator.fault("openai", "error-later")
    _raises(openai.APIError, lambda: list(client.chat.completions.create(**ask, stream=True)))


def anthropic_replies(simulator: Simulator) -> None:
    """Whole, streamed, refused, and an error within a stream."""
    import anthropic

    client = anthropic.Anthropic(base_url=simulator.url + "/anthropic", api_key=key("anthropic"), max_retries=0)
    ask = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": PROMPT}]}
    whole = client.messages.create(**ask)
    assert whole.content[0].text == said("anthropic") and whole.stop_reason == "end_turn"
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == (1001, 12)
    with client.messages.stream(**ask) as stream:
        assert "".join(stream.text_stream) == said("anthropic")
        assert stream.get_final_message().usage.output_tokens == 12
    for status, error in ((429, anthropic.RateLimitError), (529, anthropic.InternalServerError)):
        simulator.fault("anthropic", f"status:{status}")
        _raises(error, lambda: client.messages.create(**ask))
    simulator.fault("anthropic", "error-later")
    _raises(anthropic.APIStatusError, lambda: list(client.messages.create(**ask, stream=True)))


def bedrock_client(simulator: Simulator):
    """botocore's. It sends an API key over HTTPS only, so the key is added to requests that it does not sign."""
    import botocore
    import botocore.config
    import botocore.session

    config = botocore.config.Config(retries={"total_max_attempts": 1}, signature_version=botocore.UNSIGNED)
    session = botocore.session.get_session()
    url = simulator.url + "/bedrock"
    client = session.create_client("bedrock-runtime", "us-east-1", endpoint_url=url, config=config)
    credential = {"Authorization": f"Bearer {key('bedrock')}"}
    client.meta.events.register("before-call", lambda params, **_: params["headers"].update(credential))
    return client


def bedrock_replies(simulator: Simulator) -> None:
    """Whole, streamed, refused, an error within a stream, and frames whose sums are wrong."""
    import botocore.eventstream
    import botocore.exceptions

    client = bedrock_client(simulator)
    ask = {"modelId": "m", "messages": [{"role": "user", "content": [{"text": PROMPT}]}]}
    whole = client.converse(**ask)
    assert whole["output"]["message"]["content"] == [{"text": said("bedrock")}] and whole["usage"]["inputTokens"] == 1001
    events = list(client.converse_stream(**ask)["stream"])
    text = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert "".join(text) == said("bedrock") and len(text) == 5
    assert events[-1]["metadata"]["usage"] == {"inputTokens": 1001, "outputTokens": 12, "totalTokens": 1013}
    for status, name in ((429, "ThrottlingException"), (400, "ValidationException"), (403, "AccessDeniedException")):
        simulator.fault("bedrock", f"status:{status}")
        error = _raises(botocore.exceptions.ClientError, lambda: client.converse(**ask))
        assert error.response["Error"]["Code"] == name, error.response
    simulator.fault("bedrock", "error-later")
    error = _raises(botocore.exceptions.EventStreamError, lambda: list(client.converse_stream(**ask)["stream"]))
    assert "serviceUnavailableException" in str(error)
    for fault in ("bad-crc", "bad-crc-later"):
        simulator.fault("bedrock", fault)
        _raises(botocore.eventstream.ChecksumMismatch, lambda: list(client.converse_stream(**ask)["stream"]))


def gemini_replies(simulator: Simulator) -> None:
    """Whole and streamed, by the closed schema."""
    ask = {"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]}
    headers = {"x-goog-api-key": key("gemini")}
    _schema("gemini.response", json.loads(simulator.post("gemini", "/v1beta/models/m:generateContent", headers, ask)))
    stream = simulator.post("gemini", "/v1beta/models/m:streamGenerateContent?alt=sse", headers, ask)
    for value in _events(stream):
        _schema("gemini.response", value)


def cohere_replies(simulator: Simulator) -> None:
    """Whole and streamed, by the closed schemas."""
    ask = {"model": "m", "messages": [{"role": "user", "content": PROMPT}], "stream": False}
    headers = {"authorization": f"Bearer {key('cohere')}"}
    _schema("cohere.response", json.loads(simulator.post("cohere", "/v2/chat", headers, ask)))
    for value in _events(simulator.post("cohere", "/v2/chat", headers, {**ask, "stream": True})):
        # The real one starts with lists where the SDK's types have single objects.
        if value["type"] != "message-start":
            _schema("cohere.stream_event", value)


def _events(stream: bytes) -> Iterator[dict]:
    for line in stream.splitlines():
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


def _raises(error: type[Exception], act: Callable[[], object]) -> Exception:
    try:
        value = act()
    except error as raised:
        return raised
    raise AssertionError(f"no {error.__name__}, but {value!r}")


def _schema(name: str, value: object) -> None:
    path = SCHEMAS / f"{name}.json"
    if not path.exists():
        raise Skipped(f"{name} has no schema here")
    from jsonschema import Draft202012Validator

    errors = [f"{error.json_path}: {error.message[:200]}" for error in Draft202012Validator(json.loads(path.read_text())).iter_errors(value)]
    assert not errors, f"{name}: {errors[:5]}: {value}"


def nothing_is_noted(simulator: Simulator) -> None:
    """What an SDK sends fits, but for the encodings that it asks for. Others send what the gateway does not."""
    for cell in ("openai", "bedrock", "gemini", "cohere"):
        told = simulator.control("GET", f"/_cells/{cell}")
        other = [what for what in told["violations"] if not what.startswith("accept-encoding")]
        assert told["requests"] and not other, f"{cell}: {other}"


CHECKS = (openai_replies, anthropic_replies, bedrock_replies, gemini_replies, cohere_replies, nothing_is_noted)


def main() -> int:
    """Runs all of them."""
    simulator = Simulator(sys.argv[1])
    passed = failed = skipped = 0
    try:
        for check in CHECKS:
            try:
                check(simulator)
                passed += 1
            except Skipped as reason:
                print(f"skipped: {check.__name__}: {reason}")
                skipped += 1
            except Exception:
                traceback.print_exc()
                print(f"failed: {check.__name__}")
                failed += 1
    finally:
        simulator.process.kill()
    print(f"sdks: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
