"""The rendering for two roles, made into one for a single filter, which does both in one pass."""

from __future__ import annotations

import json
from collections.abc import Callable

from .envoy import envoy_version
from .provider import Provider

# After all filters Envoy's router writes headers of its own: on a second try, and before this Envoy on every one.
QUIET_FIRST_TRIES = (1, 37)

RETRY = {"retry_on": "connect-failure,refused-stream"}


def _manager(config: dict) -> dict:
    return config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]


def _plugin(config: dict, change: dict) -> dict:
    """Leaves the downstream filter alone with another configuration. Gives its `config`."""
    manager = _manager(config)
    wasm, router = manager["http_filters"][-2:]
    router["typed_config"].pop("upstream_http_filters")
    wasm = wasm["typed_config"]["config"]
    plugin = json.loads(wasm["configuration"]["value"])
    wasm["configuration"]["value"] = json.dumps({**plugin, "role": "standalone", **change})
    return wasm


def held(entry: dict | None = None) -> Callable[[dict], None]:
    """Headers wait for the body; the routes choose by the header that the filter writes."""

    def change(config: dict) -> None:
        _plugin(config, {"entry": entry or {}})
        host = _manager(config)["route_config"]["virtual_hosts"][0]
        host["request_headers_to_remove"] = ["x-switchyard-stream", "x-switchyard-reply", "x-forwarded-proto"]
        for route in host["routes"]:
            if "retry_policy" in route["route"]:
                route["route"]["retry_policy"] = RETRY

    return change


def at_once(entry: dict | None = None) -> Callable[[dict], None]:
    """Headers go on at once; the routes choose by the authority that the filter writes, as those of a mesh do."""

    def change(config: dict) -> None:
        wasm = _plugin(config, {"entry": {"headers": "at_once", **(entry or {})}})
        del wasm["allow_on_headers_stop_iteration"]
        manager = _manager(config)
        hosts = []
        for cluster in config["static_resources"]["clusters"]:
            if cluster["name"].startswith(("pool/", "last/", "none/")):
                continue
            address = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
            authority = f"{address['address']}:{address['port_value']}"
            route = {"match": {"prefix": "/"}, "route": {"cluster": cluster["name"], "timeout": "5s", "retry_policy": RETRY}}
            hosts.append({"name": cluster["name"], "domains": [authority], "routes": [route]})
        other = {"match": {"prefix": "/"}, "route": {"cluster": "none/"}}
        hosts.append({"name": "other", "domains": ["*"], "routes": [other]})
        for host in hosts:
            host["request_body_buffer_limit"] = 40_000_000
            host["request_headers_to_remove"] = ["x-forwarded-proto"]
        manager["route_config"]["virtual_hosts"] = hosts

    return change


def written_by_the_router(provider: Provider, *headers: str) -> None:
    """Lets a provider have these headers, which no filter of one pass can take away, and none besides."""
    written = [f"{provider.name}: internal header {name}" for name in headers]
    assert not set(provider.violations) - set(written), provider.violations
    provider.violations.clear()


def written_by_an_older_router(provider: Provider, *headers: str) -> None:
    """The same where the Envoy under test writes them on first tries; elsewhere there is nothing to forgive."""
    written_by_the_router(provider, *(headers if envoy_version() < QUIET_FIRST_TRIES else ()))
