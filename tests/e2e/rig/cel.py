"""The rules of a CRD that are written in CEL (`x-kubernetes-validations`), as an API server evaluates them when a document is
created: on the document with its defaults, each rule at the value that it stands beside.

Sources: Kubernetes documentation, "Extend the Kubernetes API with CustomResourceDefinitions", "Validation rules", and "Common
Expression Language in Kubernetes" for the functions that are Kubernetes' own. Those functions are here as far as the schemas use
them; another one makes its rule a mistake, so that none is left out in silence. Not evaluated are rules on how a document
changes, which name `oldSelf`.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import cel

# Names of properties that CEL has other uses for are written with these around them in rules.
RESERVED = {
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
    "package", "namespace", "return", "var", "void", "while",
}
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def mistakes(schema: dict, document: dict) -> Iterator[tuple[list, str]]:
    """What the rules of a structural schema have against a document: where, and the rule's own message."""
    for own, value, path in places(schema, with_defaults(schema, document)):
        for rule in own.get("x-kubernetes-validations", []):
            if "oldSelf" not in rule["rule"] and (wrong := _breaks(rule, _typed(own, value))):
                yield path, wrong


def places(schema: dict, value: object, path: tuple = ()) -> Iterator[tuple[dict, object, list]]:
    """A value and all that is in it, each with its schema and its path."""
    yield schema, value, list(path)
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if below := _below(schema, name):
            yield from places(below, inner, (*path, name))


def _below(schema: dict, name: str | int) -> dict | None:
    """The schema of a property, a key of a map, or an item of a list."""
    found = schema.get("items") if isinstance(name, int) else schema.get("properties", {}).get(name, schema.get("additionalProperties"))
    return found if isinstance(found, dict) else None


def _each(value: dict | list, change: Callable[[str | int, object], object]) -> dict | list:
    """A copy with each of its parts as `change` has it."""
    if isinstance(value, list):
        return [change(number, item) for number, item in enumerate(value)]
    return {name: change(name, inner) for name, inner in value.items()}


def with_defaults(schema: dict, value: object) -> object:
    """A copy in which what is missing and has a default is there."""
    if not isinstance(value, (dict, list)):
        return value
    found = _each(value, lambda name, inner: with_defaults(_below(schema, name) or {}, inner))
    for name, inner in schema.get("properties", {}).items() if isinstance(found, dict) else ():
        if name not in found and "default" in inner:
            found[name] = with_defaults(inner, inner["default"])
    return found


def _typed(schema: dict, value: object) -> object:
    """A value as CEL has it: numbers as the schema types them, and properties under the names that rules write."""
    if isinstance(value, (dict, list)):
        found = _each(value, lambda name, inner: _typed(_below(schema, name) or {}, inner))
        own = RESERVED & set(schema.get("properties", {}))
        return {f"__{name}__" if name in own else name: inner for name, inner in found.items()} if isinstance(found, dict) else found
    if schema.get("type") == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _breaks(rule: dict, value: object) -> str:
    """The message of a rule that does not hold; nothing for one that does."""
    text = rule["rule"].strip()
    says = rule.get("message", f"the rule {text!r} does not hold").strip()
    context = cel.Context()
    for name, function in FUNCTIONS.items():
        context.add_function(name, function)
    context.add_variable("format", {})
    context.add_variable("self", value)
    try:
        holds = program(text).execute(context)
    except Exception as error:  # The library has no class of its own for them.
        return f"{says} ({text!r} cannot be evaluated: {error})"
    return "" if holds is True else says


@functools.cache
def program(rule: str) -> cel.Program:
    """A rule, compiled. Fails for one that is no CEL."""
    return cel.compile(rule)


def _is_ip(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _is_url(text: str) -> bool:
    """An absolute URI or an absolute path, as Go's `url.ParseRequestURI` takes them."""
    if any(char.isspace() or not char.isprintable() for char in text):
        return False
    try:
        return text.startswith("/") or bool(urlsplit(text).scheme)
    except ValueError:
        return False


def _substring(text: str, start: int, end: int | None = None) -> str:
    if not 0 <= start <= (len(text) if end is None else end) <= len(text):
        raise ValueError("the range is out of the text")
    return text[start:end]


FUNCTIONS = {
    "dns1123Label": lambda _format: "dns1123Label",
    "getScheme": lambda url: url["scheme"],
    "isIP": _is_ip,
    "isURL": _is_url,
    "lowerAscii": str.lower,
    "split": lambda text, by: text.split(by),
    "substring": _substring,
    "upperAscii": str.upper,
    "url": lambda text: {"scheme": urlsplit(text).scheme},
    "validate": lambda _format, text: None if LABEL.fullmatch(text) else ["is no DNS label"],
}
