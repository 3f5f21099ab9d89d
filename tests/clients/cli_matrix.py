"""What every command-line agent must be able to do, against providers of other formats than its own."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from cli_sandbox import Ran, Sandbox, png
from cli_seen import images, results, streamed, system, tools
from conftest import KEY, World
from program import need
from rig import anthropic, openai
from rig.provider import Received, Reply
from upstreams import UPSTREAMS, cut, failing

PROMPT = 'Look into token.txt – say "plainly" what is there, 🦊.'
ANSWER = "There is one word in it – and I shall not say which: 雪."
WORDS = "the prompt is of the wrong colour"
RED = base64.b64encode(png()).decode()


class Agent:
    """Tests of one client. `group` is the folder it is installed in."""

    group: str
    own: str
    """The upstream that speaks its dialect: what such a one is sent may have parts that the vendor's SDK has no types for."""
    schema: str = ""
    """The closed schema that is then not asked."""
    phrase: str
    """Words of its system prompt."""
    also: ClassVar[tuple[str, ...]] = ()
    """Words that it tells the model elsewhere."""
    asks_again = True
    """Whether it does, when a stream breaks off."""
    offers: ClassVar[set[str]]
    """Tools that it cannot do without."""
    tool: ClassVar[tuple[str, dict]]
    """The call that shows token.txt."""

    @pytest.fixture
    def box(self, tmp_path: Path) -> Sandbox:
        """Where the client runs."""
        need(self.group)
        return Sandbox(tmp_path / "box")

    @pytest.fixture(autouse=True)
    def beta(self, shared: World) -> Iterator[None]:
        """The vendor's own API is asked as the client would ask it: with what is not in its published types."""
        provider, check = shared[self.own], UPSTREAMS[self.own].check
        if self.schema:
            provider.check = lambda received: [wrong for wrong in check(received) if not wrong.startswith(self.schema)]
        yield
        provider.check = check

    def run(self, box: Sandbox, world: World, model: str, prompt: str, *more: str) -> Ran:
        """One run of the client to its end, with a key of the gateway."""
        raise NotImplementedError

    def says(self, ran: Ran, text: str) -> None:
        """It ended well and showed the text to who called it."""
        assert ran.code == 0, ran
        assert text in ran.out, ran

    def a_word(self, box: Sandbox, world: World, name: str) -> None:
        """A prompt and a text: the least that works."""
        world[name].default = UPSTREAMS[name].says(ANSWER)
        self.says(self.run(box, world, f"to-{name}", PROMPT), ANSWER)
        assert world[name].requests, "nobody was asked"
        for request in world[name].requests:
            self.proper(name, request)

    def a_tool(self, box: Sandbox, world: World, one: str, other: str | None = None) -> None:
        """The model calls a tool, the client runs it for real, and who answers the second turn sees what came of it.
        With `other`, the first provider has gone away by then, and another format answers."""
        turns: list[Reply] = [UPSTREAMS[one].calls(*self.tool)]
        world[one].script.extend(turns)
        world[one].default = failing(one, 503) if other else UPSTREAMS[one].says(ANSWER)
        if other:
            world[other].default = UPSTREAMS[other].says(ANSWER)
        self.says(self.run(box, world, f"{one}-then-{other}" if other else f"to-{one}", PROMPT), ANSWER)
        first, second = world[one].requests[0], world[other or one].requests[-1]
        self.proper(one, first)
        self.proper(other or one, second)
        assert box.token not in first.body.decode()
        assert any(box.token in result for result in results(other or one, second.json)), results(other or one, second.json)

    def an_image(self, box: Sandbox, world: World, name: str, call: tuple[str, dict], *more: str) -> None:
        """A tool shows an image: the provider must get it."""
        world[name].script.append(UPSTREAMS[name].calls(*call))
        world[name].default = UPSTREAMS[name].says(ANSWER)
        self.says(self.run(box, world, f"to-{name}", "Describe red.png.", *more), ANSWER)
        assert RED in images(name, world[name].requests[-1].json)

    def a_cut_stream(self, box: Sandbox, world: World, name: str) -> None:
        """The stream ends in its middle. The client must learn of it: it asks again or fails, and a half is no success."""
        world[name].script.append(cut(UPSTREAMS[name].says("This half must never be taken for the whole answer.")))
        world[name].default = UPSTREAMS[name].says(ANSWER)
        ran = self.run(box, world, f"to-{name}", PROMPT)
        if self.asks_again:
            assert len(world[name].requests) > 1, f"a cut stream passed for a whole one: {ran}"
            self.says(ran, ANSWER)
        else:
            assert ran.code != 0, f"a cut stream passed for a whole one: {ran}"

    def a_refusal(self, box: Sandbox, world: World, name: str) -> None:
        """The provider refuses: the client fails and shows the provider's words."""
        kind = "invalid_request_error"
        world[name].default = anthropic.error(400, kind, WORDS) if name == "anthropic" else openai.error(400, WORDS, kind)
        ran = self.run(box, world, f"to-{name}", PROMPT)
        assert ran.code != 0 and WORDS in ran.out + ran.err, ran

    def proper(self, name: str, request: Received, prompt: str = PROMPT) -> None:
        """What any request of an agent must bring to the provider, and what it must not."""
        body = request.json
        assert KEY.encode() not in request.raw, "the client's key reached the provider"
        about = ("anthropic-", "openai-", "x-stainless", "x-claude", "x-codex", "x-openai", "session", "thread", "originator")
        foreign = {header for header in request.names if header.startswith(about)} - {"anthropic-version"}
        assert name == self.own or not foreign, foreign
        assert streamed(name, request)
        assert self.phrase in system(name, body), "the system prompt is not there"
        assert self.offers <= tools(name, body), tools(name, body)
        told = strings(body)
        assert prompt in told, "the prompt is not there"
        assert not (lost := [words for words in self.also if words not in told]), f"lost: {lost}"


def strings(value: object) -> str:
    """All texts in a JSON value, one after the other."""
    if isinstance(value, str):
        return value + "\n"
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return "".join(map(strings, inner))
