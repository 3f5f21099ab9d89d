"""The validator of Kubernetes documents: what is right passes, and each kind of mistake is told."""

from __future__ import annotations

import copy

import pytest

from rig import cel, crds

RIGHT = {
    "WasmPlugin": """
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: switchyard, namespace: istio-system, labels: {app: switchyard}}
spec:
  url: oci://registry.example/switchyard:1
  failStrategy: FAIL_RELOAD
  imagePullPolicy: IfNotPresent
  match: [{mode: CLIENT, ports: [{number: 80}]}]
  pluginConfig: {version: 1, anything: {goes: [here]}}
  vmConfig: {env: [{name: A, valueFrom: HOST}, {name: B, value: b}]}
""",
    "EnvoyFilter": """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: switchyard}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]
  configPatches:
  - applyTo: HTTP_FILTER
    match: {context: GATEWAY, listener: {filterChain: {filter: {name: a, subFilter: {name: b}}}}}
    patch: {operation: INSERT_BEFORE, value: {name: c, typed_config: {"@type": d}}}
""",
    "DestinationRule": """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: openai}
spec:
  host: api.openai.com
  trafficPolicy:
    tls: {mode: SIMPLE, sni: api.openai.com}
    outlierDetection: {consecutive5xxErrors: 3, maxEjectionPercent: 100}
""",
    "ServiceEntry": """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: openai}
spec:
  hosts: [api.openai.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
""",
    "HTTPRoute": """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: chat}
spec:
  parentRefs: [{name: edge}]
  rules: [{backendRefs: [{name: llm, port: 80}]}]
""",
    "BackendTrafficPolicy": """
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: chat}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: chat}]
  connection: {bufferLimit: 32Mi}
  healthCheck: {panicThreshold: 50}
""",
    "EnvoyProxy": """
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyProxy
metadata: {name: keys}
spec:
  provider:
    type: Kubernetes
    kubernetes:
      envoyDeployment: {container: {env: [{name: A_KEY, valueFrom: {secretKeyRef: {name: keys, key: A_KEY}}}]}}
""",
    "ClientTrafficPolicy": """
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: ClientTrafficPolicy
metadata: {name: room}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: eg, sectionName: http}]
  connection: {bufferLimit: 32Mi}
""",
    "Secret": """
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {OPENAI_API_KEY: secret}
""",
}

# Functions that every CEL has.
COMMON = {"contains", "duration", "endsWith", "int", "matches", "size", "startsWith"}

# A path into a right document, what is put there (ABSENT: taken away), and what must be said.
ABSENT = object()
VARIABLE = ["spec", "provider", "kubernetes", "envoyDeployment", "container", "env", 0]
WRONG = {
    "unknown-field": ("WasmPlugin", ["spec", "allow_on_headers_stop_iteration"], True, "allow_on_headers_stop_iteration"),
    "unknown-field-deep": ("DestinationRule", ["spec", "trafficPolicy", "tls", "snii"], "a", "spec.trafficPolicy.tls: "),
    "unknown-field-in-list": ("ServiceEntry", ["spec", "ports", 0, "prot"], "a", "spec.ports[0]: "),
    "unknown-field-at-the-top": ("WasmPlugin", ["specs"], {}, "specs"),
    "enum": ("WasmPlugin", ["spec", "failStrategy"], "FAIL_RELOADED", "spec.failStrategy: "),
    "required": ("WasmPlugin", ["spec", "url"], ABSENT, "'url' is a required property"),
    "required-in-list": ("ServiceEntry", ["spec", "ports", 0, "name"], ABSENT, "'name' is a required property"),
    "type": ("WasmPlugin", ["spec", "match", 0, "ports", 0, "number"], "80", "spec.match[0].ports[0].number: "),
    "boolean-is-no-integer": ("DestinationRule", ["spec", "trafficPolicy", "outlierDetection", "maxEjectionPercent"], True, "True"),
    "maximum": ("ServiceEntry", ["spec", "ports", 0, "number"], 2**32 + 1, "spec.ports[0].number: "),
    "int32": ("DestinationRule", ["spec", "trafficPolicy", "outlierDetection", "maxEjectionPercent"], 2**31, "does not fit"),
    "time": ("DestinationRule", ["spec", "trafficPolicy", "outlierDetection", "interval"], "0s", "must be a valid duration greater than 1ms"),
    "no-time": ("DestinationRule", ["spec", "trafficPolicy", "outlierDetection", "interval"], "5 s", "must be a valid duration greater than 1ms"),
    "rule": ("WasmPlugin", ["spec", "url"], "ftp://files.example/a.wasm", "url must have schema one of [http, https, file, oci]"),
    "rule-in-a-list": ("HTTPRoute", ["spec", "rules", 0, "timeouts"], {"request": "1s", "backendRequest": "2s"},
                       "spec.rules[0].timeouts: backendRequest timeout cannot be longer than request timeout"),
    "rule-on-the-whole": ("BackendTrafficPolicy", ["spec", "targetRef"], {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "a"}, "spec: "),
    "length": ("WasmPlugin", ["spec", "vmConfig", "env", 0, "name"], "", "spec.vmConfig.env[0].name: "),
    "pattern": ("WasmPlugin", ["spec", "sha256"], "abc", "spec.sha256: "),
    "map-key-twice": ("WasmPlugin", ["spec", "vmConfig", "env", 1, "name"], "A", "stands twice"),
    "one-of": ("DestinationRule", ["spec", "trafficPolicy", "loadBalancer"], {"simple": "RANDOM", "consistentHash": {"httpHeaderName": "a"}},
               "spec.trafficPolicy.loadBalancer: "),
    "int-or-string": ("BackendTrafficPolicy", ["spec", "connection", "bufferLimit"], [1], "spec.connection.bufferLimit: "),
    "quantity": ("BackendTrafficPolicy", ["spec", "connection", "bufferLimit"], "much", "spec.connection.bufferLimit: "),
    "any-of": ("ServiceEntry", ["spec", "hosts"], [], "spec.hosts: "),
    "patch-operation": ("EnvoyFilter", ["spec", "configPatches", 0, "patch", "operation"], "INSERT", "patch.operation: "),
    "version": ("DestinationRule", ["apiVersion"], "networking.istio.io/v2", "no schema has 'networking.istio.io/v2'"),
    "kind": ("DestinationRule", ["kind"], "DestinationRules", "no schema has"),
    "name": ("HTTPRoute", ["metadata", "name"], "Chat_Route", "metadata.name: "),
    "no-metadata": ("HTTPRoute", ["metadata"], ABSENT, "'metadata' is a required property"),
    "label": ("WasmPlugin", ["metadata", "labels", "app"], 1, "metadata.labels.app: "),
    "variable": ("EnvoyProxy", [*VARIABLE, "name"], "A KEY", "env[0].name: "),
    "variable-from": ("EnvoyProxy", [*VARIABLE, "valueFrom", "secretKeyRef", "key"], ABSENT, "'key' is a required property"),
    "container": ("EnvoyProxy", [*VARIABLE[:-2], "envs"], [], "envs"),
    "buffer-limit": ("ClientTrafficPolicy", ["spec", "connection", "bufferLimit"], "1.5Mi", "spec.connection.bufferLimit: "),
    "policy-of-a-route": ("ClientTrafficPolicy", ["spec", "targetRefs", 0, "kind"], "HTTPRoute", "spec.targetRefs[0].kind: "),
    "built-in": ("Secret", ["stringData", "OPENAI_API_KEY"], 1, "stringData.OPENAI_API_KEY: "),
}

def document(kind: str) -> dict:
    return crds.yaml.safe_load(RIGHT[kind])


@crds.needed
@pytest.mark.parametrize("kind", RIGHT)
def test_what_is_right_passes(kind: str) -> None:
    assert crds.validate([document(kind)]) == []


@crds.needed
@pytest.mark.parametrize("name", WRONG)
def test_each_kind_of_mistake_is_told(name: str) -> None:
    kind, path, value, says = WRONG[name]
    wrong = copy.deepcopy(document(kind))
    at = wrong
    for part in path[:-1]:
        at = at[part]
    if value is ABSENT:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    found = crds.validate([document("Secret"), wrong])
    assert found, "nothing was told"
    # An alternative and what all alternatives share may both tell the same.
    assert len(found) <= 2 and len({mistake.split(": ")[1] for mistake in found}) == 1, found
    assert all(mistake.startswith(f"{wrong['kind']} {wrong.get('metadata', {}).get('name', '(no name)')}: ") for mistake in found), found
    assert any(says in mistake for mistake in found), found


@crds.needed
def test_all_mistakes_are_told_each_with_its_document() -> None:
    first, second = document("WasmPlugin"), document("DestinationRule")
    first["spec"]["priorty"] = 1
    first["spec"]["phase"] = "EARLY"
    second["spec"]["trafficPolicy"]["tls"]["mode"] = "PLAIN"
    found = crds.validate([first, second])
    assert [mistake.split(":")[0] for mistake in found] == ["WasmPlugin switchyard"] * 2 + ["DestinationRule openai"], found


@crds.needed
def test_every_pattern_can_be_checked() -> None:
    assert crds.patterns() == []


@crds.needed
def test_every_rule_can_be_evaluated() -> None:
    """All are CEL, and ask for no function that is not there; rules on changes are for no document that is new."""
    assert len(crds.rules()) > 200
    known = {*cel.FUNCTIONS, *COMMON}
    for rule in crds.rules():
        unknown = {name for name in cel.program(rule).functions() if name.isidentifier()} - known
        assert not unknown, f"{unknown} in {rule!r}"


def test_rules_see_values_as_kubernetes_gives_them() -> None:
    """Numbers by the schema's type, reserved names between underscores but as keys of maps, defaults where nothing is said."""
    text = {"type": "string"}
    properties = {
        "namespace": text, "ratio": {"type": "number"}, "labels": {"type": "object", "additionalProperties": text},
        "mode": {"type": "string", "default": "A"},
    }
    rules = ["self.__namespace__ == 'a'", "type(self.ratio) == double", "self.labels.all(key, key == 'namespace')", "self.mode == 'A'"]
    schema = {"type": "object", "properties": properties, "x-kubernetes-validations": [{"rule": rule} for rule in rules]}
    document = {"namespace": "a", "ratio": 1, "labels": {"namespace": "b"}}
    assert list(cel.mistakes(schema, document)) == []
    found = list(cel.mistakes(schema, {**document, "namespace": "b", "mode": "B"}))
    assert found == [([], f"the rule {rule!r} does not hold") for rule in (rules[0], rules[3])]
