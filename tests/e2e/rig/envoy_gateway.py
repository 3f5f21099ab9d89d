"""What Envoy Gateway does with the documents that are rendered, as far as these tests need it.

`translate` makes Envoy's resources of HTTPRoutes, Backends, BackendTLSPolicies and the policies that are attached to them, in the
shape of envoyproxy/gateway `internal/xds/translator` (see fixtures/envoy-gateway.yaml). `patch` applies an EnvoyPatchPolicy by the
rules of its `jsonpatch.go` and `internal/utils/jsonpatch`: resources are found by type and name; an operation holds at every place
that its JSONPath finds, and at least at one; `add` (RFC 6902) makes the objects on the way. Whatever they do not know is refused,
not passed over. `bootstrap` makes a static configuration that Envoy runs.
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import yaml

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "envoy-gateway.yaml"
TYPE = "type.googleapis.com/"
HCM = "envoy.filters.network.http_connection_manager"
KINDS = {
    f"{TYPE}envoy.config.listener.v3.Listener": "listeners",
    f"{TYPE}envoy.config.route.v3.RouteConfiguration": "routes",
    f"{TYPE}envoy.config.cluster.v3.Cluster": "clusters",
}
# One step of a JSONPath: a name, or a name with a filter of its items by the text of a field.
STEP = re.compile(r"\.(?P<name>\w+)(?:\[\?\(@\.(?P<field>\w+)=='(?P<text>[^']*)'\)\])?")


class Refused(Exception):
    """A document, or a patch, that Envoy Gateway would refuse, or that is not known here."""


def fixture() -> dict:
    """Listeners, routes and clusters of a Gateway that serves something else; a copy of one's own."""
    return yaml.safe_load(FIXTURE.read_text())


def known(value: dict, fields: set[str], where: str) -> None:
    """Refuses fields that are not known here."""
    if unknown := set(value) - fields:
        raise Refused(f"{where}: {sorted(unknown)} is not known here")


# --- EnvoyPatchPolicy


def patch(config: dict, policy: dict) -> None:
    """Applies all patches of a policy, in their order."""
    spec = policy["spec"]
    known(spec, {"targetRef", "type", "jsonPatches"}, "EnvoyPatchPolicy")
    for number, one in enumerate(spec["jsonPatches"]):
        resources, operation = config[KINDS[one["type"]]], one["operation"]
        known(operation, {"op", "jsonPath", "path", "value"}, f"patch {number}")
        if operation["op"] != "add":
            raise Refused(f"patch {number}: {operation['op']} is not known here")
        value = copy.deepcopy(operation["value"])
        if operation["path"] == "" and "jsonPath" not in operation:
            assert value["name"] == one["name"], f"patch {number}: a resource of another name than the patch"
            resources.append(value)
            continue
        found = [resource for resource in resources if resource["name"] == one["name"]]
        if not found:
            raise Refused(f"patch {number}: unable to find {one['name']}")
        places = locate(found[0], operation["jsonPath"]) if "jsonPath" in operation else [found[0]]
        if not places:
            raise Refused(f"patch {number}: nothing is at {operation['jsonPath']}")
        for place in places:
            add(place, operation["path"], copy.deepcopy(value))


def locate(resource: dict, path: str) -> list:
    """Everything that a JSONPath finds."""
    if not path.startswith("$"):
        raise Refused(f"{path}: must begin at the root")
    found, at = [resource], 1
    while at < len(path):
        step = STEP.match(path, at)
        if not step:
            raise Refused(f"{path[at:]}: is not known here")
        at = step.end()
        found = [value[step["name"]] for value in found if isinstance(value, dict) and step["name"] in value]
        if step["field"]:
            found = [item for value in found for item in value if item.get(step["field"]) == step["text"]]
    return found


def add(place: object, pointer: str, value: object) -> None:
    """RFC 6902 §4.1, with objects on the way made where they are missing."""
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.removeprefix("/").split("/")]
    for part in way:
        place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
    if isinstance(place, list):
        place.insert(len(place) if last == "-" else int(last), value)
    else:
        place[last] = value


# --- HTTPRoute, Backend and the policies that are attached to them


def translate(config: dict, documents: list[dict], wasm: Path) -> None:
    """Adds what the documents come to. Modules are in a file, which Envoy Gateway serves to proxies by HTTP."""
    routes = of_kind(documents, "HTTPRoute")
    backends = {document["metadata"]["name"]: document["spec"] for document in of_kind(documents, "Backend")}
    certificates = attached(of_kind(documents, "BackendTLSPolicy"), "Backend")
    traffic = attached(of_kind(documents, "BackendTrafficPolicy"), "HTTPRoute")
    extensions = attached(of_kind(documents, "EnvoyExtensionPolicy"), "HTTPRoute")
    for document in of_kind(documents, "ClientTrafficPolicy"):
        known(document["spec"], {"targetRefs", "connection"}, "ClientTrafficPolicy")
        config["listeners"][0]["per_connection_buffer_limit_bytes"] = int(document["spec"]["connection"]["bufferLimit"])
    for document in of_kind(documents, "EnvoyExtensionPolicy"):
        filters = manager(config)["http_filters"]
        filters[-1:-1] = [extension(document, wasm)]
    table = config["routes"][0]["virtual_hosts"]
    for document in routes:
        name, spec = document["metadata"]["name"], document["spec"]
        known(spec, {"parentRefs", "hostnames", "rules"}, name)
        for number, rule in enumerate(spec["rules"]):
            known(rule, {"matches", "backendRefs", "filters"}, name)
            cluster = f"httproute/{document['metadata']['namespace']}/{name}/rule/{number}"
            [reference] = rule["backendRefs"]
            config["clusters"].append(
                backend(cluster, backends[reference["name"]], reference, certificates.get(reference["name"]), traffic.get(name, {}))
            )
            for host in spec["hostnames"]:
                own = route(cluster, host, rule, traffic.get(name, {}), extensions.get(name))
                virtual_host(table, host)["routes"].append(own)
    for host in table:
        # More headers come first: pkg `internal/gatewayapi/sort.go`.
        host["routes"].sort(key=lambda route: -len(route["match"].get("headers", [])))


def of_kind(documents: list[dict], kind: str) -> list[dict]:
    """The documents of this kind."""
    return [document for document in documents if document["kind"] == kind]


def attached(policies: list[dict], kind: str) -> dict[str, dict]:
    """What is attached to what, by name."""
    found: dict[str, dict] = {}
    for policy in policies:
        for target in policy["spec"]["targetRefs"]:
            assert target["kind"] == kind, target
            if target["name"] in found:
                raise Refused(f"{target['name']}: two policies of one kind; the younger is not accepted")
            found[target["name"]] = {**policy["spec"], "metadata": policy["metadata"]}
    return found


def manager(config: dict) -> dict:
    """The connection manager."""
    [network] = config["listeners"][0]["default_filter_chain"]["filters"]
    assert network["name"] == HCM
    return network["typed_config"]


def filter_name(policy: dict) -> str:
    """Of the first wasm filter of an EnvoyExtensionPolicy."""
    return f"envoy.filters.http.wasm/envoyextensionpolicy/{policy['namespace']}/{policy['name']}/wasm/0"


def extension(document: dict, path: Path) -> dict:
    """The filter of a policy, which is off until a route turns it on."""
    [wasm] = document["spec"]["wasm"]
    known(wasm, {"name", "rootID", "code", "failOpen", "env", "config"}, "wasm")
    assert not wasm["failOpen"]
    name = filter_name(document["metadata"])
    vm = {
        "vm_id": name.removeprefix("envoy.filters.http.wasm/"),
        "runtime": "envoy.wasm.runtime.v8",
        "code": {"local": {"filename": str(path)}},
    }
    if keys := wasm.get("env", {}).get("hostKeys"):
        vm["environment_variables"] = {"host_env_keys": keys}
    # Through the API server, which keeps no order of fields.
    configuration = {"@type": f"{TYPE}google.protobuf.StringValue", "value": json.dumps(wasm["config"], sort_keys=True)}
    config = {"name": wasm["name"], "root_id": wasm["rootID"], "vm_config": vm, "configuration": configuration}
    typed = {"@type": f"{TYPE}envoy.extensions.filters.http.wasm.v3.Wasm", "config": config}
    return {"name": name, "disabled": True, "typed_config": typed}


def virtual_host(table: list[dict], host: str) -> dict:
    """The virtual host of a name; made where it is missing."""
    for found in table:
        if found["domains"] == [host]:
            return found
    table.append({"name": host.replace(".", "_"), "domains": [host], "routes": []})
    return table[-1]


def route(cluster: str, host: str, rule: dict, traffic: dict, extension_policy: dict | None) -> dict:
    """One route of a rule."""
    match: dict = {"prefix": "/"}
    [conditions] = rule.get("matches", [{}])
    known(conditions, {"headers"}, "match")
    for header in conditions.get("headers", []):
        how = {"safe_regex": {"regex": header["value"]}} if header["type"] == "RegularExpression" else {"exact": header["value"]}
        match.setdefault("headers", []).append({"name": header["name"], "string_match": how})
    action = {"cluster": cluster, "upgrade_configs": [{"upgrade_type": "websocket"}]}
    if times := traffic.get("timeout", {}).get("http"):
        action |= {"timeout": times["requestTimeout"], "idle_timeout": times["streamIdleTimeout"]}
    if retry := traffic.get("retry"):
        action["retry_policy"] = retries(retry)
    out = {"name": f"{cluster}/match/0/{host.replace('.', '_')}", "match": match, "route": seconds(action)}
    for change in rule.get("filters", []):
        known(change, {"type", "requestHeaderModifier"}, "filter")
        known(change["requestHeaderModifier"], {"remove"}, "requestHeaderModifier")
        out["request_headers_to_remove"] = change["requestHeaderModifier"]["remove"]
    if extension_policy:
        on = {"@type": f"{TYPE}envoy.config.route.v3.FilterConfig", "config": {}}
        out["typed_per_filter_config"] = {filter_name(extension_policy["metadata"]): on}
    return out


def retries(retry: dict) -> dict:
    """A retry policy."""
    known(retry, {"numRetries", "retryOn", "perRetry"}, "retry")
    one = retry["perRetry"]
    return {
        "retry_on": ",".join(retry["retryOn"]["triggers"]),
        "retriable_status_codes": retry["retryOn"]["httpStatusCodes"],
        "num_retries": retry["numRetries"],
        "per_try_timeout": one["timeout"],
        "retry_back_off": {"base_interval": one["backOff"]["baseInterval"], "max_interval": one["backOff"]["maxInterval"]},
        "retry_host_predicate": [{"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {
            "@type": f"{TYPE}envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"}}],
        "host_selection_retry_max_attempts": 5,
    }


def backend(name: str, spec: dict, reference: dict, certificates: dict | None, traffic: dict) -> dict:
    """The cluster of a rule with one Backend."""
    [endpoint] = spec["endpoints"]
    fqdn = endpoint["fqdn"]
    assert fqdn["port"] == reference["port"]
    lb = {"endpoint": {"address": {"socket_address": {"address": fqdn["hostname"], "port_value": fqdn["port"]}}}}
    cluster = {
        "name": name, "type": "STRICT_DNS", "connect_timeout": "10s", "dns_lookup_family": "V4_PREFERRED", "lb_policy": "LEAST_REQUEST",
        "ignore_health_on_host_removal": True, "per_connection_buffer_limit_bytes": 32768,
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [lb], "locality": {"region": f"{name}/backend/0"}}]},
    }
    if traffic:
        known(traffic, {"targetRefs", "timeout", "retry", "healthCheck", "circuitBreaker", "connection", "metadata"}, "traffic")
        passive, breaker = traffic["healthCheck"]["passive"], traffic["circuitBreaker"]
        cluster["connect_timeout"] = traffic["timeout"]["tcp"]["connectTimeout"]
        cluster["per_connection_buffer_limit_bytes"] = int(traffic["connection"]["bufferLimit"])
        cluster["outlier_detection"] = {
            "consecutive_5xx": passive["consecutive5XxErrors"], "interval": passive["interval"],
            "base_ejection_time": passive["baseEjectionTime"], "max_ejection_percent": passive["maxEjectionPercent"]}
        cluster["circuit_breakers"] = {"thresholds": [{
            "max_connections": breaker["maxConnections"], "max_pending_requests": breaker["maxPendingRequests"],
            "max_requests": breaker["maxParallelRequests"], "max_retries": 1024}]}
    if certificates:
        validation = certificates["validation"]
        assert validation["wellKnownCACertificates"] == "System"
        cluster["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": {
            "@type": f"{TYPE}envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", "sni": validation["hostname"],
            "common_tls_context": {"validation_context": {
                "trusted_ca": {"filename": "/etc/ssl/certs/ca-certificates.crt"},
                "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": validation["hostname"]}}]}}}}
    return seconds(cluster)


def seconds(value: object) -> object:
    """Times as protobuf's JSON writes them."""
    if isinstance(value, dict):
        return {key: seconds(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [seconds(inner) for inner in value]
    if isinstance(value, str) and (millis := re.fullmatch(r"(\d+)ms", value)):
        return f"{int(millis[1]) / 1000:.3f}s"
    return value


# --- Envoy


def bootstrap(config: dict, port: int, admin: int, endpoints: dict[str, int]) -> dict:
    """A static configuration. `endpoints`: ports on the loopback address of clusters whose endpoints Envoy Gateway would send. Every
    host name is this machine, but for names that have no address."""
    config = copy.deepcopy(config)
    tables = {table["name"]: table for table in config["routes"]}
    [listener] = config["listeners"]
    listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": port}
    settings = manager(config)
    settings["route_config"] = tables[settings.pop("rds")["route_config_name"]]
    for cluster in config["clusters"]:
        name = cluster["name"]
        if cluster.get("type") == "EDS":
            cluster["type"] = "STATIC"
            del cluster["eds_cluster_config"]
            lb = {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": endpoints[name]}}}}
            cluster["load_assignment"] = {"cluster_name": name, "endpoints": [{"lb_endpoints": [lb]}]}
        elif cluster.get("type") in ("STRICT_DNS", "LOGICAL_DNS"):
            cluster["type"] = "STATIC"
            cluster.pop("dns_lookup_family", None)
            for group in cluster["load_assignment"]["endpoints"]:
                group["lb_endpoints"] = [lb for lb in group["lb_endpoints"] if not _address(lb)["address"].endswith(".invalid")]
                for endpoint in group["lb_endpoints"]:
                    _address(endpoint)["address"] = "127.0.0.1"
    address = {"socket_address": {"address": "127.0.0.1", "port_value": admin}}
    return {
        "admin": {"address": address},
        "node": {"id": "eg", "cluster": "default/eg"},
        "static_resources": {"listeners": config["listeners"], "clusters": config["clusters"]},
    }


def _address(endpoint: dict) -> dict:
    return endpoint["endpoint"]["address"]["socket_address"]
