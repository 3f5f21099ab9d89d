"""Checks requests for AWS Bedrock with botocore: its own validator, and the patterns, choices and limits of its model.

    botocore_check.py [FILE...]      one JSON object a line: {"operation", "body", "name"?}; without files, from stdin
    botocore_check.py FOLDER...      golden cases: every `upstream.json` below, as `Converse`

Prints what is wrong, and exits with 1 if anything is. Needs botocore alone: nothing is sent.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator

MODEL = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))
# The members that go into the path.
URI = {"modelId": "anthropic.claude-sonnet-4-5-20250929-v1:0"}


def check(operation: str, body: dict) -> list[str]:
    """What is wrong with a request's body."""
    shape = MODEL.operation_model(operation).input_shape
    params = {**body, **{name: value for name, value in URI.items() if name in shape.members}}
    report = ParamValidator().validate(params, shape)
    wrong = report.generate_report().splitlines() if report.has_errors() else []
    return wrong + list(limits(params, shape, ""))


def limits(value: object, shape: Shape, at: str) -> Iterator[str]:
    """What botocore's validator does not look at."""
    if getattr(shape, "is_document_type", False) or (shape.type_name == "structure" and shape.metadata.get("document")):
        return
    kind, meta = shape.type_name, shape.metadata
    if kind == "structure" and isinstance(value, dict):
        if shape.is_tagged_union and len(value) != 1:
            yield f"{at}: a union has one member, not {sorted(value)}"
        for name, member in value.items():
            if name in shape.members:
                yield from limits(member, shape.members[name], f"{at}.{name}")
    elif kind == "list" and isinstance(value, list):
        yield from size(len(value), meta, at)
        for index, item in enumerate(value):
            yield from limits(item, shape.member, f"{at}[{index}]")
    elif kind == "map" and isinstance(value, dict):
        yield from size(len(value), meta, at)
        for name, member in value.items():
            yield from limits(name, shape.key, f"{at} (name)")
            yield from limits(member, shape.value, f"{at}.{name}")
    elif kind == "string" and isinstance(value, str):
        yield from size(len(value), meta, at)
        if shape.enum and value not in shape.enum:
            yield f"{at}: {value!r} is none of {shape.enum}"
        pattern = meta.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            yield f"{at}: {value!r} does not match {pattern}"
    elif kind == "blob" and isinstance(value, str):
        try:
            yield from size(len(base64.b64decode(value, validate=True)), meta, at)
        except binascii.Error as error:
            yield f"{at}: not base64: {error}"
    elif kind in ("integer", "long", "float", "double") and isinstance(value, (int, float)):
        yield from size(value, meta, at)


def size(found: float, meta: dict, at: str) -> Iterator[str]:
    if found < meta.get("min", found):
        yield f"{at}: {found} is less than {meta['min']}"
    if found > meta.get("max", found):
        yield f"{at}: {found} is more than {meta['max']}"


def requests(arguments: list[str]) -> Iterator[tuple[str, str, dict]]:
    """Each request's name, operation and body."""
    for argument in arguments or ["-"]:
        path = Path(argument)
        if path.is_dir():
            for file in sorted(path.rglob("upstream.json")):
                yield file.parent.name, "Converse", json.loads(file.read_text())
            continue
        text = sys.stdin.read() if argument == "-" else path.read_text()
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                request = json.loads(line)
                yield request.get("name", f"{argument}:{number}"), request["operation"], request["body"]


def main() -> int:
    count = bad = 0
    for name, operation, body in requests(sys.argv[1:]):
        count += 1
        wrong = check(operation, body)
        bad += bool(wrong)
        for what in wrong:
            print(f"{name}: {what}")
    print(f"{count} requests checked by botocore, {bad} of them wrong")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main())
