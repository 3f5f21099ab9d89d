"""What `switchyard render kong` prints, judged as Kong would: no Kong with filters of WebAssembly can be had from a registry."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from rig import kong
from rig.envoy import ROOT, switchyard_binary

KEY = {"value": "sk-test"}
# What makes the largest files: every name as odd as it may be.
ODD = {
    "providers": [
        {"name": "a" * 62 + "_-", "type": "openai", "api_key": KEY},
        {"name": "-", "type": "openai-compatible", "base_url": "http://[::1]:8080/deep/v1", "quirks": {
            "refuses": ["n"], "fixed": {"store": False, "extra": {"a": [1, {}]}}, "clamp": {"temperature": {"min": 0, "max": 1.5}}}},
        {"name": "claude", "type": "anthropic", "base_url": "https://proxy.example:8443/anthropic", "api_key": {"env": "CLAUDE_KEY"},
         "headers": {"x-more": "1"}},
        {"name": "gemini", "type": "gemini", "api_key": KEY},
        {"name": "nobody", "type": "openai", "api_key": KEY},
    ],
    "models": [
        {"name": "😀\u2028'\"\\: #", "targets": [{"provider": "-"}, {"provider": "claude", "model": "c\\d"}]},
        {"name": "gpt-*", "targets": [{"provider": "a" * 62 + "_-"}, {"provider": "a" * 62 + "_-", "model": "gpt-4.1-mini"}]},
        {"name": "*", "targets": [{"provider": "gemini"}, {"provider": "claude"}]},
    ],
    "keys": [{"name": "schlüssel", "sha256": "0" * 64, "models": ["*"]}],
    "timeouts": {"connect": "1ms", "first_event": "24h", "reply": "1ms", "idle": "1ms"},
    "outlier": {"consecutive_failures": 255, "ejection": "1ms", "max_ejection": "24h"},
    "limits": {"request_bytes": 268435456, "reply_bytes": 1024, "buffered_bytes": 68719476736},
    "retries": {"attempts": 10, "list_attempts": True},
}
RENDERED = ["browser", "clouds", "credentials", "embeddings", "failover", "keys", "media", "minimal", "two-providers"]
# What stands in the way of an example, by the paths that are told.
REFUSED = {
    "browser": ["cors"],
    "credentials": ["providers[1].api_key.file", "providers[2]", "providers[3].aws", "providers[4].google", "providers[5].google",
                    "providers[6].azure"],
    "keys": ["providers[0].api_key.file", "providers[1].api_key.file"],
    "media": ["files"],
}


def switchyard(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [switchyard_binary(), "render", "kong", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=ROOT)


def rendered(*arguments: str) -> str:
    done = switchyard(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def odd(tmp_path: Path) -> str:
    path = tmp_path / "gateway.yaml"
    path.write_text(yaml.safe_dump(ODD, sort_keys=False))
    return str(path)


def judge(text: str, schema: dict) -> dict:
    """Asserts that Kong would take the document and hand the filter what is in it."""
    document = kong.load(text)
    assert kong.problems(document) == []
    configs = [chain["filters"][0]["config"] for chain in kong.chains(document)]
    assert configs
    validator = jsonschema.Draft4Validator(schema)
    for config in configs:
        assert kong.through_lua(config) == config
        errors = [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(kong.through_lua(config))]
        assert errors == []
    fronts = [config for config in configs if config["role"] == "front"]
    assert len(fronts) == 1 and "sk-" not in json.dumps(fronts) and '"secret"' not in json.dumps(fronts)
    for route in kong.routes(document):
        for chain in route["filter_chains"]:
            entry = chain["filters"][0]["config"]["entry"]
            # What comes to the chain begins with what its filter takes away, so that nothing passes untouched.
            assert all(path.startswith(entry.get("prefix", "") + "/") for path in route["paths"]), route["paths"]
            if front := entry.get("front"):
                names = [provider["name"] for provider in chain["filters"][0]["config"]["providers"]]
                assert front["prefix"] == "/switchyard/" and front["call"].startswith("127.0.0.1:"), front
                served = {path for other in kong.routes(document) for path in other["paths"]}
                targets = {names[target["provider"]] for model in chain["filters"][0]["config"]["models"] for target in model["targets"]}
                assert {f"{front['prefix']}{name}/" for name in targets} <= served
    # Where the front's filter did not run, its request must not come to any of these routes again.
    front = next(service for service in document["services"] if service["name"] == "switchyard")
    assert not [path for route in kong.routes(document) for path in route["paths"] if f"{front['path']}/v1/".startswith(path)]
    real = kong.through_real_lua(text)
    if real is None:
        print("skipped: test_kong: no luajit with lua-yaml and lua-cjson, only their rules were applied")
    else:
        assert real == configs
    return document


def schema_of(file: str, *arguments: str) -> dict:
    meta = json.loads(rendered(file, "--part", "meta", *arguments))
    assert set(meta) == {"config_schema"}
    jsonschema.Draft4Validator.check_schema(meta["config_schema"])
    # Kong's own validator resolves no references here.
    assert "$ref" not in json.dumps(meta)
    return meta["config_schema"]


@pytest.mark.parametrize("name", RENDERED)
def test_each_example_is_taken_or_refused_with_its_paths(name: str) -> None:
    file = f"examples/{name}.yaml"
    if name in REFUSED:
        done = switchyard(file)
        told = [line.split(": ")[1] for line in done.stderr.splitlines() if line.startswith(f"{file}: ")]
        assert (done.returncode, told, done.stdout) == (1, REFUSED[name], "")
    else:
        judge(rendered(file), schema_of(file))
        kong.conf(rendered(file, "--part", "conf"))


def test_no_example_is_forgotten() -> None:
    assert sorted(path.stem for path in (ROOT / "examples").glob("*.yaml")) == RENDERED


@pytest.mark.parametrize("flags", [
    [],
    ["--kong-version", "3.10.0.1"],
    ["--prefix", "/ai/team_1"],
    ["--proxy", "127.0.0.1:9000", "--target", "claude=proxy.example:9443"],
    ["--target", "claude=10.0.0.1:8443", "--target", "claude=[2001:db8::1]:443", "--target=-=localhost:1"],
])
def test_odd_files_are_taken(odd: str, flags: list[str]) -> None:
    document = judge(rendered(odd, *flags), schema_of(odd))
    names = [service["name"] for service in document["services"]]
    # No model names `nobody`, and every failure of a connection leaves somebody to ask.
    assert len(names) == 5 and "switchyard-nobody" not in names
    targets = {upstream["name"]: upstream for upstream in document["upstreams"]}
    claude = targets["switchyard-claude-upstream"]
    hosts = {target["target"].rsplit(":", 1)[0] for target in claude["targets"]}
    assert ("host_header" in claude) == (hosts == {"proxy.example"})
    assert claude["healthchecks"]["passive"]["unhealthy"]["http_statuses"][0] == (429 if len(claude["targets"]) > 1 else 500)


def test_conf_lets_the_largest_body_in_and_the_keys_through(odd: str) -> None:
    lines = kong.conf(rendered(odd, "--part", "conf"))
    assert int(lines["nginx_http_client_body_buffer_size"].rstrip("k")) * 1024 > ODD["limits"]["request_bytes"]
    assert lines["nginx_http_client_max_body_size"] == lines["nginx_http_client_body_buffer_size"]
    assert (lines["nginx_main_env"], lines["wasm"], lines["wasm_filters"]) == ("CLAUDE_KEY", "on", "user")
    assert lines["nginx_wasm_shm_kv"] == "1m"


def test_old_kongs_get_text_and_no_environment(tmp_path: Path, odd: str) -> None:
    done = switchyard(odd, "--kong-version", "3.6")
    assert done.returncode == 1 and ": providers[2].api_key.env: " in done.stderr
    file = {**ODD, "providers": [{**provider, "api_key": KEY} for provider in ODD["providers"]]}
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(file, sort_keys=False))
    document = kong.load(rendered(str(path), "--kong-version", "3.4"))
    assert kong.problems(document) == []
    for chain in kong.chains(document):
        jsonschema.Draft4Validator(schema_of(str(path))).validate(json.loads(chain["filters"][0]["config"]))
    lines = kong.conf(rendered(str(path), "--kong-version", "3.4", "--part", "conf"))
    assert "nginx_wasm_shm_switchyard" in lines and not {"nginx_main_env", "wasm_filters"} & lines.keys()


def test_clients_keys_reach_the_filter_and_nothing_else_of_theirs_a_provider(tmp_path: Path, odd: str) -> None:
    keyless = tmp_path / "keyless.yaml"
    keyless.write_text(yaml.safe_dump({**ODD, "keys": []}, sort_keys=False))
    credentials = {"authorization", "x-api-key", "api-key", "x-goog-api-key"}
    for file, shown in [(odd, credentials), (str(keyless), set())]:
        for route in kong.routes(kong.load(rendered(file))):
            if route["name"] == "switchyard":
                assert "plugins" not in route
                continue
            removed = set(route["plugins"][0]["config"]["remove"]["headers"])
            assert credentials - removed == shown
            assert {"cookie", "accept-encoding", "openai-organization", "x-consumer-username"} <= removed
            # The filter tells its clients' APIs apart by the first, and takes their betas from the second.
            assert not {"anthropic-version", "anthropic-beta", "content-type", "content-length"} & removed


def test_an_envoy_beside_serves_what_the_filter_in_kong_cannot() -> None:
    for name in RENDERED:
        document = kong.load(rendered(f"examples/{name}.yaml", "--beside", "--kong-version", "3.14"))
        assert kong.problems(document) == []
        route = document["services"][0]["routes"][0]
        assert (route["response_buffering"], route["request_buffering"], "filter_chains" in route) == (False, False, False)
    done = switchyard("examples/minimal.yaml", "--beside", "--part", "conf")
    assert done.returncode == 1 and "--part" in done.stderr


@pytest.mark.parametrize("flags, told", [
    (["--kong-version", "3.11"], "--beside"),
    (["--kong-version", "2.8"], "no version of Kong 3"),
    (["--target", "nobody=a:1"], "no provider"),
    (["--target", "openai=api.openai.com:443"], "twice"),
    (["--prefix", "/switchyard/openai"], "--prefix"),
    (["--out", "/tmp", "--part", "conf"], "cannot be used with"),
])
def test_wrong_flags_are_refused(flags: list[str], told: str) -> None:
    done = switchyard("examples/minimal.yaml", *flags)
    assert done.returncode != 0 and told in done.stderr and done.stdout == ""


def test_all_files_are_written_at_once(tmp_path: Path) -> None:
    rendered("examples/kong/gateway.yaml", "--out", str(tmp_path))
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert set(written) == {"kong.yml", "switchyard.meta.json", "kong.conf"}
    assert {name: (ROOT / "examples/kong" / name).read_text() for name in written} == written
    judge(written["kong.yml"], json.loads(written["switchyard.meta.json"])["config_schema"])
