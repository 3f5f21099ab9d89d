"""What istiod does with the documents that are rendered, as far as these tests need it.

`apply` patches Envoy's configuration with an EnvoyFilter by istiod's rules (pilot/pkg/networking/core/envoyfilter and
pkg/proto/merge): messages merge, lists append, entries of maps and scalars replace; a patch holds where its context, proxy,
listener, route configuration and filter match. Unlike istiod it refuses a patch that holds nowhere, and every rule that it does
not know. `services` makes virtual hosts and clusters of ServiceEntries with their DestinationRules and VirtualServices.
`plugin` makes the filter of a WasmPlugin or TrafficExtension: name, root id, configuration, VM and failure policy, and nothing
else (pilot/pkg/model/extensions.go). `bootstrap` makes a static configuration that stock Envoy runs.
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import yaml

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
HCM = "envoy.filters.network.http_connection_manager"
ROUTER = "envoy.filters.http.router"
TYPE = "type.googleapis.com/"
# Fields of Envoy that are maps of protobuf: whole entries are replaced in them.
MAPS = {"typed_per_filter_config", "typed_extension_protocol_options", "filter_metadata", "typed_filter_metadata", "key_values"}
# Filters of Istio's own build, which stock Envoy does not have.
ISTIOS = {"istio.metadata_exchange", "istio.alpn", "istio.stats"}
# The default of pilot/pkg/networking/core/route/retry.
RETRY = {
    "retry_on": "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
    "num_retries": 2,
    "retry_host_predicate": [{"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {
        "@type": f"{TYPE}envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"}}],
    "host_selection_retry_max_attempts": 5,
    "retriable_status_codes": [503],
}


class Refused(Exception):
    """A patch that holds nowhere, or a rule that is not known here."""


def fixture(name: str) -> dict:
    """Listeners, routes and clusters as Istio makes them; a copy of one's own."""
    return copy.deepcopy(yaml.safe_load((FIXTURES / f"{name}.yaml").read_text()))


def apply(config: dict, policy: dict, context: str, version: str = "1.32.0", ports: dict[int, int] | None = None) -> None:
    """Patches `config` with an EnvoyFilter. `ports`: of a gateway, from the port that is listened at to the server's."""
    for number, patch in enumerate(policy["spec"]["configPatches"]):
        match = dict(patch.get("match", {}))
        _known(match, {"context", "proxy", "listener", "routeConfiguration"}, f"patch {number}: match")
        proxy = match.get("proxy", {}).get("proxyVersion", "")
        held = 0
        if match.get("context", "ANY") in (context, "ANY") and re.search(proxy, version):
            held = _APPLIERS.get(patch["applyTo"], _unknown)(config, patch, match, ports or {})
        if not held:
            raise Refused(f"patch {number} ({patch['applyTo']} {patch['patch']['operation']}) matches nothing: {match}")


def merge(into: dict, value: dict) -> None:
    """One message into another."""
    for name, new in value.items():
        old = into.get(name)
        if new in (False, 0, "") and not isinstance(new, dict):
            raise Refused(f"{name}: {new!r} is protobuf's default, which a merge leaves out")
        if isinstance(new, dict) and isinstance(old, dict):
            if "@type" in new and new["@type"] != old.get("@type"):
                raise Refused(f"{name}: {new['@type']} cannot be merged into {old.get('@type')}")
            if name in MAPS:
                into[name] = {**old, **copy.deepcopy(new)}
            else:
                merge(old, new)
        elif isinstance(new, list) and isinstance(old, list):
            old.extend(copy.deepcopy(new))
        else:
            into[name] = copy.deepcopy(new)


def _known(match: dict, fields: set[str], where: str) -> None:
    if unknown := set(match) - fields:
        raise Refused(f"{where}: {sorted(unknown)} is not known here")


def _unknown(_config: dict, patch: dict, _match: dict, _ports: dict) -> int:
    raise Refused(f"{patch['applyTo']} {patch['patch']['operation']} is not known here")


def _listeners(config: dict, match: dict) -> list[dict]:
    wanted = match.get("listener", {})
    _known(wanted, {"name", "portNumber", "filterChain"}, "listener")
    _known(wanted.get("filterChain", {}), {"filter"}, "listener.filterChain")
    return [
        listener for listener in config["listeners"]
        if wanted.get("name", listener["name"]) == listener["name"]
        and wanted.get("portNumber", (port := listener["address"]["socket_address"]["port_value"])) == port
    ]


def _managers(config: dict, match: dict) -> list[dict]:
    wanted = match.get("listener", {}).get("filterChain", {}).get("filter", {})
    _known(wanted, {"name", "subFilter"}, "filter")
    filters = [
        network for listener in _listeners(config, match) for chain in listener["filter_chains"] for network in chain["filters"]
    ]
    return [network for network in filters if wanted.get("name", network["name"]) == network["name"] == HCM]


def _listener(config: dict, patch: dict, match: dict, _ports: dict) -> int:
    if patch["patch"]["operation"] != "MERGE":
        _unknown(config, patch, match, {})
    found = _listeners(config, match)
    for listener in found:
        merge(listener, patch["patch"]["value"])
    return len(found)


def _network_filter(config: dict, patch: dict, match: dict, _ports: dict) -> int:
    if patch["patch"]["operation"] != "MERGE":
        _unknown(config, patch, match, {})
    found = _managers(config, match)
    for manager in found:
        merge(manager, patch["patch"]["value"])
    return len(found)


def _http_filter(config: dict, patch: dict, match: dict, _ports: dict) -> int:
    name = match.get("listener", {}).get("filterChain", {}).get("filter", {}).get("subFilter", {}).get("name")
    operation, value, held = patch["patch"]["operation"], patch["patch"]["value"], 0
    for manager in _managers(config, match):
        filters = manager["typed_config"]["http_filters"]
        places = [place for place, http in enumerate(filters) if http["name"] == name]
        if not places:
            continue
        held += 1
        if operation == "INSERT_BEFORE":
            filters.insert(places[0], copy.deepcopy(value))
        elif operation == "MERGE":
            for place in places:
                merge(filters[place], value)
        else:
            _unknown(config, patch, match, {})
    return held


def _tables(config: dict, match: dict, ports: dict) -> list[dict]:
    wanted = match.get("routeConfiguration", {})
    _known(wanted, {"name", "portNumber", "vhost"}, "routeConfiguration")

    def fits(table: dict) -> bool:
        port = int(table["name"].removeprefix("http."))
        port = ports.get(port, port)
        return wanted.get("name", table["name"]) == table["name"] and wanted.get("portNumber", port) == port

    return [table for table in config["routes"] if fits(table)]


def _virtual_host(config: dict, patch: dict, match: dict, ports: dict) -> int:
    operation, value, held = patch["patch"]["operation"], patch["patch"]["value"], 0
    wanted = match.get("routeConfiguration", {}).get("vhost", {})
    _known(wanted, {"name"}, "vhost")
    for table in _tables(config, match, ports):
        if operation == "ADD":
            table["virtual_hosts"].append(copy.deepcopy(value))
            held += 1
        elif operation == "MERGE":
            for host in table["virtual_hosts"]:
                if wanted.get("name", host["name"]) == host["name"]:
                    merge(host, value)
                    held += 1
        else:
            _unknown(config, patch, match, {})
    return held


def _cluster(config: dict, patch: dict, match: dict, _ports: dict) -> int:
    if patch["patch"]["operation"] != "ADD":
        _unknown(config, patch, match, {})
    config["clusters"].append(copy.deepcopy(patch["patch"]["value"]))
    return 1


_APPLIERS = {"LISTENER": _listener, "NETWORK_FILTER": _network_filter, "HTTP_FILTER": _http_filter,
             "VIRTUAL_HOST": _virtual_host, "CLUSTER": _cluster}


def of_kind(documents: list[dict], *kinds: str) -> list[dict]:
    """The documents of these kinds."""
    return [document for document in documents if document["kind"] in kinds]


def services(config: dict, documents: list[dict], gateway: str | None = None) -> None:
    """Virtual hosts and clusters of the hosts that ServiceEntries name: at a sidecar of all, at a gateway (`namespace/name`) of
    those that a VirtualService binds to it."""
    table = config["routes"][0]
    rules = {document["spec"]["host"]: document["spec"]["trafficPolicy"] for document in of_kind(documents, "DestinationRule")}
    routes = {host: document["spec"] for document in of_kind(documents, "VirtualService") for host in document["spec"]["hosts"]}
    for document in of_kind(documents, "ServiceEntry"):
        spec = document["spec"]
        for host in spec["hosts"]:
            for port in spec["ports"]:
                name = f"outbound|{port['number']}||{host}"
                config["clusters"].append(_entry_cluster(name, host, spec, port, rules.get(host, {})))
                route = routes.get(host)
                if gateway is None or (route and gateway in route.get("gateways", [])):
                    table["virtual_hosts"].insert(0, _host(host, port["number"], name, route))


def waypoint(config: dict, documents: list[dict]) -> None:
    """The routes of a waypoint for the one host that a VirtualService names, whatever the host of a request has become
    (pilot/pkg/networking/core/waypoint.go), and the clusters of ServiceEntries. The clusters' names and the tunnel between
    listener and endpoint are other ones there."""
    services(config, documents, gateway="none")
    [service] = of_kind(documents, "VirtualService")
    rules = [_rule(rule) for rule in service["spec"]["http"]]
    config["routes"][0]["virtual_hosts"] = [{"name": "inbound|http|80", "domains": ["*"], "routes": rules}]


def _entry_cluster(name: str, host: str, spec: dict, port: dict, policy: dict) -> dict:
    cluster = {"name": name, "type": "EDS", "connect_timeout": "10s"}
    if spec["resolution"] == "DNS":
        cluster["type"] = "STRICT_DNS"
        cluster["load_assignment"] = assignment(name, host, port.get("targetPort", port["number"]))
    elif spec["resolution"] == "STATIC":
        # pkg/config/validation refuses an entry without one.
        [endpoint] = spec["endpoints"]
        cluster["type"] = "STATIC"
        cluster["load_assignment"] = assignment(name, endpoint["address"], endpoint["ports"][port["name"]])
    else:
        raise Refused(f"resolution {spec['resolution']} is not known here")
    pool, outlier, tls = policy.get("connectionPool", {}), policy.get("outlierDetection"), policy.get("tls", {})
    cluster["connect_timeout"] = _time(pool.get("tcp", {}).get("connectTimeout", "10s"))
    if outlier:
        cluster["common_lb_config"] = {"healthy_panic_threshold": {"value": outlier.get("minHealthPercent", 0)}}
        cluster["outlier_detection"] = {
            "consecutive_5xx": outlier["consecutive5xxErrors"], "interval": _time(outlier["interval"]),
            "base_ejection_time": _time(outlier["baseEjectionTime"]), "max_ejection_percent": outlier["maxEjectionPercent"],
            "enforcing_consecutive_5xx": 100, "enforcing_success_rate": 0,
        }
    if tls.get("mode") == "SIMPLE":
        validation = {"trusted_ca": {"filename": tls["caCertificates"]}, "match_typed_subject_alt_names": [
            {"san_type": "DNS", "matcher": {"exact": name}} for name in tls["subjectAltNames"]]}
        cluster["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": {
            "@type": f"{TYPE}envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", "sni": tls["sni"],
            "common_tls_context": {"validation_context": validation}}}
    elif tls.get("mode", "DISABLE") != "DISABLE":
        raise Refused(f"tls.mode {tls['mode']} is not known here")
    return cluster


def _time(text: str) -> str:
    """A time as Go writes it, as protobuf does."""
    number, unit = re.fullmatch(r"(\d+)(ms|s)", text).groups()
    return f"{int(number) / (1000 if unit == 'ms' else 1):.3f}s"


def _host(host: str, port: int, cluster: str, route: dict | None) -> dict:
    rules = [_rule(rule) for rule in route["http"]] if route else [{
        "name": "default", "match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s", "retry_policy": RETRY}}]
    for rule in rules:
        rule["decorator"] = {"operation": f"{host}:{port}/*"}
    return {"name": f"{host}:{port}", "domains": [host], "include_request_attempt_count": True, "routes": rules}


def _rule(rule: dict) -> dict:
    _known(rule, {"name", "match", "route", "retries", "headers"}, "VirtualService.http")
    [destination] = rule["route"]
    target = destination["destination"]
    action = {"cluster": f"outbound|{target['port']['number']}||{target['host']}", "timeout": "0s", "retry_policy": RETRY}
    if retries := rule.get("retries"):
        action["retry_policy"] = {**RETRY, "num_retries": retries["attempts"]}
        if on := retries.get("retryOn"):
            # Numbers of known statuses are codes; anything else is Envoy's word for it (parseRetryOn).
            action["retry_policy"]["retry_on"] = on
            action["retry_policy"].pop("retriable_status_codes")
            assert not re.search(r"\d\d\d", on), on
        if time := retries.get("perTryTimeout"):
            action["retry_policy"]["per_try_timeout"] = _time(time)
        if not retries["attempts"]:
            del action["retry_policy"]
    match = {"prefix": "/"}
    for condition in rule.get("match", []):
        [(field, how)] = condition.items()
        assert field == "authority", condition
        match["headers"] = [{"name": ":authority", "string_match": how}]
    out = {"name": rule["name"], "match": match, "route": action}
    if headers := rule.get("headers"):
        out["request_headers_to_remove"] = headers["request"]["remove"]
    return out


def plugin(config: dict, document: dict, wasm: Path) -> None:
    """Adds the filter of a WasmPlugin or TrafficExtension; the agent has put the module into a file."""
    spec, meta = document["spec"], document["metadata"]
    own = spec["wasm"] if document["kind"] == "TrafficExtension" else spec
    assert spec.get("phase", "UNSPECIFIED").startswith("UNSPECIFIED"), spec["phase"]
    variables = {"ISTIO_META_WASM_PLUGIN_RESOURCE_VERSION": "1"}
    if policy := own.get("imagePullPolicy"):
        variables["ISTIO_META_WASM_IMAGE_PULL_POLICY"] = policy
    if secret := own.get("imagePullSecret"):
        variables["ISTIO_META_WASM_IMAGE_PULL_SECRET"] = f"kubernetes://{meta['namespace']}/{secret}"
    env = own.get("vmConfig", {}).get("env", [])
    variables.update({entry["name"]: entry["value"] for entry in env if entry.get("valueFrom", "INLINE") == "INLINE"})
    name = f"{meta['namespace']}.{meta['name']}"
    settings = {
        "name": name,
        "root_id": own.get("pluginName", ""),
        # A Struct on its way: the order of its fields is lost, and each number is a double.
        "configuration": {"@type": f"{TYPE}google.protobuf.StringValue", "value": json.dumps(own["pluginConfig"], sort_keys=True)},
        "vm_config": {
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": str(wasm)}},
            "environment_variables": {
                "key_values": variables, "host_env_keys": [e["name"] for e in env if e.get("valueFrom") == "HOST"]},
        },
        "failure_policy": {"FAIL_RELOAD": "FAIL_RELOAD", "FAIL_OPEN": "FAIL_OPEN"}.get(own.get("failStrategy"), "FAIL_CLOSED"),
    }
    filter_ = {"name": f"extenstions.istio.io/wasmplugin/{name}", "typed_config": {
        "@type": f"{TYPE}envoy.extensions.filters.http.wasm.v3.Wasm", "config": settings}}
    ports = {port["number"] for match in spec.get("match", []) for port in match.get("ports", [])}
    modes = {match.get("mode") for match in spec.get("match", [])}
    held = 0
    for listener in config["listeners"]:
        if ports and listener["address"]["socket_address"]["port_value"] not in ports or not modes <= {"CLIENT", "CLIENT_AND_SERVER"}:
            continue
        for manager in _managers({"listeners": [listener]}, {}):
            filters = manager["typed_config"]["http_filters"]
            filters.insert([http["name"] for http in filters].index(ROUTER), copy.deepcopy(filter_))
            held += 1
    if not held:
        raise Refused(f"{name}: its `match` holds at no listener")


def assignment(name: str, host: str, port: int) -> dict:
    """One endpoint."""
    endpoint = {"address": {"socket_address": {"address": host, "port_value": port}}}
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]}


def bootstrap(config: dict, port: int, admin: int, endpoints: dict[str, int]) -> dict:
    """A static configuration. `endpoints`: ports on the loopback address of clusters whose endpoints Istio would send; every host
    name is this machine."""
    config = copy.deepcopy(config)
    tables = {table["name"]: table for table in config["routes"]}
    [listener] = config["listeners"]
    listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": port}
    listener.pop("bind_to_port", None)
    for manager in _managers(config, {}):
        settings = manager["typed_config"]
        settings["route_config"] = tables[settings.pop("rds")["route_config_name"]]
        settings["http_filters"] = [http for http in settings["http_filters"] if http["name"] not in ISTIOS]
    for cluster in config["clusters"]:
        name = cluster["name"]
        if cluster.get("type") in ("EDS", "ORIGINAL_DST"):
            cluster["type"] = "STATIC"
            cluster.pop("lb_policy", None)
            cluster["load_assignment"] = assignment(name, "127.0.0.1", endpoints[name]) if name in endpoints else {"cluster_name": name}
        elif cluster.get("type") in ("STRICT_DNS", "LOGICAL_DNS"):
            cluster["type"] = "STATIC"
            cluster.pop("dns_lookup_family", None)
            for group in cluster["load_assignment"]["endpoints"]:
                for endpoint in group["lb_endpoints"]:
                    endpoint["endpoint"]["address"]["socket_address"]["address"] = "127.0.0.1"
    address = {"socket_address": {"address": "127.0.0.1", "port_value": admin}}
    return {
        **({"overload_manager": config["overload"]} if "overload" in config else {}),
        "admin": {"address": address},
        "node": {"id": "gateway~test", "cluster": "test"},
        "static_resources": {"listeners": config["listeners"], "clusters": config["clusters"]},
    }
