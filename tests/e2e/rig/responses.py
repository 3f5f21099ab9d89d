"""An OpenAI that speaks Responses and asserts: what it must receive, and what it answers."""

from __future__ import annotations

import json

from . import prompts, referee, replies
from .openai import common
from .provider import Conn, Received, Reply

KEY = "sk-responses-secret-0004"
MODEL = "gpt-5-pro"
PATH = "/v1/responses"
ENCRYPTED = "gAAAAABpPDIVOKrsHNZ0GwsoEKA_IGfuJ5f8Ma=="
USAGE = {
    "input_tokens": 20,
    "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 0},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 29,
}


def text(value: str) -> dict:
    """An item that says something."""
    part = {"type": "output_text", "text": value, "annotations": [], "logprobs": []}
    return {"type": "message", "id": "msg_0001", "role": "assistant", "status": "completed", "content": [part]}


def call(call_id: str, name: str, arguments: dict | str) -> dict:
    """An item that calls a function."""
    arguments = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"type": "function_call", "id": f"fc_{call_id}", "call_id": call_id, "name": name, "arguments": arguments, "status": "completed"}


def reasoning(item_id: str, *summary: str, encrypted: str | None = ENCRYPTED) -> dict:
    """An item of reasoning, encrypted as every request must ask for."""
    parts = [{"type": "summary_text", "text": part} for part in summary]
    return {"type": "reasoning", "id": item_id, "summary": parts, "encrypted_content": encrypted}


def response(output: list[dict], status: str = "completed", **more: object) -> dict:
    """A whole response."""
    return {
        "id": "resp_B1responses",
        "object": "response",
        "created_at": 1760000000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": f"{MODEL}-2025-10-06",
        "output": output,
        "usage": USAGE if status in ("completed", "incomplete") else None,
        **more,
    }


def sse(events: list[dict]) -> list[bytes]:
    """Events as OpenAI frames and numbers them."""
    framed = []
    for number, event in enumerate(events):
        value = {**event, "sequence_number": number}
        framed.append(f"event: {event['type']}\ndata: {json.dumps(value)}\n\n".encode())
    return framed


def created() -> list[dict]:
    """What every stream begins with, before anything is known of how it ends."""
    begun = response([], "in_progress")
    return [{"type": "response.created", "response": begun}, {"type": "response.in_progress", "response": begun}]


def pieces(value: str) -> list[str]:
    """A text in pieces of a few characters."""
    return [value[at : at + 5] for at in range(0, len(value), 5)]


def item_events(index: int, item: dict) -> list[dict]:
    """The events of one item."""
    at = {"item_id": item["id"], "output_index": index}
    if item["type"] == "message":
        whole = item["content"][0]["text"]
        bare = {**item, "status": "in_progress", "content": []}
        part = {**at, "content_index": 0}
        inner: list[dict] = [{"type": "response.content_part.added", **part, "part": {**item["content"][0], "text": ""}}]
        inner += [{"type": "response.output_text.delta", **part, "delta": piece, "logprobs": [], "obfuscation": "x"} for piece in pieces(whole)]
        inner.append({"type": "response.output_text.done", **part, "text": whole, "logprobs": []})
        inner.append({"type": "response.content_part.done", **part, "part": item["content"][0]})
    elif item["type"] == "function_call":
        bare = {**item, "status": "in_progress", "arguments": ""}
        deltas = pieces(item["arguments"])
        inner = [{"type": "response.function_call_arguments.delta", **at, "delta": piece, "obfuscation": "x"} for piece in deltas]
        inner.append({"type": "response.function_call_arguments.done", **at, "arguments": item["arguments"], "name": item["name"]})
    else:
        bare = {**item, "summary": [], "encrypted_content": "gOlder"}
        inner = []
        for number, part in enumerate(item["summary"]):
            place = {**at, "summary_index": number}
            inner.append({"type": "response.reasoning_summary_part.added", **place, "part": {"type": "summary_text", "text": ""}})
            inner += [{"type": "response.reasoning_summary_text.delta", **place, "delta": piece} for piece in pieces(part["text"])]
            inner.append({"type": "response.reasoning_summary_text.done", **place, "text": part["text"]})
            inner.append({"type": "response.reasoning_summary_part.done", **place, "part": part})
    first = {"type": "response.output_item.added", "output_index": index, "item": bare}
    return [first, *inner, {"type": "response.output_item.done", "output_index": index, "item": item}]


def stream_events(items: list[dict]) -> list[bytes]:
    """The events of a streamed response."""
    events = created()
    for index, item in enumerate(items):
        events += item_events(index, item)
    return sse([*events, {"type": "response.completed", "response": response(items)}])


def answer(*items: dict) -> Reply:
    """What was asked for, a stream or not."""
    items = items or (text("Hello from Responses."),)

    def reply(conn: Conn, received: Received) -> None:
        if received.json.get("stream"):
            replies.events(stream_events(list(items)))(conn, received)
        else:
            replies.json_body(response(list(items)))(conn, received)

    return reply


def failed(code: str, message: str) -> Reply:
    """A response that fails before it says anything: with status 200, whole or streamed."""
    value = response([], "failed", error={"code": code, "message": message})
    stream = sse([*created(), {"type": "response.failed", "response": value}])
    return replies.either(replies.json_body(value), replies.events(stream))


def error(status: int, code: str | None = None, kind: str = "server_error", message: str = "It went wrong.", param: str | None = None) -> Reply:
    """An error reply."""
    return replies.json_body({"error": {"message": message, "type": kind, "param": param, "code": code}}, status)


def check(received: Received) -> list[str]:
    """What is wrong with a request, for any of them."""
    wrong = common(received)
    if received.method != "POST":
        wrong.append(f"method {received.method}")
    if received.target != PATH:
        wrong.append(f"path {received.target}")
    if received.header("authorization") != f"Bearer {KEY}":
        wrong.append(f"authorization {received.header('authorization')!r}")
    try:
        request = json.loads(received.body)
        # The schema tries every kind of item in turn: a long prompt would be answered too late.
        if len(received.body) < prompts.MB:
            referee.schema("openai.responses_request", request)
    except ValueError:
        return wrong
    except AssertionError as error:
        wrong.append(str(error))
    return wrong + conversation(request.get("input", []))


def conversation(items: list[dict]) -> list[str]:
    """What OpenAI answers 400 to and no schema tells: results without calls, reasoning that nothing follows."""
    wrong = []
    calls = [item["call_id"] for item in items if item["type"] == "function_call"]
    results = [item["call_id"] for item in items if item["type"] == "function_call_output"]
    if sorted(calls) != sorted(results):
        wrong.append(f"calls {calls}, results {results}")
    for item, following in zip(items, [*items[1:], {}]):
        own = following.get("type") in ("function_call", "reasoning") or following.get("role") == "assistant"
        if item["type"] == "reasoning" and not own:
            wrong.append(f"reasoning {item['id']} without what it led to")
        if item["type"] == "message" and item["content"] == []:
            wrong.append("an empty message")
    return wrong
