"""n8n, headless: an agent with the OpenAI Chat Model, whose credential holds the gateway's address. It is 1.6 GB: N8N=1 installs it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cli_matrix import ANSWER, strings
from cli_n8n import credential, workflow
from cli_sandbox import Ran, Sandbox, script
from cli_seen import results, system, tools
from conftest import KEY, World
from program import CACHE, need
from upstreams import UPSTREAMS

PROMPT = 'What is it? Answer "plainly", 🦊.'
QUIET = {
    "N8N_DIAGNOSTICS_ENABLED": "false", "N8N_VERSION_NOTIFICATIONS_ENABLED": "false", "N8N_TEMPLATES_ENABLED": "false",
    "N8N_RUNNERS_ENABLED": "false", "N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS": "true", "DB_SQLITE_POOL_SIZE": "1",
}  # fmt: skip


def n8n(box: Sandbox, *arguments: str) -> Ran:
    """One command of it."""
    ran = box.run(*script("n8n", "n8n/bin/n8n"), *arguments, env=QUIET, timeout=300)
    assert ran.code == 0, ran
    return ran


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, shared: World) -> Sandbox:
    """A home in which n8n has the credential; the first command makes its database."""
    if not os.environ.get("N8N") and not (CACHE / "n8n" / ".switchyard").exists():
        pytest.skip("n8n is not installed: it takes 1.6 GB and is tested with N8N=1")
    need("n8n")
    box = Sandbox(tmp_path_factory.mktemp("n8n") / "box")
    given(box, "credential.json", credential(shared.gateway.url, KEY))
    n8n(box, "import:credentials", "--input=credential.json")
    return box


def given(box: Sandbox, name: str, value: object) -> Path:
    """A file in the working folder."""
    path = box.work / name
    path.write_text(json.dumps(value))
    return path


@pytest.mark.parametrize("responses", [False, True], ids=["chat", "responses"])
@pytest.mark.parametrize("name", ["anthropic", "gemini"])
def test_an_agent_with_a_tool(box: Sandbox, world: World, name: str, responses: bool) -> None:
    world[name].script.append(UPSTREAMS[name].calls("look_up", {"input": "snow"}))
    world[name].default = UPSTREAMS[name].says(ANSWER)
    flow = f"{name}-{responses}"
    given(box, "workflow.json", workflow(flow, f"to-{name}", PROMPT, box.token, responses))
    n8n(box, "import:workflow", "--input=workflow.json")
    ran = n8n(box, "execute", f"--id={flow}", "--rawOutput")
    assert ANSWER in ran.out, ran
    first, second = world.received(name)
    for body in (first, second):
        assert "You are a careful clerk." in system(name, body)
        assert PROMPT in strings(body) and "look_up" in tools(name, body)
    assert box.token not in strings(first)
    [result] = results(name, second)
    assert responses or f"{box.token} for snow" in result, result
    assert not [request for request in world[name].requests if KEY.encode() in request.raw]
