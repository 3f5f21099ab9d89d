"""What a soak sends: requests of clients and replies of providers, well formed and damaged, the same in every run."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from rig import bedrock, openai  # noqa: E402

GOLDEN = ROOT / "tests" / "golden"
CORPUS = ROOT / "fuzz" / "corpus"
# By the name of the golden tests' folder.
PATHS = {
    "chat": "/v1/chat/completions", "completions": "/v1/completions", "messages": "/v1/messages", "responses": "/v1/responses",
    "embeddings": "/v1/embeddings", "rerank": "/v1/rerank", "count-messages": "/v1/messages/count_tokens",
    "count-responses": "/v1/responses/input_tokens",
}
TARGETS = {"chat_request": "chat", "messages_request": "messages", "responses_request": "responses", "completions_request": "completions"}
# Formats as the golden tests name them, and their types in gateway.yaml.
FORMATS = {
    "openai": "openai-compatible", "anthropic": "anthropic", "gemini": "gemini", "bedrock": "bedrock",
    "bedrock-anthropic": "bedrock-anthropic", "cohere": "cohere", "mistral": "mistral", "openai-responses": "openai-responses",
}
STREAMS = {"bedrock": "application/vnd.amazon.eventstream", "bedrock-anthropic": "application/vnd.amazon.eventstream"}
WORDS = [b"\r\n", b"\n\n", b":", b"data:", b"event:", b"\xef\xbb\xbf", b'"model"', b"null", b"{", b"}", b"[", b"]", b",", b'"', b"\\u0000",
         b"\\ud800", b"\\", b"\xff", b"0", b"-1", b"1e999", b"true", b'"messages":[]', b"\0", b'"stream":true,', b"[" * 300]
MODEL = re.compile(rb'("model"\s*:\s*")[^"]*"')


def damaged(source: bytes, other: bytes, dice: random.Random) -> bytes:
    """Cut, with bits changed, with words put in, or spliced with another."""
    kind = dice.randrange(4)
    at = dice.randrange(len(source) + 1)
    if kind == 0:
        return source[:at]
    if kind == 1 and source:
        changed = bytearray(source)
        for _ in range(dice.randrange(1, 6)):
            changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
        return bytes(changed)
    if kind == 2:
        return source[:at] + dice.choice(WORDS) + source[at + dice.randrange(9):]
    return source[:at] + other[dice.randrange(len(other) + 1):]


def golden(folder: Path, name: str) -> list[bytes]:
    """Files of this name."""
    return [path.read_bytes() for path in sorted(folder.rglob(name))]


def fuzzed(target: str) -> list[bytes]:
    """What fuzzing has kept for a target, if it is there."""
    folder = CORPUS / target
    return [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()] if folder.is_dir() else []


def grown(sources: list[bytes], intact: int, times: int, dice: random.Random) -> Iterator[bytes]:
    """Each source so many times as it is, and so many damaged forms of it."""
    for source in sources:
        for _ in range(intact):
            yield source
        for _ in range(times):
            yield damaged(source, dice.choice(sources), dice)


def requests(damages: int) -> list[bytes]:
    """Whole requests as they go over the wire."""
    dice = random.Random(1)
    sources = {ask: golden(GOLDEN / ask, "request.json") for ask in PATHS}
    for target, ask in TARGETS.items():
        sources[ask] += fuzzed(target)
    out = []
    names = list(FORMATS)
    for ask, path in PATHS.items():
        assert sources[ask], f"no requests in tests/golden/{ask}"
        for number, body in enumerate(grown(sources[ask], 5, damages, dice)):
            body = MODEL.sub(rb"\g<1>" + names[number % len(names)].encode() + rb'-m"', body, count=1)
            head = f"POST {path} HTTP/1.1\r\nhost: soak.test\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            out.append(head.encode() + body)
    dice.shuffle(out)
    return out


def framed(format: str, data: bytes) -> bytes:
    """The stream that an input of a fuzz target stands for: `framed` of fuzz/entry.rs."""
    if format not in STREAMS:
        return data
    out = b""
    for line in data.split(b"\n"):
        if line.startswith(b"!"):
            out += line[1:]
            continue
        name, space, payload = line.partition(b" ")
        name, payload = name[:255], name[255:] + space + payload
        kind, header = (b"event", b":event-type")
        if name.startswith(b":"):
            kind, header, name = b"exception", b":exception-type", name[1:]
        head = b""
        for key, value in ((b":message-type", kind), (header, name)):
            head += bytes([len(key)]) + key + b"\x07" + len(value).to_bytes(2) + value
        out += bedrock.raw_frame(head, payload)
    return out


def sources_of(format: str) -> list[bytes]:
    """Replies of a format as fuzz targets take them, without what says where to cut."""
    if format == "openai":
        # What a chat client gets is what OpenAI sends.
        found = [body for name in ("client.sse", "client.json", "reply.json") for body in golden(GOLDEN / "chat", name)]
    else:
        folder = GOLDEN / "chat" / format
        found = [body for name in ("stream.sse", "stream.events.txt", "reply.json") for body in golden(folder, name)]
    found = [body.replace(b"\t", b" ") for body in found]
    for data in fuzzed(f"reply_{format.removeprefix('openai-').replace('-', '_')}") + (fuzzed("aws") if format == "bedrock" else fuzzed("sse") if format == "openai" else []):
        found.append(data[1 + min(data[0] % 16, len(data) - 1):] if data else b"")
    return found


def whole(status: int, kind: str, body: bytes) -> bytes:
    """A reply with its length."""
    return f"HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def chunked(kind: str, pieces: list[bytes], end: bool) -> bytes:
    """A reply in chunks, which may lack its end."""
    head = f"HTTP/1.1 200 x\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece) + (b"0\r\n\r\n" if end else b"")


def replies(damages: int) -> Iterator[tuple[str, bool, bytes]]:
    """Their names, whether the connection ends with them, and their bytes."""
    dice = random.Random(2)
    for format in FORMATS:
        sources = sources_of(format)
        assert sources, f"no replies in tests/golden for {format}"
        stream = STREAMS.get(format, "text/event-stream")
        listed = list(grown(sources, 1, damages, dice))
        dice.shuffle(listed)
        for number, data in enumerate(listed):
            yield f"{format}/whole", False, whole(400 if number % 7 == 0 else 200, "application/json", data)
            if number % 5 == 0:
                yield f"{format}/whole", True, whole(200, "application/json", data)[: -1 - len(data) // 2]
            events = framed(format, data)
            size = dice.choice([1, 7, 64, 1000, 1 << 20])
            pieces = [events[at:at + max(size, len(events) // 200)] for at in range(0, len(events), max(size, len(events) // 200))]
            cut = number % 5 == 1
            yield f"{format}/stream", cut, chunked(stream, pieces, not cut)
    yield "ok/whole", False, whole(200, "application/json", __import__("json").dumps(openai.completion()).encode())
    yield "ok/stream", False, chunked("text/event-stream", openai.stream_events([" a", " b"], True), True)


def write(folder: Path, damages: int) -> tuple[int, int]:
    """Both files; gives how many records are in them."""
    sent = requests(damages)
    with (folder / "requests").open("wb") as out:
        for request in sent:
            out.write(b"%d\n%s" % (len(request), request))
    count = 0
    with (folder / "replies").open("wb") as out:
        for name, closes, reply in replies(damages):
            out.write(f"{name} {int(closes)} {len(reply)}\n".encode() + reply)
            count += 1
    return len(sent), count
