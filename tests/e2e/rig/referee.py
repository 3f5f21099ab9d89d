"""Whether what a client received is what OpenAI's own SDK types say.

The closed schemas of `../shared/validators` are used where that folder is beside the repository; the checks below
hold everywhere.
"""

from __future__ import annotations

import functools
import json
import warnings

from jsonschema import Draft202012Validator
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from .client import Answer
from .envoy import ROOT

SCHEMAS = ROOT.parent / "shared" / "validators" / "schemas"


@functools.cache
def _schema(name: str) -> Draft202012Validator | None:
    path = SCHEMAS / f"{name}.json"
    if not path.exists():
        warnings.warn(f"skipped: {name} is not checked against a closed schema, {SCHEMAS} is absent", stacklevel=3)
        return None
    return Draft202012Validator(json.loads(path.read_text()))


def schema(name: str, value: object) -> None:
    """Fails where `value` does not fit the closed schema."""
    if validator := _schema(name):
        errors = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]
        assert not errors, f"{name}: {errors[:5]}"


def completion(answer: Answer) -> dict:
    """A whole chat reply: its status, its headers, its form. Gives the JSON."""
    assert answer.status == 200, f"{answer.status}: {answer.body[:500]!r}"
    assert answer.complete, "the body is shorter than its framing says"
    assert (answer.header("content-type") or "").startswith("application/json"), answer.headers
    internal(answer)
    value = answer.json
    ChatCompletion.model_validate(value)
    schema("openai.response", value)
    assert value["object"] == "chat.completion"
    for choice in value["choices"]:
        assert {"content", "refusal", "role"} <= choice["message"].keys(), choice
        assert "logprobs" in choice, choice
    usage = value["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"], usage
    return value


def stream(answer: Answer, usage: bool = False) -> str:
    """A whole streamed reply that ended well. Gives the text."""
    assert answer.status == 200, f"{answer.status}: {answer.body[:500]!r}"
    assert answer.complete, f"the stream was cut: {answer.body[-300:]!r}"
    assert (answer.header("content-type") or "").startswith("text/event-stream"), answer.headers
    internal(answer)
    events = answer.events
    assert events[-1] == "[DONE]" and events.count("[DONE]") == 1, events[-3:]
    chunks = events[:-1]
    for value in chunks:
        ChatCompletionChunk.model_validate(value)
        schema("openai.chunk", value)
        assert value["object"] == "chat.completion.chunk"
    assert len({(value["id"], value["model"], value["created"]) for value in chunks}) == 1, "chunks of several replies"
    last = chunks.pop() if usage else None
    if usage:
        assert last["choices"] == [] and last["usage"]["total_tokens"] > 0, last
        assert all(value["usage"] is None for value in chunks), "usage before the last chunk must be null"
    else:
        assert all(value.get("usage") is None for value in chunks), "usage that was not asked for"
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant", chunks[0]
    reasons = [value["choices"][0]["finish_reason"] for value in chunks]
    assert reasons[-1] is not None and reasons[:-1] == [None] * (len(reasons) - 1), reasons
    return "".join(value["choices"][0]["delta"].get("content") or "" for value in chunks)


def broken_stream(answer: Answer) -> tuple[str, dict]:
    """A stream that ended with an error event. Gives the text before it, and the error."""
    assert answer.status == 200, f"{answer.status}: {answer.body[:500]!r}"
    assert answer.complete, f"the stream was cut instead of ended with an error: {answer.body[-300:]!r}"
    events = answer.events
    assert "[DONE]" not in events, "a failed stream must not say that it is done"
    error = error_object(events[-1])
    chunks = events[:-1]
    assert all("error" not in value for value in chunks), "more than one error"
    assert all(value["choices"][0]["finish_reason"] is None for value in chunks if value["choices"]), "finished, and failed"
    return "".join(value["choices"][0]["delta"].get("content") or "" for value in chunks if value["choices"]), error


def error_object(value: object) -> dict:
    """OpenAI's error object, with its four keys and their types. Gives what is inside."""
    assert isinstance(value, dict) and set(value) == {"error"}, value
    error = value["error"]
    assert set(error) == {"message", "type", "param", "code"}, error
    assert isinstance(error["message"], str) and error["message"], error
    assert isinstance(error["type"], str) and error["type"], error
    assert error["param"] is None or isinstance(error["param"], str), error
    assert error["code"] is None or isinstance(error["code"], str), error
    return error


def error(answer: Answer, status: int) -> dict:
    """An error reply. Gives what is inside the error object."""
    assert answer.status == status, f"{answer.status} instead of {status}: {answer.body[:500]!r}"
    assert answer.complete, "the body is shorter than its framing says"
    assert (answer.header("content-type") or "").startswith("application/json"), answer.headers
    internal(answer)
    return error_object(answer.json)


def internal(answer: Answer) -> None:
    """Nothing of the gateway's inside may reach a client."""
    leaked = [name for name, _ in answer.headers if name.startswith(("x-switchyard", "x-envoy"))]
    assert not leaked, f"internal headers reached the client: {leaked}"
