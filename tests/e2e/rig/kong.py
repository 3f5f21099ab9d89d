"""Kong's side, as strict as it is documented: its entities, and what it makes of a filter's configuration.

Kong publishes no JSON Schema of its entities. This one is closed and has the members that are rendered and no others. Where each
is from: the schemas in Kong's source, kong/db/schema/entities/{services,routes,upstreams,targets,filter_chains}.lua of 3.x and
kong/plugins/request-transformer/schema.lua; the checks between members from their entity_checks; whole numbers where decK's
kong_json_schema.json wants them and Kong would take fractions.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator

import jsonschema
import yaml

TAGS = {"type": "array", "items": {"type": "string", "pattern": r"^[ -~]*$"}, "minItems": 1}
# kong/db/schema/typedefs.lua: names are UTF-8 without reserved characters.
NAME = {"type": "string", "pattern": r"^[\w.~-]+$"}
# kong/tools/ip.lua check_hostname: no segment ends with a hyphen.
HOST = {"type": "string", "pattern": r"^([\w-]*\w)(\.[\w-]*\w)*$"}
ADDRESS = {"type": "string", "pattern": r"^(\d+\.\d+\.\d+\.\d+|[0-9a-f:]*:[0-9a-f:]*)$"}
PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
MILLIS = {"type": "integer", "minimum": 1, "maximum": 2**31 - 2}
COUNT = {"type": "integer", "minimum": 0, "maximum": 255}
SECONDS = {"type": "integer", "minimum": 0, "maximum": 65535}
STATUSES = {"type": "array", "items": {"type": "integer", "minimum": 100, "maximum": 999}, "uniqueItems": True}
PATH = {"type": "string", "pattern": r"^/[\w./-]*$"}
HEADER = {"type": "string", "pattern": r"^[a-z0-9-]+$"}


def closed(required: list[str], members: dict) -> dict:
    """An object with these members alone."""
    return {"type": "object", "required": required, "properties": members, "additionalProperties": False}


def listed(item: dict) -> dict:
    """A list that is not empty."""
    return {"type": "array", "items": item, "minItems": 1}


FILTER = closed(["name", "config"], {"name": {"enum": ["switchyard"]}, "config": {"type": ["object", "string"]}})
CHAIN = closed(["name", "filters", "tags"], {"name": NAME, "filters": listed(FILTER), "tags": TAGS})
PLUGIN = closed(["name", "config", "tags"], {
    "name": {"enum": ["request-transformer"]}, "tags": TAGS,
    "config": closed(["remove"], {"remove": closed(["headers"], {"headers": {**listed(HEADER), "uniqueItems": True}})}),
})
ROUTE = closed(["name", "paths", "strip_path", "tags"], {
    "name": NAME, "paths": listed(PATH), "tags": TAGS, "strip_path": {"type": "boolean"},
    "request_buffering": {"type": "boolean"}, "response_buffering": {"type": "boolean"},
    "plugins": listed(PLUGIN), "filter_chains": listed(CHAIN),
})
SERVICE = closed(["name", "protocol", "host", "port", "retries", "connect_timeout", "write_timeout", "read_timeout", "routes"], {
    "name": NAME, "protocol": {"enum": ["http", "https"]}, "host": {"anyOf": [HOST, ADDRESS]}, "port": PORT, "path": PATH, "tags": TAGS,
    "retries": {"type": "integer", "minimum": 0, "maximum": 32767}, "connect_timeout": MILLIS, "write_timeout": MILLIS,
    "read_timeout": MILLIS, "tls_verify": {"type": "boolean"}, "tls_verify_depth": {"type": "integer", "minimum": 0, "maximum": 64},
    "routes": listed(ROUTE),
})
PASSIVE = closed(["type", "healthy", "unhealthy"], {
    "type": {"enum": ["http"]}, "healthy": closed(["successes"], {"successes": COUNT}),
    "unhealthy": closed(["http_statuses", "http_failures", "tcp_failures", "timeouts"], {
        "http_statuses": STATUSES, "http_failures": COUNT, "tcp_failures": COUNT, "timeouts": COUNT}),
})
ACTIVE = closed(["type", "timeout", "healthy", "unhealthy"], {
    "type": {"enum": ["tcp"]}, "timeout": {**SECONDS, "minimum": 1},
    "healthy": closed(["interval", "successes"], {"interval": SECONDS, "successes": COUNT}),
    "unhealthy": closed(["interval"], {"interval": SECONDS, "http_failures": COUNT, "tcp_failures": COUNT, "timeouts": COUNT}),
})
TARGET = closed(["target", "weight"], {
    "target": {"type": "string", "pattern": r"^([\w.-]+|\[[0-9a-f:]+\]):\d+$"}, "weight": {"type": "integer", "minimum": 0, "maximum": 65535},
    "tags": TAGS})
UPSTREAM = closed(["name", "healthchecks", "targets", "tags"], {
    "name": HOST, "host_header": {"type": "string", "pattern": r"^([\w.-]+|\[[0-9a-f:]+\])(:\d+)?$"}, "tags": TAGS,
    "healthchecks": closed(["passive", "active"], {"passive": PASSIVE, "active": ACTIVE}), "targets": listed(TARGET)})
ENTITIES = closed(["_format_version", "services"], {
    "_format_version": {"enum": ["3.0"]}, "services": listed(SERVICE), "upstreams": listed(UPSTREAM)})


def routes(document: dict) -> Iterator[dict]:
    """All routes of all services."""
    return (route for service in document["services"] for route in service["routes"])


def chains(document: dict) -> list[dict]:
    """All filter chains of all routes."""
    return [chain for route in routes(document) for chain in route.get("filter_chains", [])]


def problems(document: dict) -> list[str]:
    """What Kong would refuse of a declarative configuration, or would not find."""
    found = [f"{error.json_path}: {error.message[:200]}" for error in jsonschema.Draft202012Validator(ENTITIES).iter_errors(document)]
    if found:
        return found
    services, upstreams = document["services"], document.get("upstreams", [])
    for kind, names in {
        "service": [service["name"] for service in services],
        "route": [route["name"] for route in routes(document)],
        "chain": [chain["name"] for chain in chains(document)],
        "upstream": [upstream["name"] for upstream in upstreams],
        "path": [path for route in routes(document) for path in route["paths"]],
    }.items():
        found += [f"{kind} {name} is there twice" for name in set(names) if names.count(name) > 1]
    known = {upstream["name"] for upstream in upstreams}
    used = set()
    for service in services:
        host = service["host"]
        if jsonschema.Draft202012Validator(ADDRESS).is_valid(host):
            pass
        elif host in known:
            used.add(host)
        else:
            found.append(f"service {service['name']}: no upstream {host}")
        if service["protocol"] != "https" and {"tls_verify", "tls_verify_depth"} & service.keys():
            found.append(f"service {service['name']}: TLS of a service without")
    found += [f"upstream {name} is not used" for name in known - used]
    for upstream in upstreams:
        targets = [target["target"] for target in upstream["targets"]]
        found += [f"upstream {upstream['name']}: target {target} is there twice" for target in set(targets) if targets.count(target) > 1]
    return found


def through_lua(value: object) -> object:
    """What is left of a value that went through Lua and lua-cjson: tables without anything in them are objects, and numbers have
    14 digits."""
    if isinstance(value, dict):
        return {name: through_lua(member) for name, member in value.items()}
    if isinstance(value, list):
        return [through_lua(item) for item in value] or {}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return json.loads(f"{value:.14g}")
    return value


ROUND_TRIP = """
local document = require("lyaml").load(io.read("*a"))
for _, service in ipairs(document.services) do
  for _, route in ipairs(service.routes) do
    for _, chain in ipairs(route.filter_chains or {}) do
      for _, filter in ipairs(chain.filters) do
        print(require("cjson").encode(filter.config))
      end
    end
  end
end
"""


def through_real_lua(text: str) -> list[object] | None:
    """The chains' configurations as Kong's own libraries for YAML and JSON make them; None where they are not installed (Debian:
    luajit, lua-yaml, lua-cjson)."""
    program = shutil.which("luajit")
    if program is None:
        return None
    probe = subprocess.run([program, "-e", 'require "lyaml" require "cjson"'], capture_output=True, timeout=10)
    if probe.returncode != 0:
        return None
    done = subprocess.run([program, "-e", ROUND_TRIP], input=text, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def load(text: str) -> dict:
    """A declarative configuration as libyaml reads it, which Kong uses too. A member that is there twice is an error."""
    class Loader(yaml.CSafeLoader):
        pass

    def mapping(loader: yaml.Loader, node: yaml.MappingNode) -> dict:
        pairs = loader.construct_pairs(node, deep=True)
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), f"line {node.start_mark.line + 1}: a member is there twice"
        return dict(pairs)

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    return yaml.load(text, Loader)


def conf(text: str) -> dict[str, str]:
    """The lines of a kong.conf. One that is there twice is an error: Kong takes the last."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    read: dict[str, str] = {}
    for line in lines:
        match = re.fullmatch(r"([a-z0-9_]+) = ([^#,]+)", line)
        assert match, f"no line of kong.conf: {line!r}"
        assert match[1] not in read, f"{match[1]} is there twice"
        read[match[1]] = match[2]
    return read
