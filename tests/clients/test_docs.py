"""docs/clients.md names the versions that were tested."""

from __future__ import annotations

import json
import re

from program import HERE
from rig.envoy import ROOT

OURS = {
    "requirements.lock": ["openai", "anthropic"],
    "langchain.lock": ["langchain-openai", "langchain-anthropic"],
    "litellm.lock": ["litellm"],
    "pydantic-ai.lock": ["pydantic-ai-slim"],
    "instructor.lock": ["instructor"],
}


def test_versions_are_those_of_the_locks() -> None:
    text = (ROOT / "docs" / "clients.md").read_text()
    for file, names in OURS.items():
        path = ROOT / "tests" / file if file == "requirements.lock" else HERE / "python" / file
        pinned = dict(line.split(" ")[0].split("==") for line in path.read_text().splitlines() if "==" in line)
        for name in names:
            assert f"`{name}` {pinned[name]}" in text, f"{name} is at {pinned[name]}"
    packages = json.loads((HERE / "node" / "package.json").read_text())["dependencies"]
    locked = json.loads((HERE / "node" / "package-lock.json").read_text())["packages"]
    for name, version in packages.items():
        assert locked[f"node_modules/{name}"]["version"] == version
        assert name == "zod" or f"`{name}` {version}" in text, f"{name} is at {version}"


def test_versions_of_command_line_clients() -> None:
    text = (ROOT / "docs" / "clients.md").read_text()
    for path in (HERE / "cli").glob("*/package.json"):
        [(name, version)] = json.loads(path.read_text())["dependencies"].items()
        assert json.loads((path.parent / "package-lock.json").read_text())["packages"][f"node_modules/{name}"]["version"] == version
        assert re.search(rf"Tested: [^.]*\b{re.escape(version)},", text), f"{name} is at {version}"


def test_locks_name_no_registry() -> None:
    for path in [*(HERE / "python").glob("*.lock"), HERE / "node" / "package-lock.json"]:
        assert not re.search(r"https?://", re.sub(r'"url": "https?://[^"]*"', "", path.read_text())), path.name
    for path in (HERE / "cli").glob("*/package-lock.json"):
        assert '"resolved"' not in path.read_text(), path.parent.name
