"""Kubernetes documents against the schemas of their CRDs, as an API server would judge them.

`validate` takes documents and tells every mistake. The schemas are the projects' own, read from `../shared/crds`: each
document's `apiVersion` and `kind` lead to that version's `openAPIV3Schema`, which is a structural schema. Unknown fields are
refused everywhere, as `kubectl apply --validate=strict` does, but for objects that say `x-kubernetes-preserve-unknown-fields`.
Checked are types, enums, required fields, patterns, lengths, minima and maxima, formats of integers, `oneOf`, `anyOf`, `allOf`
and `not`, `x-kubernetes-int-or-string`, that the items of a set or the keys of a list that is a map are not repeated, and the rules
in CEL (`rig.cel`), once the rest is right.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from . import cel

CRDS = Path(__file__).resolve().parents[3].parent / "shared" / "crds"

# What Kubernetes has itself, of which no CRD is; only what these renderings use, and closed as well.
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
BUILT_IN = {
    ("v1", "Secret"): {"type": "object", "properties": {
        "type": {"type": "string"}, "immutable": {"type": "boolean"}, "data": TEXTS, "stringData": TEXTS}},
    ("v1", "ConfigMap"): {"type": "object", "properties": {
        "immutable": {"type": "boolean"}, "data": TEXTS, "binaryData": TEXTS}},
}



def _members(required: tuple[str, ...] = (), **members: dict) -> dict:
    return {"type": "object", "required": list(required), "properties": members}


# Kinds of Envoy Gateway whose CRDs are not at hand: only what these renderings use, and closed as well. Envoy Gateway's API
# reference, "EnvoyProxy" and "ClientTrafficPolicy"; Kubernetes API reference, "EnvVar". The last pattern of a size: no fraction, no sign.
TEXT = {"type": "string", "minLength": 1}
SECRET_KEY = _members(("name", "key"), name=TEXT, key={**TEXT, "pattern": "^[-._a-zA-Z0-9]+$"})
VARIABLE = _members(("name",), name={**TEXT, "pattern": "^[-._a-zA-Z][-._a-zA-Z0-9]*$"}, valueFrom=_members(("secretKeyRef",), secretKeyRef=SECRET_KEY))
DEPLOYMENT = _members(container=_members(env={"type": "array", "items": VARIABLE}))
LISTENER = _members(
    ("group", "kind", "name"), group={"enum": ["gateway.networking.k8s.io"]}, kind={"enum": ["Gateway"]}, name=TEXT, sectionName=TEXT,
)
GATEWAYS_OWN = {
    "EnvoyProxy": _members(provider=_members(("type",), type={"enum": ["Kubernetes"]}, kubernetes=_members(envoyDeployment=DEPLOYMENT))),
    "ClientTrafficPolicy": _members(
        ("targetRefs",), targetRefs={"type": "array", "items": LISTENER, "minItems": 1},
        connection=_members(bufferLimit={"x-kubernetes-int-or-string": True, "pattern": "^[1-9]+[0-9]*([EPTGMK]i|[EPTGMk])?$"}),
    ),
}
BUILT_IN |= {("gateway.envoyproxy.io/v1alpha1", kind): _members(("spec",), spec=spec) for kind, spec in GATEWAYS_OWN.items()}

# ObjectMeta as a document may set it (Kubernetes API reference, "ObjectMeta"); CRDs leave it to the API server.
METADATA = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "maxLength": 253, "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"},
        "namespace": {"type": "string", "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
        "labels": TEXTS,
        "annotations": TEXTS,
    },
}
INTEGERS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}

def present() -> bool:
    """Whether the schemas are there; tests that need them are skipped where they are not, and say so."""
    return all((CRDS / name).is_file() for name in ("istio.yaml", "envoy-gateway.yaml", "gateway-api.yaml"))


needed = pytest.mark.skipif(not present(), reason="skipped: documents against their CRDs: the schemas, ../shared/crds, are not here")
"""For tests that need the schemas."""


def validate(documents: list[dict]) -> list[str]:
    """Every mistake of these documents, each as `Kind name: path: what is wrong`."""
    found = []
    for number, document in enumerate(documents):
        if not isinstance(document, dict):
            found.append(f"document {number}: is no mapping")
            continue
        metadata = document.get("metadata")
        name = metadata.get("name", "(no name)") if isinstance(metadata, dict) else "(no name)"
        who = f"{document.get('kind', '(no kind)')} {name}"
        found += [f"{who}: {mistake}" for mistake in _mistakes(document)]
    return found


def kinds() -> set[tuple[str, str]]:
    """Every apiVersion and kind that is known."""
    return set(_schemas())


def _mistakes(document: dict) -> list[str]:
    version, kind = document.get("apiVersion"), document.get("kind")
    schema = _schemas().get((version, kind)) if isinstance(version, str) and isinstance(kind, str) else None
    if schema is None:
        return [f"apiVersion: no schema has {version!r} with kind {kind!r}"]
    errors = sorted(_validator(version, kind).iter_errors(document), key=lambda error: list(map(str, error.absolute_path)))
    found = [f"{_path(error.absolute_path)}: {_says(error)}" for error in errors] + list(_repeated(schema, document))
    # Rules are for what has the right shape.
    return found or [f"{_path(path)}: {wrong}" for path, wrong in cel.mistakes(_open()[version, kind], document)]


def _path(parts) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".") or "(document)"


def _says(error: jsonschema.ValidationError) -> str:
    message = error.message if len(error.message) < 300 else f"{error.message[:300]}…"
    if error.validator in ("oneOf", "anyOf") and error.context:
        message += " (" + "; ".join(sorted({inner.message[:120] for inner in error.context})) + ")"
    return message


def _integers(_validator, bounds, instance, _schema):
    """The bounds of `format: int32` and `int64`, which JSON Schema does not know."""
    if isinstance(instance, int) and not isinstance(instance, bool) and not bounds[0] <= instance <= bounds[1]:
        yield jsonschema.ValidationError(f"{instance} does not fit its format")


@functools.cache
def _validator(version: str, kind: str) -> jsonschema.Draft7Validator:
    # A boolean is no integer in JSON, though it is one in Python; the library knows.
    closed = jsonschema.validators.extend(jsonschema.Draft7Validator, {"x-integer-bounds": _integers})
    return closed(_schemas()[version, kind])


@functools.cache
def _schemas() -> dict[tuple[str, str], dict]:
    return {name: _document(schema) for name, schema in _open().items()}


@functools.cache
def _open() -> dict[tuple[str, str], dict]:
    """The schemas as they stand in the CRDs."""
    found = {}
    for path in sorted(CRDS.glob("*.yaml")):
        for crd in yaml.load_all(path.read_text(), yaml.CSafeLoader):
            if not crd or crd.get("kind") != "CustomResourceDefinition":
                continue
            spec = crd["spec"]
            for version in spec["versions"]:
                if version["served"]:
                    found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = version["schema"]["openAPIV3Schema"]
    return {**found, **BUILT_IN}


def _document(schema: dict) -> dict:
    properties = {**schema.get("properties", {}), "apiVersion": {"type": "string"}, "kind": {"type": "string"}}
    closed = _closed({**schema, "properties": properties})
    closed["properties"]["metadata"] = METADATA
    closed["required"] = sorted({*closed.get("required", []), "metadata"})
    return closed


def _closed(schema: dict) -> dict:
    """A structural schema as plain JSON Schema in which unknown fields are mistakes."""
    out = {key: value for key, value in schema.items() if key not in ("default", "description", "example", "nullable", "format")}
    if "properties" in schema:
        out["properties"] = {name: _closed(inner) for name, inner in schema["properties"].items()}
    if isinstance(schema.get("additionalProperties"), dict):
        out["additionalProperties"] = _closed(schema["additionalProperties"])
    elif schema.get("type") == "object" and not schema.get("x-kubernetes-preserve-unknown-fields"):
        # Without properties and without this an API server prunes all there is.
        out.setdefault("additionalProperties", False)
    if "items" in schema:
        out["items"] = _closed(schema["items"])
    if schema.get("x-kubernetes-int-or-string"):
        out["type"] = ["integer", "string"]
    if schema.get("format") in INTEGERS:
        out["x-integer-bounds"] = INTEGERS[schema["format"]]
    if schema.get("nullable") and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
        if "enum" in out:
            out["enum"] = [*out["enum"], None]
    # What stands in oneOf, anyOf, allOf and not only adds conditions: it names fields, and closes nothing.
    return out


def _repeated(schema: dict, document: dict):
    """Items of sets, and keys of lists that are maps, that stand twice."""
    for own, value, path in cel.places(schema, document):
        kind, keys = own.get("x-kubernetes-list-type"), own.get("x-kubernetes-list-map-keys", [])
        if kind not in ("set", "map") or not isinstance(value, list):
            continue
        seen = []
        for number, item in enumerate(value):
            if kind == "map" and isinstance(item, dict):
                item = [item.get(key) for key in keys]
            if item in seen:
                yield f"{_path([*path, number])}: {item!r} stands twice"
            seen.append(item)


def patterns() -> list[str]:
    """Patterns of the schemas that cannot be checked here. They are RE2's; Python's are near enough, and this says where not."""
    wrong = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("pattern"), str):
                try:
                    re.compile(value["pattern"])
                except re.error as error:
                    wrong.append(f"{value['pattern']}: {error}")
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    for schema in _schemas().values():
        walk(schema)
    return wrong


def rules() -> list[str]:
    """Every rule in CEL of the schemas, but those on changes."""
    found: set[str] = set()

    def walk(schema: object) -> None:
        if isinstance(schema, dict):
            if isinstance(own := schema.get("x-kubernetes-validations"), list):
                found.update(rule["rule"] for rule in own)
            for inner in schema.values():
                walk(inner)

    for schema in _open().values():
        walk(schema)
    return sorted(rule for rule in found if "oldSelf" not in rule)
