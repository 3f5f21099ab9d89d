"""What every client must be able to do, against every format: a class of tests a client, which say only in what it is special."""

from __future__ import annotations

import json

import pytest
from conftest import World
from program import Program, Raised
from rig import replies
from upstreams import PAIRS, UPSTREAMS, Upstream, failing

QUESTION = 'What is the weather in Malmö? Say it "plainly", 🦊.'
ARGUMENTS = {"city": "Malmö", "days": 2}
RESULT = "Sunny in Malmö, 21 °C."
ANSWER = "It will be sunny in Malmö – at 21 °C."
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def tell(received: dict) -> str:
    """A request as text to search, with characters as they are."""
    return json.dumps(received, ensure_ascii=False)


class Matrix:
    """Tests of one client. `group` is the environment it is installed in, `file` the program that uses it."""

    group: str
    file: str
    finish: tuple[str | None, str | None]
    """What it calls the end of a text, and of a turn that calls a tool."""
    errors: dict[int, str]
    """Its exception for a status."""
    cached_in_input = True
    """Whether its count of the input has the tokens from a cache in it."""

    def usage(self, up: Upstream) -> dict:
        """What the client shows of an upstream's usage."""
        counted = up.usage
        return {"input": counted.input - (0 if self.cached_in_input else counted.cached), "output": counted.output}

    def shows(self, turn: dict, name: str, text: str | None, called: bool) -> None:
        """A turn, as the client's own objects have it."""
        up = UPSTREAMS[name]
        calls = [{"name": "weather", "arguments": ARGUMENTS}] if called else []
        assert turn["calls"] == calls
        if text is not None:
            assert turn["text"] == text
        assert turn["finish"] == self.finish[called]
        assert {key: turn["usage"][key] for key in ("input", "output")} == self.usage(up)
        assert turn["model"] == (up.reports or up.model)

    @STREAM
    @pytest.mark.parametrize("name", UPSTREAMS)
    def test_text(self, client: Program, world: World, name: str, stream: bool) -> None:
        world[name].script.append(UPSTREAMS[name].says(ANSWER))
        turn = client("text", model=f"to-{name}", prompt=QUESTION, stream=stream)
        self.shows(turn, name, ANSWER, False)
        [received] = world.received(name)
        assert json.dumps(QUESTION, ensure_ascii=False)[1:-1] in tell(received)

    @STREAM
    @pytest.mark.parametrize("name", UPSTREAMS)
    def test_tools_over_two_turns(self, client: Program, world: World, name: str, stream: bool) -> None:
        up = UPSTREAMS[name]
        world[name].script.extend([up.calls("weather", ARGUMENTS), up.says(ANSWER)])
        first, second = client("tools", model=f"to-{name}", prompt=QUESTION, result=RESULT, stream=stream)
        self.shows(first, name, None, True)
        self.shows(second, name, ANSWER, False)
        self.conversation(*world.received(name))

    @STREAM
    @pytest.mark.parametrize(("one", "other"), PAIRS)
    def test_failover_within_a_conversation(self, client: Program, world: World, one: str, other: str, stream: bool) -> None:
        """Who called the tool has gone away when the result comes: another format goes on with the conversation."""
        gone = replies.reset() if stream else failing(one, 503)
        world[one].script.extend([UPSTREAMS[one].calls("weather", ARGUMENTS), gone])
        world[other].script.append(UPSTREAMS[other].says(ANSWER))
        first, second = client("tools", model=f"{one}-then-{other}", prompt=QUESTION, result=RESULT, stream=stream)
        self.shows(first, one, None, True)
        self.shows(second, other, ANSWER, False)
        assert len(world[one].requests) == 2, "the first provider was to be asked for both turns"
        self.conversation(world.received(one)[0], *world.received(other))

    def conversation(self, first: dict, second: dict) -> None:
        """What providers of any format must have got of the two turns."""
        for received in (first, second):
            text = tell(received)
            assert json.dumps(QUESTION, ensure_ascii=False)[1:-1] in text
            assert '"weather"' in text and '"days"' in text, "the tool is not there"
        assert RESULT not in tell(first)
        assert RESULT in tell(second) and "Malmö" in tell(second).replace("\\\\u00f6", "ö")

    @STREAM
    @pytest.mark.parametrize("status", [400, 429, 503])
    @pytest.mark.parametrize("name", ["openai", "anthropic"])
    def test_a_providers_errors(self, client: Program, world: World, name: str, status: int, stream: bool) -> None:
        """With a time to wait after 429, which clients of an SDK go by."""
        kind = {400: "invalid_request_error", 429: "rate_limit_error"}.get(status, "server_error")
        # Envoy may try it more than once, so every attempt fails.
        world[name].script.extend([failing(name, status, kind, headers=(("retry-after", "7"),))] * 4)
        raised = self.raises(client, status, "text", model=f"to-{name}", prompt=QUESTION, stream=stream)
        if status == 429:
            assert raised.retry_after == "7"

    @STREAM
    def test_an_unknown_model(self, client: Program, world: World, stream: bool) -> None:
        raised = self.raises(client, 404, "text", model="no-such-model", prompt=QUESTION, stream=stream)
        assert "no-such-model" in raised.message

    def test_a_wrong_key(self, client: Program, world: World) -> None:
        self.raises(client, 401, "text", model="to-openai", prompt=QUESTION, stream=False, key="wrong")

    def raises(self, client: Program, status: int, action: str, **arguments: object) -> Raised:
        """The client's own exception for a status."""
        with pytest.raises(Raised) as caught:
            client(action, **arguments)
        assert self.errors[status] in caught.value.classes, caught.value
        # Formats without a word for 503 say 500.
        assert caught.value.status == status or min(caught.value.status or 0, status) >= 500
        return caught.value
