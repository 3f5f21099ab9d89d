"""Claude Code, headless: `/v1/messages` against providers that are none of Anthropic's."""

from __future__ import annotations

import json
from typing import ClassVar

import pytest
from cli_matrix import ANSWER, PROMPT, Agent
from cli_sandbox import Ran, Sandbox, script
from cli_seen import results
from cli_terminal import Terminal
from conftest import KEY, World
from rig.provider import Conn, Received, Reply
from upstreams import PAIRS, UPSTREAMS
CLAUDE = script("claude-code", "@anthropic-ai/claude-code/cli-wrapper.cjs")


def settings(world: World) -> dict[str, str]:
    """The environment variables that send Claude Code to the gateway, and that keep it from waiting long."""
    return {"ANTHROPIC_BASE_URL": world.root, "ANTHROPIC_AUTH_TOKEN": KEY, "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_MAX_RETRIES": "2"}


def at_home(box: Sandbox) -> None:
    """The home of somebody who has used Claude Code before, and in this folder: nothing is asked at its start."""
    folder = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    known = {"hasCompletedOnboarding": True, "theme": "dark", "projects": {str(box.work): folder}}
    (box.home / ".claude.json").write_text(json.dumps(known))


def replied(world: World) -> tuple[int, int]:
    """How many requests the gateway answered well so far, and how many not."""
    counts = world.gateway.envoy.stats(r"^http\..*downstream_rq_[245]xx$")
    by = {kind: sum(count for name, count in counts.items() if name.endswith(kind) and ".admin." not in name) for kind in ("2xx", "4xx", "5xx")}
    return by["2xx"], by["4xx"] + by["5xx"]


class TestClaudeCode(Agent):
    """`claude -p`"""

    group, own = "claude-code", "anthropic"
    schema = "anthropic.request"
    phrase = "You are a Claude agent, built on Anthropic's Claude Agent SDK."
    also = ("You have been invoked in the following environment",)
    offers: ClassVar = {"Bash", "Read", "Edit", "Write"}
    tool: ClassVar = ("Bash", {"command": "cat token.txt", "description": "Look into the file"})

    def run(self, box: Sandbox, world: World, model: str, prompt: str, *more: str, **env: str) -> Ran:
        options = ["-p", prompt, "--model", model, "--allowedTools", "Bash,Read", "--max-turns", "4"]
        return box.run(*CLAUDE, *options, *more, env={**settings(world), **env})

    @pytest.mark.parametrize("name", UPSTREAMS)
    def test_a_word(self, box: Sandbox, world: World, name: str) -> None:
        self.a_word(box, world, name)

    @pytest.mark.parametrize("name", UPSTREAMS)
    def test_a_tool(self, box: Sandbox, world: World, name: str) -> None:
        self.a_tool(box, world, name)

    @pytest.mark.parametrize(("one", "other"), PAIRS)
    def test_another_format_goes_on(self, box: Sandbox, world: World, one: str, other: str) -> None:
        self.a_tool(box, world, one, other)

    @pytest.mark.parametrize("name", ["openai", "anthropic", "gemini", "bedrock", "responses"])
    def test_an_image_that_a_tool_shows(self, box: Sandbox, world: World, name: str) -> None:
        file = str(box.work / "red.png")
        self.an_image(box, world, name, ("Read", {"file_path": file}))

    @pytest.mark.parametrize("name", ["openai", "gemini", "responses"])
    def test_a_cut_stream(self, box: Sandbox, world: World, name: str) -> None:
        self.a_cut_stream(box, world, name)

    @pytest.mark.parametrize("name", ["openai", "responses"])
    def test_what_a_provider_refuses(self, box: Sandbox, world: World, name: str) -> None:
        self.a_refusal(box, world, name)

    def test_a_session_goes_on_at_another_provider(self, box: Sandbox, world: World) -> None:
        """`claude -c`, with a tool's result in the history."""
        self.a_tool(box, world, "openai")
        world["gemini"].default = UPSTREAMS["gemini"].says("And so it went on.")
        self.says(self.run(box, world, "to-gemini", "And then?", "-c"), "And so it went on.")
        body = world["gemini"].requests[-1].json
        told = json.dumps(body, ensure_ascii=False)
        assert PROMPT.replace('"', '\\"') in told and box.token in told and ANSWER in told and "And then?" in told

    def test_context_counts_tokens(self, box: Sandbox, world: World) -> None:
        """`/context` asks `count_tokens` some thirty times. It would live without an answer, so the gateway is asked, too."""
        before = replied(world)
        ran = self.run(box, world, "to-openai", "/context")
        assert ran.code == 0 and "| System prompt |" in ran.out, ran
        good, bad = (now - then for now, then in zip(replied(world), before, strict=True))
        assert good > 15 and bad == 0, (good, bad)

    def test_models_are_discovered(self, box: Sandbox, world: World) -> None:
        """It keeps of the gateway's models those that `claude` or `anthropic` is in the name of."""
        world["openai"].default = UPSTREAMS["openai"].says(ANSWER)
        self.says(self.run(box, world, "to-openai", PROMPT, CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY="1"), ANSWER)
        kept = json.loads((box.home / ".claude" / "cache" / "gateway-models.json").read_text())["models"]
        assert {model["id"] for model in kept} == {"to-anthropic", "anthropic-then-gemini", "openai-then-anthropic"}

    @pytest.mark.parametrize("name", ["openai", "gemini", "responses"])
    def test_in_a_terminal(self, box: Sandbox, world: World, name: str) -> None:
        """As people use it, which sends more: a request for a title with a schema, settings for single turns, and to compact."""
        up = UPSTREAMS[name]
        at_home(box)
        world[name].default = self.by_what_is_asked(name, ANSWER)
        command = [*CLAUDE, "--model", f"to-{name}", "--allowedTools", "Bash"]
        with Terminal(command, {**box.env, **settings(world), "TERM": "xterm-256color"}, box.work) as terminal:
            terminal.wait_for("to-" + name)
            terminal.type("Look into token.txt, please.")
            terminal.wait_for(ANSWER)
            assert any(box.token in result for request in world[name].requests for result in results(name, request.json))
            world[name].default = up.says("This is what was said before.")
            terminal.type("/compact")
            terminal.wait_for("Conversation compacted")
        titles = [request for request in world[name].requests if "title" in json.dumps(request.json) and not request.json.get("tools")]
        assert titles, "it did not ask for a title"

    def by_what_is_asked(self, name: str, answer: str) -> Reply:
        """A title to whom wants one; a call to who has tools and no result yet; a text to all else."""
        up = UPSTREAMS[name]

        def reply(conn: Conn, received: Received) -> None:
            body = received.json
            if not body.get("tools"):
                up.says('{"title": "A look into a file"}')(conn, received)
            elif not results(name, body):
                up.calls(*self.tool)(conn, received)
            else:
                up.says(answer)(conn, received)

        return reply
