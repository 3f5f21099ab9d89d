"""What nobody should send: bytes, numbers and shapes at the edge of what HTTP and JSON let through, or beyond it."""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

from . import anthropic, bedrock, cohere, gemini, openai, replies
from .client import Answer, read_events

DEEP = 10_000
# What passes through a gateway untouched is as deep as it came, and Python has to read it.
sys.setrecursionlimit(10 * DEEP)
TEXT = "HOSTILE"
"""What a hostile string is put in the place of."""
NUMBER = 77777
"""What a hostile number is put in the place of."""

# By name: the bytes between the quotes, and whether they are JSON at all.
STRINGS: dict[str, tuple[bytes, bool]] = {
    "not-utf8": (b"a\xff\xfeb", False),
    "half-a-character": (b"a\xf0\x9f\xa6", False),
    "overlong": (b"\xc0\xaf", False),
    "surrogate-bytes": (b"\xed\xa0\x80", False),
    "raw-nul": (b"a\x00b", False),
    "raw-newline": (b"a\nb", False),
    "lone-surrogate": (b"a\\ud800b", True),
    "low-surrogate-first": (b"\\udc00\\ud800", True),
    "escaped-nul": (b"a\\u0000b", True),
    "bad-escape": (b"a\\xb", False),
    "unfinished-escape": (b"a\\u12", False),
}
NUMBERS: dict[str, tuple[bytes, bool]] = {
    "beyond-range": (b"1e999", True),
    "below-range": (b"-1e999", True),
    "twenty-digits": (b"98765432109876543210", True),
    "thousand-digits": (b"9" * 1000, True),
    "minus-zero": (b"-0", True),
    "leading-zeros": (b"007", False),
    "plus": (b"+1", False),
    "nan": (b"NaN", False),
    "half": (b"1.", False),
}
# Members that are put at the beginning of an object.
MEMBERS: dict[str, tuple[bytes, bool]] = {
    "deep-arrays": (b'"x_deep":' + b"[" * DEEP + b"]" * DEEP + b",", True),
    "deep-objects": (b'"x_deep":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b",", True),
    "deep-and-open": (b'"x_deep":' + b"[" * DEEP, False),
    "same-key-twice": (b'"x_a":1,"x_a":{"x_a":2},', True),
    "key-not-utf8": (b'"x_\xff":1,', False),
    "key-lone-surrogate": (b'"x_\\ud800":1,', True),
    "key-escaped-nul": (b'"x_\\u0000":1,', True),
    "key-empty": (b'"":1,', True),
}


@dataclass(frozen=True)
class Dialect:
    """An API that a client speaks: a request with every place that something hostile can be put into."""

    name: str
    path: str
    request: dict
    tools: bool = True

    def body(self, model: str, stream: bool = False) -> bytes:
        """A request that is well formed; `TEXT` and `NUMBER` stand in it."""
        return json.dumps({"model": model, **self.request, "stream": stream}).encode()

    def plain(self, model: str, stream: bool = False) -> bytes:
        """The same without anything to replace."""
        return self.body(model, stream).replace(TEXT.encode(), b"hello").replace(str(NUMBER).encode(), b"1")

    def error(self, answer: Answer) -> dict:
        """What an error says, in this dialect's form."""
        assert answer.status >= 400, (answer.status, answer.body[:300])
        assert answer.complete and (answer.header("content-type") or "").startswith("application/json"), (answer.headers, answer.body[:300])
        value = answer.json
        if self.name == "messages":
            assert value["type"] == "error", value
            assert {"type", "message"} <= value["error"].keys(), value
        else:
            assert value["error"].keys() == {"message", "type", "param", "code"}, value
        assert isinstance(value["error"]["message"], str) and value["error"]["message"], value
        return value["error"]

    def served(self, answer: Answer, stream: bool) -> str:
        """A reply that is whole and well formed, or an error of this dialect. Gives which: `ok`, `error`, `error-event`."""
        if answer.status != 200:
            self.error(answer)
            return "error"
        assert answer.complete, answer.body[-300:]
        answer.body.decode("utf-8")
        if not stream:
            assert isinstance(answer.json, dict)
            return "ok"
        events = _events(self.name, answer.body)
        last = events[-1]
        ends = {"message_stop", "response.completed", "response.incomplete"}
        if last == "[DONE]" or (isinstance(last, dict) and last.get("type") in ends):
            return "ok"
        assert isinstance(last, dict) and ("error" in last or last.get("type") in ("error", "response.failed")), f"no end: {last}"
        return "error-event"


def _events(dialect: str, body: bytes) -> list[object]:
    if dialect in ("chat", "completions"):
        return list(read_events(body))
    blocks = body.split(b"\n\n")
    assert blocks.pop() == b"", body[-200:]
    events = []
    for block in blocks:
        name, data = block.split(b"\n")
        assert name.startswith(b"event: ") and data.startswith(b"data: "), block[:200]
        events.append(json.loads(data.removeprefix(b"data: ")))
    return events


_SCHEMA = {"type": "object", "properties": {TEXT: {"type": "string", "description": TEXT, "maxLength": NUMBER}}}
DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect("chat", "/v1/chat/completions", {
            "messages": [{"role": "system", "content": TEXT}, {"role": "user", "content": [{"type": "text", "text": TEXT}]}],
            "tools": [{"type": "function", "function": {"name": TEXT, "description": TEXT, "parameters": _SCHEMA}}],
            "max_completion_tokens": NUMBER, "temperature": NUMBER, "stop": [TEXT], "user": TEXT,
        }),
        Dialect("completions", "/v1/completions", {"prompt": TEXT, "max_tokens": NUMBER, "temperature": NUMBER, "stop": TEXT}, tools=False),
        Dialect("messages", "/v1/messages", {
            "system": TEXT, "messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}]}],
            "tools": [{"name": TEXT, "description": TEXT, "input_schema": _SCHEMA}],
            "max_tokens": NUMBER, "temperature": NUMBER, "stop_sequences": [TEXT],
        }),
        Dialect("responses", "/v1/responses", {
            "instructions": TEXT, "input": [{"role": "user", "content": [{"type": "input_text", "text": TEXT}]}],
            "tools": [{"type": "function", "name": TEXT, "description": TEXT, "parameters": _SCHEMA, "strict": False}],
            "max_output_tokens": NUMBER, "temperature": NUMBER, "store": False,
        }),
    )
}


@dataclass(frozen=True)
class Format:
    """A provider's replies, whole and as the payloads of events."""

    name: str
    kind: str
    key: str
    whole: bytes
    events: tuple[tuple[str, bytes], ...]
    base: str = ""

    def frame(self, name: str, payload: bytes) -> bytes:
        """One event as it goes over the wire."""
        if self.name == "bedrock":
            headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
            return bedrock.frame(headers, payload)
        return (f"event: {name}\n".encode() if name else b"") + b"data: " + payload + b"\n\n"

    def streamed(self, change: Callable[[bytes], bytes] = lambda payload: payload) -> list[bytes]:
        """A whole stream, each of its payloads changed."""
        return [self.frame(name, payload if payload == b"[DONE]" else change(payload)) for name, payload in self.events]

    def answer(self, change: Callable[[bytes], bytes] = lambda payload: payload) -> replies.Reply:
        """What was asked for, changed."""
        stream = bedrock.frames if self.name == "bedrock" else replies.events

        def reply(conn, received) -> None:
            if b'"stream": true' in received.body or b'"stream":true' in received.body or "stream" in received.target.lower():
                stream(self.streamed(change))(conn, received)
            else:
                replies.body(200, change(self.whole))(conn, received)

        return reply


def _split(stream: list[bytes]) -> tuple[tuple[str, bytes], ...]:
    out = []
    for event in stream:
        fields = [line.partition(b": ") for line in event.strip().splitlines()]
        named = {name: value.strip() for name, _, value in fields}
        out.append((named.get(b"event", b"").decode(), named[b"data"]))
    return tuple(out)


def _unframe(stream: list[bytes]) -> tuple[tuple[str, bytes], ...]:
    out = []
    for message in stream:
        total, head = struct.unpack(">II", message[:8])
        name = message[12:12 + head].split(b":event-type\x07")[1]
        size = struct.unpack(">H", name[:2])[0]
        out.append((name[2:2 + size].decode(), message[12 + head:total - 4]))
    return tuple(out)


def _numbered(payload: bytes, *counts: int) -> bytes:
    """The counts of tokens made places for hostile numbers."""
    for count in counts:
        payload = payload.replace(f": {count},".encode(), f": {NUMBER},".encode()).replace(f": {count}}}".encode(), f": {NUMBER}}}".encode())
    return payload


def _format(name: str, kind: str, key: str, whole: object, events: tuple[tuple[str, bytes], ...], counts: tuple[int, ...], base: str = "") -> Format:
    raw = _numbered(json.dumps(whole).encode(), *counts)
    assert TEXT.encode() in raw and str(NUMBER).encode() in raw, raw
    numbered = tuple((event, _numbered(payload, *counts)) for event, payload in events)
    assert any(TEXT.encode() in payload for _, payload in numbered) and any(str(NUMBER).encode() in payload for _, payload in numbered), name
    return Format(name, kind, key, raw, numbered, base)


_COHERE = {**cohere.text(TEXT), "role": "assistant"}
FORMATS = {
    each.name: each
    for each in (
        _format("openai", "openai", openai.KEY, openai.completion(TEXT), _split(openai.stream_events([TEXT], True)), (11, 7), "/v1"),
        _format("anthropic", "anthropic", anthropic.KEY, anthropic.message(anthropic.text(TEXT)),
                _split(anthropic.stream_events(anthropic.text(TEXT))), (9, 6)),
        _format("gemini", "gemini", gemini.KEY, gemini.chunk(gemini.text(TEXT), finish="STOP"),
                _split(gemini.stream_events(gemini.text(TEXT))), (9, 4)),
        # In halves, as Bedrock streams it: each half is hostile.
        _format("bedrock", "bedrock", bedrock.KEY, bedrock.message(bedrock.text(TEXT)),
                _unframe(bedrock.stream_events(bedrock.text(TEXT + TEXT))), (9, 6)),
        _format("cohere", "cohere", cohere.KEY, cohere.completion(_COHERE),
                _split([cohere.start(), cohere.event("content-start", 0, content={"type": "text", "text": ""}),
                        cohere.event("content-delta", 0, content={"text": TEXT}), cohere.event("content-end", 0),
                        cohere.end("COMPLETE")]), (507.0, 10.0)),
    )
}


def _changes() -> dict[str, tuple[Callable[[bytes], bytes], bool]]:
    """By name: what it makes of a JSON object, and whether that is JSON still."""
    out: dict[str, tuple[Callable[[bytes], bytes], bool]] = {}
    for name, (new, legal) in STRINGS.items():
        out[f"string-{name}"] = (lambda body, new=new: body.replace(TEXT.encode(), new), legal)
    for name, (new, legal) in NUMBERS.items():
        out[f"number-{name}"] = (lambda body, new=new: body.replace(str(NUMBER).encode(), new), legal)
    for name, (new, legal) in MEMBERS.items():
        out[f"member-{name}"] = (lambda body, new=new: b"{" + new + body[1:], legal)
    out["every-object-deep"] = (lambda body: body.replace(b"{", b"{" + MEMBERS["deep-arrays"][0]).replace(b",}", b"}"), True)
    out["every-member-twice"] = (lambda body: body[:-1] + b"," + body[1:], True)
    return out


CHANGES = _changes()
