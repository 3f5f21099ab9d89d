"""Cline, headless: Chat Completions against providers of other formats."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar

import pytest
from cli_matrix import Agent
from cli_sandbox import Ran, Sandbox, script
from conftest import KEY, World
from program import need

# Without a daemon that would outlive the run.
ENV = {"CLINE_SESSION_BACKEND_MODE": "local", "CLINE_NO_AUTO_UPDATE": "1", "AI_SDK_LOG_WARNINGS": "false"}
NAMES = ["anthropic", "gemini", "openai"]


def cline(box: Sandbox, *arguments: str) -> Ran:
    """One run of it."""
    return box.run(*script("cline", "cline/bin/cline"), *arguments, env=ENV)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, shared: World) -> Path:
    """A home in which Cline was told of the gateway once; and not to report, which takes seconds where there is no network."""
    need("cline")
    box = Sandbox(tmp_path_factory.mktemp("cline") / "box")
    settings = box.home / ".cline" / "data" / "settings"
    settings.mkdir(parents=True)
    (settings / "global-settings.json").write_text('{"telemetryOptOut": true}')
    ran = cline(box, "auth", "-p", "openai", "-k", KEY, "-m", "to-openai", "-b", shared.gateway.url)
    assert ran.code == 0, ran
    return box.home


class TestCline(Agent):
    """`cline -P openai-compatible`"""

    group, own = "cline", "openai"
    phrase = "You are Cline, an AI coding agent."
    asks_again = False
    offers: ClassVar = {"read_files", "run_commands", "search_codebase"}
    tool: ClassVar = ("run_commands", {"commands": ["cat token.txt"]})

    @pytest.fixture
    def box(self, tmp_path: Path, settled: Path) -> Sandbox:
        shutil.copytree(settled, tmp_path / "box" / "home")
        return Sandbox(tmp_path / "box")

    def run(self, box: Sandbox, world: World, model: str, prompt: str, *more: str) -> Ran:
        return cline(box, "-P", "openai-compatible", "-m", model, *more, prompt)

    @pytest.mark.parametrize("name", NAMES)
    def test_a_word(self, box: Sandbox, world: World, name: str) -> None:
        self.a_word(box, world, name)

    @pytest.mark.parametrize("name", NAMES)
    def test_a_tool(self, box: Sandbox, world: World, name: str) -> None:
        self.a_tool(box, world, name)

    @pytest.mark.parametrize(("one", "other"), [("anthropic", "gemini"), ("openai", "anthropic")])
    def test_another_format_goes_on(self, box: Sandbox, world: World, one: str, other: str) -> None:
        self.a_tool(box, world, one, other)

    @pytest.mark.parametrize("name", ["anthropic", "openai"])
    def test_an_image_that_a_tool_shows(self, box: Sandbox, world: World, name: str) -> None:
        files = [{"path": str(box.work / "red.png")}]
        self.an_image(box, world, name, ("read_files", {"files": files}))

    def test_a_cut_stream(self, box: Sandbox, world: World) -> None:
        self.a_cut_stream(box, world, "anthropic")

    def test_what_a_provider_refuses(self, box: Sandbox, world: World) -> None:
        self.a_refusal(box, world, "openai")
