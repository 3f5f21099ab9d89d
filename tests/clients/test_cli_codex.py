"""Codex, headless: `/v1/responses` against providers that are none of OpenAI's."""

from __future__ import annotations

import json
from typing import ClassVar

import pytest
from cli_codex import BY_COMMAND, BY_VARIABLE, CONFIG, custom_call
from cli_matrix import ANSWER, PROMPT, RED, Agent
from cli_sandbox import Ran, Sandbox, script
from cli_seen import images, results, tools
from conftest import KEY, KEYS, TIMEOUTS, World
from rig.gateway import Gateway
from upstreams import PAIRS, UPSTREAMS, gateway_file

CODE = 'const ran = await tools.exec_command({cmd: "cat token.txt"}); text(ran.output);'
OTHERS = pytest.mark.parametrize("name", ["anthropic", "openai", "gemini"])


class TestCodex(Agent):
    """`codex exec`"""

    group, own = "codex", "responses"
    schema = "openai.responses_request"
    phrase = "You are a coding agent running in the Codex CLI"
    also = ("<environment_context>",)
    offers: ClassVar = {"exec_command", "write_stdin", "view_image"}
    tool: ClassVar = ("exec_command", {"cmd": "cat token.txt"})
    auth = BY_VARIABLE
    gateway: Gateway | None = None
    """Another gateway than the shared one."""

    def run(self, box: Sandbox, world: World, model: str, prompt: str, *more: str) -> Ran:
        settings = box.home / ".codex"
        settings.mkdir(exist_ok=True)
        (settings / "config.toml").write_text(CONFIG.format(url=(self.gateway or world.gateway).url) + self.auth)
        return self.codex(box, "exec", "-m", model, "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", *more, "--", prompt)

    def codex(self, box: Sandbox, *arguments: str) -> Ran:
        """One run of it, with the key where its settings look for it."""
        return box.run(*script(self.group, "@openai/codex/bin/codex.js"), *arguments, env={"SWITCHYARD_KEY": KEY, "RUST_LOG": "error"})

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
    def test_images(self, box: Sandbox, world: World, name: str) -> None:
        """One in the prompt, and one that a tool shows."""
        self.an_image(box, world, name, ("view_image", {"path": "red.png"}), "-i", "red.png")
        first, second = (images(name, request.json) for request in world[name].requests)
        assert first == [RED] and second == [RED, RED]

    @pytest.mark.parametrize("name", ["anthropic", "openai", "gemini"])
    def test_a_cut_stream(self, box: Sandbox, world: World, name: str) -> None:
        self.a_cut_stream(box, world, name)

    @pytest.mark.parametrize("name", ["anthropic", "openai"])
    def test_what_a_provider_refuses(self, box: Sandbox, world: World, name: str) -> None:
        self.a_refusal(box, world, name)

    @OTHERS
    def test_a_tool_of_a_namespace(self, box: Sandbox, world: World, name: str) -> None:
        """Codex groups tools by namespaces, which no other API has. It knows the call again only by both names."""
        world[name].script.append(UPSTREAMS[name].calls("multi_agent_v1__close_agent", {"target": "nobody"}))
        world[name].default = UPSTREAMS[name].says(ANSWER)
        self.says(self.run(box, world, f"to-{name}", PROMPT), ANSWER)
        first, second = world.received(name)
        assert "multi_agent_v1__close_agent" in tools(name, first)
        assert any("invalid agent id" in result for result in results(name, second)), results(name, second)

    def named(self, box: Sandbox, world: World, model: str, name: str) -> Gateway:
        """A gateway with one model of this name. Codex has a catalogue: names of it change what it sends."""
        models = [{"name": model, "targets": [{"provider": name, "model": UPSTREAMS[name].model}]}]
        return Gateway(box.folder / "gateway", {"timeouts": TIMEOUTS, "keys": KEYS, **gateway_file(world.providers), "models": models})

    @OTHERS
    def test_a_tool_of_free_text(self, box: Sandbox, world: World, name: str) -> None:
        """`apply_patch` takes text and no JSON: other APIs have no such tools."""
        patch = f"*** Begin Patch\n*** Add File: made.txt\n+{box.token}\n*** End Patch\n"
        world[name].script.append(UPSTREAMS[name].calls("apply_patch", {"input": patch}))
        self.catalogued(box, world, "gpt-5.5", name)
        assert (box.work / "made.txt").read_text() == box.token + "\n"
        [result] = results(name, world[name].requests[-1].json)
        assert "Success" in result

    @OTHERS
    def test_a_model_that_works_by_code(self, box: Sandbox, world: World, name: str) -> None:
        """Tools are no member of the request then but an item of its input, and the one for commands takes JavaScript."""
        world[name].script.append(UPSTREAMS[name].calls("functions__exec", {"input": CODE}))
        self.catalogued(box, world, "gpt-6.1-sol", name)
        first, second = world.received(name)
        assert {"functions__exec", "functions__wait", "collaboration__list_agents"} <= tools(name, first)
        assert any(box.token in result for result in results(name, second)), results(name, second)

    def test_its_own_api_gets_what_no_other_has(self, box: Sandbox, world: World) -> None:
        """The same model at a provider that speaks Responses: nothing is made into something else."""
        world["responses"].script.append(custom_call("functions", "exec", CODE))
        self.catalogued(box, world, "gpt-6.1-sol", "responses")
        first, second = world.received("responses")
        assert first["input"][0]["type"] == "additional_tools" and "tools" not in first
        assert first["reasoning"]["context"] == "all_turns"
        [call] = [item for item in second["input"] if item["type"] == "custom_tool_call"]
        assert call["input"] == CODE and call["namespace"] == "functions"
        assert any(box.token in result for result in results("responses", second))

    def catalogued(self, box: Sandbox, world: World, model: str, name: str) -> None:
        """A run with a model of Codex's catalogue."""
        world[name].default = UPSTREAMS[name].says(ANSWER)
        self.gateway = self.named(box, world, model, name)
        try:
            self.says(self.run(box, world, model, PROMPT), ANSWER)
            assert not (found := self.gateway.new_problems()), found
        finally:
            self.gateway.stop()

    def test_a_session_goes_on_at_another_provider(self, box: Sandbox, world: World) -> None:
        """`codex exec resume`, with a tool's result in the history."""
        self.a_tool(box, world, "anthropic")
        world["gemini"].default = UPSTREAMS["gemini"].says("And so it went on.")
        resumed = ("exec", "resume", "--last", "-m", "to-gemini", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
        self.says(self.codex(box, *resumed, "And then?"), "And so it went on.")
        told = json.dumps(world["gemini"].requests[-1].json, ensure_ascii=False)
        assert PROMPT.replace('"', '\\"') in told and box.token in told and ANSWER in told and "And then?" in told

    def test_the_list_of_models(self, box: Sandbox, world: World) -> None:
        """Codex wants another form of it than OpenAI's SDKs, and says so in its log where it does not get it."""
        world["anthropic"].default = UPSTREAMS["anthropic"].says(ANSWER)
        self.auth = BY_COMMAND
        ran = self.run(box, world, "to-anthropic", PROMPT)
        self.says(ran, ANSWER)
        assert "failed to refresh available models" not in ran.err, ran
        self.proper("anthropic", world["anthropic"].requests[-1])
