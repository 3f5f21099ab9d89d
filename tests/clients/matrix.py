"""What every client must be able to do, against every format: a class of tests a client, which says only in what it is special."""

from __future__ import annotations

import json

import pytest
from conftest import World
from embedders import EMBEDDERS, TEXTS
from program import Act, Raised
from rig import replies
from rig.embeddings import vector
from upstreams import PAIRS, UPSTREAMS, Upstream, cut, failing, structured, thinks

QUESTION = 'What is the weather in Malmö? Say it "plainly", 🦊.'
ARGUMENTS = {"city": "Malmö", "days": 2}
RESULT = "Sunny in Malmö, 21 °C."
ANSWER = "It will be sunny in Malmö – at 21 °C."
THOUGHT = "It needs the tool."
CITY = {"name": "Malmö", "population": 365644}
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
EACH = pytest.mark.parametrize("name", UPSTREAMS)


def tell(received: dict) -> str:
    """A request as text to search, with characters as they are, also in arguments, which are JSON within JSON."""
    return json.dumps(received, ensure_ascii=False).replace("\\\\u00f6", "ö")


def asked(received: dict) -> bool:
    """Whether the question is in there, unharmed."""
    return json.dumps(QUESTION, ensure_ascii=False)[1:-1] in tell(received)


class Client:
    """A client under test. `group` is the environment it is installed in, `program` what uses it, in this `way`."""

    group: str
    program: str
    way: str = ""
    dialect: str
    """What it speaks, as the format of an upstream."""
    errors: dict[int, str]
    """Its exception for a status."""

    def raises(self, client: Act, status: int, action: str, **arguments: object) -> Raised:
        """The client's own exception for a status."""
        with pytest.raises(Raised) as caught:
            client(action, **arguments)
        assert self.errors[status] in caught.value.classes, caught.value
        # Formats without a word for 503 say 500.
        assert caught.value.status == status or min(caught.value.status or 0, status) >= 500, caught.value.status
        return caught.value


class Matrix(Client):
    """A client of conversations."""

    finish: tuple[str, str]
    """What it calls the end of a text, and of a turn that calls a tool."""
    broken: str
    """Its exception for a stream that ended too early."""
    cached_in_input = True
    """Whether its count of the input has the tokens from a cache in it."""
    shows_retry_after = True
    streams_show_what_was_asked = False
    """Whether a streamed turn names the model that was asked for, where it should name the provider's."""

    def usage(self, up: Upstream) -> dict:
        """What the client shows of an upstream's usage."""
        counted = up.usage
        return {"input": counted.input - (0 if self.cached_in_input else counted.cached), "output": counted.output}

    def shows(self, turn: dict, name: str, text: str | None = None, asked: str = "") -> None:
        """A turn, as the client's own objects have it: this text, or a call of the tool. `asked`: the model of a streamed
        request."""
        up = UPSTREAMS[name]
        assert turn["calls"] == ([] if text else [{"name": "weather", "arguments": ARGUMENTS}])
        assert text is None or turn["text"] == text
        assert turn["finish"] == self.finish[text is None]
        assert {key: turn["usage"][key] for key in ("input", "output")} == self.usage(up)
        assert turn["model"] == (asked if asked and self.streams_show_what_was_asked else up.reports or up.model)

    @STREAM
    @EACH
    def test_text(self, client: Act, world: World, name: str, stream: bool) -> None:
        world[name].script.append(UPSTREAMS[name].says(ANSWER))
        model = f"to-{name}"
        turn = client("text", model=model, prompt=QUESTION, stream=stream)
        self.shows(turn, name, ANSWER, model if stream else "")
        assert not stream or turn["pieces"] > 1, "a stream in one piece"
        [received] = world.received(name)
        assert asked(received)

    @STREAM
    @EACH
    def test_tools_over_two_turns(self, client: Act, world: World, name: str, stream: bool) -> None:
        up = UPSTREAMS[name]
        world[name].script.extend([up.calls("weather", ARGUMENTS), up.says(ANSWER)])
        model = f"to-{name}"
        first, second = client("tools", model=model, prompt=QUESTION, result=RESULT, stream=stream)
        self.shows(first, name, None, model if stream else "")
        self.shows(second, name, ANSWER, model if stream else "")
        self.conversation(*world.received(name))

    @STREAM
    @pytest.mark.parametrize(("one", "other"), PAIRS)
    def test_failover_within_a_conversation(self, client: Act, world: World, one: str, other: str, stream: bool) -> None:
        """Who called the tool has gone away when the result comes: another format goes on with the conversation."""
        gone = replies.reset() if stream else failing(one, 503)
        world[one].script.extend([UPSTREAMS[one].calls("weather", ARGUMENTS), gone])
        world[other].script.append(UPSTREAMS[other].says(ANSWER))
        model = f"{one}-then-{other}"
        first, second = client("tools", model=model, prompt=QUESTION, result=RESULT, stream=stream)
        self.shows(first, one, None, model if stream else "")
        self.shows(second, other, ANSWER, model if stream else "")
        assert len(world[one].requests) == 2, "the first provider was to be asked for both turns"
        self.conversation(world.received(one)[0], *world.received(other))

    def conversation(self, first: dict, second: dict) -> None:
        """What providers of any format must have got of the two turns; their own checks have seen to the form."""
        for received in (first, second):
            assert asked(received)
            assert '"weather"' in tell(received) and '"days"' in tell(received), "the tool is not there"
            assert "Be brief." in tell(received), "the instructions are not there"
        assert RESULT not in tell(first) and RESULT in tell(second)
        assert ARGUMENTS["city"] in tell(second).replace(QUESTION, "").replace(RESULT, ""), "the call is not there"

    @STREAM
    @pytest.mark.parametrize("status", [400, 429, 503])
    @pytest.mark.parametrize("name", ["openai", "anthropic"])
    def test_a_providers_errors(self, client: Act, world: World, name: str, status: int, stream: bool) -> None:
        """With the time to wait after a 429, by which SDKs go."""
        kind = {400: "invalid_request_error", 429: "rate_limit_error"}.get(status, "server_error")
        # Envoy may try it more than once, so every attempt fails.
        world[name].script.extend([failing(name, status, kind, headers=(("retry-after", "7"),))] * 4)
        raised = self.raises(client, status, "text", model=f"to-{name}", prompt=QUESTION, stream=stream)
        assert world[name].requests, "it was to be the provider's own error"
        if status == 429 and self.shows_retry_after:
            assert raised.retry_after == "7"

    @STREAM
    def test_an_unknown_model(self, client: Act, world: World, stream: bool) -> None:
        raised = self.raises(client, 404, "text", model="no-such-model", prompt=QUESTION, stream=stream)
        assert "no-such-model" in raised.message

    def test_a_wrong_key(self, client: Act, world: World) -> None:
        self.raises(client, 401, "text", model="to-openai", prompt=QUESTION, stream=False, key="wrong")
        assert not world["openai"].requests

    @EACH
    def test_a_cut_stream_is_an_error(self, client: Act, world: World, name: str) -> None:
        """The provider's stream ends in good order, but before it has said that it is done."""
        world[name].script.append(cut(UPSTREAMS[name].says(ANSWER)))
        with pytest.raises(Raised) as caught:
            client("text", model=f"to-{name}", prompt=QUESTION, stream=True)
        assert self.broken in caught.value.classes, caught.value
        assert len(world[name].requests) == 1, "the client was to be told of it: it had a part of the answer already"


class StructuredOutput:
    """A client that can ask for JSON of a schema, with the action `parse`."""

    @EACH
    def test_structured_output(self, client: Act, world: World, name: str) -> None:
        world[name].script.append(structured(name, CITY))
        assert client("parse", model=f"to-{name}", prompt=QUESTION) == CITY
        [received] = world.received(name)
        assert asked(received) and "population" in tell(received)


class Thinking:
    """A client that shows what a model thought, and sends it back, with the action `thinking`."""

    @STREAM
    @pytest.mark.parametrize("name", ["anthropic", "gemini", "responses", "cohere"])
    def test_thinking(self, client: Act, world: World, name: str, stream: bool) -> None:
        """What proves that it was the model's own thought comes back to the provider with the second turn."""
        proof, reply = thinks(name, THOUGHT, "weather", ARGUMENTS)
        world[name].script.extend([reply, UPSTREAMS[name].says(ANSWER)])
        shown = client("thinking", model=f"to-{name}", prompt=QUESTION, result=RESULT, stream=stream)
        assert shown == {"thoughts": THOUGHT, "text": ANSWER}
        first, second = world.received(name)
        assert proof not in tell(first) and proof in tell(second)


class Embeddings:
    """A client of embeddings, with the action `embed`."""

    @pytest.mark.parametrize("name", EMBEDDERS)
    def test_embeddings(self, client: Act, world: World, name: str) -> None:
        # Titan takes one text a request.
        texts = TEXTS[: 1 if name == "bedrock" else None]
        made = client("embed", model=f"embed-{name}", texts=texts)
        assert made["vectors"] == [vector(text) for text in texts]
        assert len(world[f"embed-{name}"].requests) == 1
