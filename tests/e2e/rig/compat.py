"""Hosts that are almost OpenAI, and assert: Azure, Mistral, and one with quirks of its own."""

from __future__ import annotations

import json
import re

from . import replies
from .openai import DONE, common, sse
from .provider import Conn, Received, Reply

USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}

AZURE_KEY = "azure-secret-0004"
DEPLOYMENT = "gpt-4.1-prod"
AZURE_PATHS = {
    False: f"/openai/deployments/{DEPLOYMENT}/chat/completions",
    True: f"/openai/deployments/{DEPLOYMENT}/chat/completions?api-version=2024-10-21",
}
HARMLESS = {"hate": {"filtered": False, "severity": "safe"}}

MISTRAL_KEY = "mistral-secret-0005"
MISTRAL_MODEL = "mistral-large-2512"
MISTRAL_KEYS = {
    "model", "messages", "temperature", "top_p", "max_tokens", "stream", "stop", "random_seed", "metadata",
    "response_format", "tools", "tool_choice", "presence_penalty", "frequency_penalty", "top_k", "prediction",
    "parallel_tool_calls", "reasoning_effort", "prompt_mode", "prompt_cache_key", "safe_prompt",
}  # fmt: skip
MISTRAL_MESSAGE_KEYS = {
    "system": {"role", "content"},
    "user": {"role", "content"},
    "assistant": {"role", "content", "tool_calls", "prefix"},
    "tool": {"role", "content", "tool_call_id", "name"},
}
# Which roles may follow which: the order that Mistral's own validator keeps to.
MISTRAL_ORDER = {
    "system": {"system", "user", "assistant"},
    "user": {"system", "user", "assistant"},
    "assistant": {"assistant", "user", "tool"},
    "tool": {"assistant", "tool"},
}

HOST_KEY = "host-secret-0006"
HOST_MODEL = "org/some-model"
# What `gateway.yaml`'s catalogue would say of this host.
HOST_QUIRKS = {
    "refuses": ["n", "seed", "user", "store", "logprobs", "stream_options", "messages[].name"],
    "known_only": True,
    "clamp": [["temperature", 0, 1]],
    "values": [["tool_choice", "required", "any"]],
    "developer_as_system": True,
    "fixed": [["safe", True]],
    "rename": [["max_completion_tokens", "max_tokens"]],
}
HOST_KEYS = {"model", "messages", "stream", "temperature", "max_tokens", "tools", "tool_choice", "safe"}


def chunk(ident: str, model: str, delta: dict, finish: str | None = None, **more: object) -> dict:
    """One chunk of a stream of any of them."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": ident, "object": "chat.completion.chunk", "created": 1760000000, "model": model, "choices": [choice], **more}


def whole(ident: str, model: str, message: dict, finish: str = "stop") -> dict:
    """A whole reply of any of them."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": ident, "object": "chat.completion", "created": 1760000000, "model": model, "choices": [choice], "usage": USAGE}


def azure_answer(text: str = "Hello from Azure.") -> Reply:
    """As Azure: the results of its filters first, in a chunk without id and choices, and usage only where asked for."""

    def reply(conn: Conn, received: Received) -> None:
        if not received.json.get("stream"):
            value = whole("chatcmpl-azure", "gpt-4.1", {"content": text, "refusal": None})
            value["choices"][0]["content_filter_results"] = HARMLESS
            return replies.json_body({**value, "prompt_filter_results": [{"prompt_index": 0}]})(conn, received)
        first = {"choices": [], "created": 0, "id": "", "model": "", "object": "", "prompt_filter_results": [{"prompt_index": 0}]}
        parts = [first, chunk("chatcmpl-azure", "gpt-4.1", {"role": "assistant", "content": ""})]
        parts += [chunk("chatcmpl-azure", "gpt-4.1", {"content": word}) for word in (text[:5], text[5:])]
        parts.append(chunk("chatcmpl-azure", "gpt-4.1", {}, "stop"))
        if (received.json.get("stream_options") or {}).get("include_usage"):
            parts.append({**parts[-1], "choices": [], "usage": USAGE})
        replies.events([*(sse(part) for part in parts), DONE])(conn, received)

    return reply


def azure_filtered() -> Reply:
    """A prompt that Azure's policy refuses."""
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": HARMLESS}
    error = {"message": "The prompt was filtered.", "type": None, "param": "prompt", "code": "content_filter", "status": 400}
    return replies.json_body({"error": {**error, "innererror": inner}}, 400)


def azure_check(received: Received) -> list[str]:
    """What is wrong with a request, for Azure."""
    wrong = common(received)
    if received.header("api-key") != AZURE_KEY or received.header("authorization") is not None:
        wrong.append(f"api-key {received.header('api-key')!r}, authorization {received.header('authorization')!r}")
    if received.target != AZURE_PATHS[bool(received.json.get("stream"))]:
        wrong.append(f"path {received.target}")
    return wrong


def mistral_answer(*content: object, calls: list[dict] | None = None) -> Reply:
    """As Mistral: reasoning as parts of the content, calls whole and without an index, usage with the reason to finish.
    Requests that its validator would refuse get its 422 or 400."""
    parts = content or ([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}], "Hello from ", "Mistral.")

    def reply(conn: Conn, received: Received) -> None:
        if faults := mistral_faults(received.json):
            detail = [{"type": "extra_forbidden", "loc": ["body", *place], "msg": msg} for place, msg in faults]
            body = {"object": "error", "message": {"detail": detail}, "type": "invalid_request_error", "param": None, "code": None}
            return replies.json_body(body, 422)(conn, received)
        finish = "tool_calls" if calls else "stop"
        if not received.json.get("stream"):
            chunks = [piece for part in parts for piece in (part if isinstance(part, list) else [{"type": "text", "text": part}])]
            message = {"content": "", "tool_calls": calls} if calls else {"content": chunks}
            return replies.json_body(whole("m1", MISTRAL_MODEL, message, finish))(conn, received)
        events = [chunk("m1", MISTRAL_MODEL, {"role": "assistant", "content": ""})]
        events += [chunk("m1", MISTRAL_MODEL, {"content": part}) for part in parts] if not calls else []
        last = {"content": None, "tool_calls": calls} if calls else {"content": ""}
        events.append(chunk("m1", MISTRAL_MODEL, last, finish, usage=USAGE))
        replies.events([*(sse(event) for event in events), DONE])(conn, received)

    return reply


def mistral_faults(request: dict) -> list[tuple[list, str]]:
    """What Mistral's validator would say."""
    faults: list[tuple[list, str]] = [([key], "Extra inputs are not permitted") for key in sorted(request.keys() - MISTRAL_KEYS)]
    before = None
    for index, message in enumerate(request["messages"]):
        role = message["role"]
        extra = sorted(message.keys() - MISTRAL_MESSAGE_KEYS.get(role, set()))
        faults += [(["messages", index, key], "Extra inputs are not permitted") for key in extra]
        if before and role not in MISTRAL_ORDER[before]:
            faults.append((["messages", index], f"Unexpected role '{role}' after role '{before}'"))
        ids = [call["id"] for call in message.get("tool_calls") or []] + [message.get("tool_call_id") or "000000000"]
        faults += [(["messages", index], f"id {ident}") for ident in ids if not re.fullmatch("[a-zA-Z0-9]{9}", ident)]
        before = role
    if before == "assistant" and not request["messages"][-1].get("prefix"):
        faults.append((["messages"], "Expected last role User or Tool (or Assistant with prefix True)"))
    return faults


def mistral_check(received: Received) -> list[str]:
    """What is wrong with a request, for Mistral."""
    wrong = common(received)
    if received.target != "/v1/chat/completions":
        wrong.append(f"path {received.target}")
    if received.header("authorization") != f"Bearer {MISTRAL_KEY}":
        wrong.append(f"authorization {received.header('authorization')!r}")
    return wrong + [f"{place}: {what}" for place, what in mistral_faults(received.json)]


def host_answer(text: str = "Hello from the host.", calls: list[dict] | None = None) -> Reply:
    """Usage in every chunk, a word of its own for the end, calls with nothing but what they need, and no `[DONE]`."""

    def reply(conn: Conn, received: Received) -> None:
        finish = "tool_calls" if calls else "eos"
        if not received.json.get("stream"):
            message = {"content": text, "refusal": None, **({"tool_calls": calls} if calls else {})}
            return replies.json_body(whole("h1", HOST_MODEL, message, finish))(conn, received)
        deltas: list[dict] = [{"role": "assistant", "content": text[:5]}, {"content": text[5:]}]
        deltas += [{"tool_calls": [call]} for call in calls or []]
        events = [chunk("h1", HOST_MODEL, delta, usage={**USAGE, "completion_tokens": 1, "total_tokens": 10}) for delta in deltas]
        events.append(chunk("h1", HOST_MODEL, {}, finish, usage=USAGE))
        replies.events([sse(event) for event in events])(conn, received)

    return reply


def host_check(received: Received) -> list[str]:
    """What is wrong with a request, for the host with quirks."""
    wrong = common(received)
    if received.target != "/api/chat":
        wrong.append(f"path {received.target}")
    if received.header("x-token") != HOST_KEY or received.header("x-tenant") != "t1":
        wrong.append(f"x-token {received.header('x-token')!r}, x-tenant {received.header('x-tenant')!r}")
    request = json.loads(received.body)
    wrong += [f"unknown key {key}" for key in sorted(request.keys() - HOST_KEYS)]
    if request.get("safe") is not True or not 0 <= request.get("temperature", 0) <= 1:
        wrong.append(f"safe {request.get('safe')}, temperature {request.get('temperature')}")
    wrong += [f"message {message}" for message in request["messages"] if "name" in message or message["role"] == "developer"]
    return wrong
