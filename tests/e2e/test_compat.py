"""Hosts that are almost OpenAI: what reaches each, what the client makes of their answers, and one answering for another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from openai.types.chat import ChatCompletionChunk

from rig import compat, openai, prompts, referee, replies
from rig import gateway as rig_gateway
from rig.client import Answer, Client
from rig.gateway import Gateway
from rig.provider import Provider
from test_upstream import HOSTILE, exactly, no_client_secret

ENV = {"AZURE_KEY": compat.AZURE_KEY, "MISTRAL_KEY": compat.MISTRAL_KEY, "HOST_KEY": compat.HOST_KEY}
NAMES = ["azure", "mistral", "host"]
TEXTS = {"azure": "Hello from Azure.", "mistral": "Hello from Mistral.", "host": "Hello from the host."}
CREDENTIALS = {"azure": {"api-key"}, "mistral": {"authorization"}, "host": {"x-token", "x-tenant"}}


@dataclass
class Hosts:
    """The gateway's client, and the hosts behind it."""

    client: Client
    azure: Provider
    mistral: Provider
    host: Provider

    def __getitem__(self, name: str) -> Provider:
        return getattr(self, name)


def with_quirks(render: Callable[..., dict]) -> Callable[..., dict]:
    """The same rendering with the quirks of the host, which come from the row of its type, in the filter's own JSON."""

    def walk(value: object) -> object:
        if isinstance(value, dict):
            return {key: walk(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner) for inner in value]
        if isinstance(value, str) and value.lstrip().startswith('{"version":1'):
            plugin = json.loads(value)
            for provider in plugin["providers"]:
                if provider["name"] == "host":
                    provider["quirks"] = compat.HOST_QUIRKS
            return json.dumps(plugin)
        return value

    return lambda *arguments: walk(render(*arguments))


@pytest.fixture
def hosts(own_gateway: Callable[..., Gateway], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    """All three; what they had to complain about fails the test."""
    monkeypatch.setattr(rig_gateway, "render", with_quirks(rig_gateway.render))
    azure = Provider("azure", compat.azure_answer(), compat.azure_check)
    mistral = Provider("mistral", compat.mistral_answer(), compat.mistral_check)
    host = Provider("host", compat.host_answer(), compat.host_check)
    path = "/deployments/{model}/chat/completions"
    compatible = {"type": "openai-compatible"}
    providers = [
        {
            **compatible, "name": "azure", "base_url": f"{azure.url}/openai", "api_key": {"env": "AZURE_KEY"}, "auth_header": "api-key",
            "auth_prefix": "", "path": path, "stream_path": f"{path}?api-version=2024-10-21",
        },
        {"name": "mistral", "type": "mistral", "base_url": f"{mistral.url}/v1", "api_key": {"env": "MISTRAL_KEY"}},
        {
            **compatible, "name": "host", "base_url": f"{host.url}/api", "api_key": {"env": "HOST_KEY"}, "auth_header": "x-token",
            "auth_prefix": "", "headers": {"x-tenant": "t1"}, "path": "/chat",
        },
    ]  # fmt: skip
    models = {"azure": compat.DEPLOYMENT, "mistral": compat.MISTRAL_MODEL, "host": compat.HOST_MODEL}
    targets = {name: {"provider": name, "model": models[name]} for name in NAMES}
    pairs = [(one, other) for one in NAMES for other in NAMES if one != other]
    file = {
        "providers": providers,
        "models": [
            *({"name": name, "targets": [targets[name]]} for name in NAMES),
            *({"name": f"{one}-{other}", "targets": [targets[one], targets[other]]} for one, other in pairs),
        ],
    }
    client = own_gateway(file, ENV).client()
    yield Hosts(client, azure, mistral, host)
    client.close()
    for provider in (azure, mistral, host):
        provider.close()
        assert not provider.violations, provider.violations


def text_of(answer: Answer, stream: bool) -> tuple[str, dict | None]:
    """The text and the usage of an answer that is valid by the SDK's types, whatever the host adds to it."""
    assert answer.status == 200 and answer.complete, f"{answer.status}: {answer.body[:500]!r}"
    referee.internal(answer)
    if not stream:
        value = answer.json
        [choice] = value["choices"]
        assert choice["finish_reason"] == "stop", choice
        return choice["message"]["content"], value["usage"]
    *chunks, done = answer.events
    assert done == "[DONE]"
    # Azure's first chunk passes as it is: without an id, and with no word for what it is.
    for value in (value for value in chunks if value["id"]):
        ChatCompletionChunk.model_validate(value)
    reasons = [choice["finish_reason"] for value in chunks for choice in value["choices"] if choice.get("finish_reason")]
    assert reasons == ["stop"]
    usage = [value["usage"] for value in chunks if value.get("usage")]
    assert all(value["choices"] == [] for value in chunks if value.get("usage")) and len(usage) <= 1
    assert not usage or chunks[-1]["usage"], "usage is told last"
    content = [choice["delta"].get("content") or "" for value in chunks for choice in value["choices"]]
    return "".join(content), usage[0] if usage else None


# All that some of them do not take as OpenAI has it.
REQUEST: dict = {
    "messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "What time is it?", "name": "ann"},
    ],
    "max_completion_tokens": 50,
    "temperature": 1.25,
    "user": "u-1",
    "seed": 7,
    "store": False,
    "client_metadata": {"a": 1},
}


def expected(name: str, stream: bool) -> dict:
    """What reaches each of them for REQUEST."""
    asked = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    system = {"role": "system", "content": "Be brief."}
    user = {"role": "user", "content": "What time is it?"}
    if name == "azure":
        return {**REQUEST, **asked, "model": compat.DEPLOYMENT}
    asked.pop("stream_options", None)
    common = {"messages": [system, user], "max_tokens": 50, **asked}
    if name == "mistral":
        return {**common, "model": compat.MISTRAL_MODEL, "temperature": 1.25, "random_seed": 7}
    return {**common, "model": compat.HOST_MODEL, "temperature": 1, "safe": True}


@pytest.mark.parametrize("usage", [False, True], ids=["no-usage", "usage"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", NAMES)
def test_each_gets_its_own_form(hosts: Hosts, name: str, stream: bool, usage: bool) -> None:
    more: dict = {"stream": True} if stream else {}
    if stream and usage:
        more["stream_options"] = {"include_usage": True}
    answer = hosts.client.chat({"model": name, **REQUEST, **more}, HOSTILE)
    text, told = text_of(answer, stream)
    assert text == TEXTS[name]
    assert told == (compat.USAGE if usage or not stream else None)
    [received] = hosts[name].requests
    exactly(received, CREDENTIALS[name], stream)
    no_client_secret(received)
    assert received.json == expected(name, stream)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("one", "other"), [(one, other) for one in NAMES for other in NAMES if one != other])
def test_one_answers_for_another(hosts: Hosts, one: str, other: str, stream: bool) -> None:
    hosts[one].script.append(openai.error(503))
    answer = hosts.client.chat({"model": f"{one}-{other}", **REQUEST, **({"stream": True} if stream else {})}, HOSTILE)
    assert text_of(answer, stream)[0] == TEXTS[other]
    [failed], [served] = hosts[one].requests, hosts[other].requests
    assert failed.json == expected(one, stream) and served.json == expected(other, stream)
    exactly(served, CREDENTIALS[other], stream)
    for secret in ENV.values():
        assert (secret.encode() in failed.raw) == (secret == ENV[f"{one.upper()}_KEY"])
        assert (secret.encode() in served.raw) == (secret == ENV[f"{other.upper()}_KEY"])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", ["mistral", "host"])
def test_calls_have_all_that_a_client_needs(hosts: Hosts, name: str, stream: bool) -> None:
    calls = [
        {"id": "gSIMJiOkT", "function": {"name": "now", "arguments": ""}},
        {"id": "hSIMJiOkT", "function": {"name": "now", "arguments": '{"zone": "UTC"}'}},
    ]
    reply = compat.mistral_answer(calls=calls) if name == "mistral" else compat.host_answer(calls=calls)
    hosts[name].script.append(reply)
    tools = [{"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}]
    first = {"model": name, **REQUEST, "tools": tools, "tool_choice": "required"}
    answer = hosts.client.chat({**first, **({"stream": True} if stream else {})})
    if stream:
        made: dict[int, dict] = {}
        for delta in (call for value in answer.events[:-1] for choice in value["choices"] for call in choice["delta"].get("tool_calls", [])):
            call = made.setdefault(delta["index"], {"arguments": ""})
            call["arguments"] += delta["function"].get("arguments") or ""
            call.update({key: delta[key] for key in ("id", "type") if key in delta})
        got = [made[index] for index in sorted(made)]
        got = [(call["id"], call["type"], json.loads(call["arguments"])) for call in got]
    else:
        message = answer.json["choices"][0]["message"]
        got = [(call["id"], call["type"], json.loads(call["function"]["arguments"])) for call in message["tool_calls"]]
    assert got == [("gSIMJiOkT", "function", {}), ("hSIMJiOkT", "function", {"zone": "UTC"})]
    assert hosts[name].requests[0].json["tool_choice"] == "any"


def test_a_conversation_reaches_mistral_in_its_order(hosts: Hosts) -> None:
    """The simulator answers 422 to keys, ids and an order of roles that Mistral's own validator does not take."""
    call = {"id": "call_abcdefghijklmnop", "type": "function", "function": {"name": "now", "arguments": ""}}
    messages = [
        *REQUEST["messages"],
        {"role": "assistant", "content": None, "refusal": None, "audio": None, "annotations": [], "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": "noon"},
        {"role": "user", "content": "Thanks."},
        {"role": "assistant", "content": "You are wel", "reasoning_content": "Polite."},
    ]
    answer = hosts.client.chat({"model": "mistral", **REQUEST, "messages": messages})
    assert answer.status == 200, answer.body
    assert answer.json["choices"][0]["message"]["reasoning_content"] == "Hm."
    sent = hosts.mistral.requests[0].json["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "tool", "assistant", "user", "assistant"]
    assert sent[2]["tool_calls"][0]["id"] == sent[3]["tool_call_id"] and sent[-1]["prefix"] is True


def test_what_a_host_lacks_keeps_it_out_of_the_plan(hosts: Hosts) -> None:
    """`n` changes the answer: the host is left out, and alone it is a 400 before anything is sent. `seed` only hints."""
    request = {"model": "host-azure", **REQUEST, "n": 2}
    assert text_of(hosts.client.chat(request), False)[0] == TEXTS["azure"]
    error = referee.error(hosts.client.chat({**request, "model": "host"}), 400)
    assert (error["param"], error["code"]) == ("n", "unsupported_parameter")
    assert hosts.host.requests == []


def test_azures_refusal_of_content_is_the_answer(hosts: Hosts) -> None:
    """Policy is not evaded by asking someone else."""
    hosts.azure.script.append(compat.azure_filtered())
    error = referee.error(hosts.client.chat({"model": "azure-host", **REQUEST}), 400)
    assert (error["code"], error["message"]) == ("content_filter", "The prompt was filtered.")
    assert hosts.host.requests == []


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_without_an_end_is_an_error(hosts: Hosts, name: str) -> None:
    part = openai.sse(compat.chunk("x", "m", {"role": "assistant", "content": "Hel"}))
    hosts[name].script.append(replies.events([part]))
    answer = hosts.client.chat(prompts.chat(model=name, stream=True))
    text, _ = referee.broken_stream(answer)
    assert text == "Hel"
