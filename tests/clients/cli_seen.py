"""What a request to a provider says, in the words of each format: the system prompt, the results of tools, images."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rig.provider import Received


def _nodes(value: object) -> Iterator[dict]:
    """All objects in a JSON value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(inner)


def _text(content: object) -> str:
    """A string, or the texts of a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(node["text"] for node in _nodes(content) if isinstance(node.get("text"), str))


def system(name: str, body: dict) -> str:
    """The instructions that stand before the conversation."""
    if name in ("anthropic", "bedrock"):
        return _text(body.get("system", []))
    if name == "gemini":
        return _text(body.get("systemInstruction", {}))
    turns = body["input"] if name == "responses" else body["messages"]
    told = body.get("instructions") or "" if name == "responses" else ""
    return told + "".join(_text(turn["content"]) for turn in turns if turn.get("role") in ("system", "developer"))


def results(name: str, body: dict) -> list[str]:
    """The results of tools, in order."""
    if name in ("openai", "mistral", "cohere"):
        return [_text(message["content"]) for message in body["messages"] if message["role"] == "tool"]
    if name == "anthropic":
        return [_text(node.get("content", "")) for node in _nodes(body["messages"]) if node.get("type") == "tool_result"]
    if name == "responses":
        outputs = ("function_call_output", "custom_tool_call_output")
        return [_text(item["output"]) for item in body["input"] if item.get("type") in outputs]
    key, inner = {"gemini": ("functionResponse", "response"), "bedrock": ("toolResult", "content")}[name]
    found = [node[key] for node in _nodes(body) if key in node]
    return [json.dumps(result[inner], ensure_ascii=False) for result in found]


def images(name: str, body: dict) -> list[str]:
    """The images in base64, each where this format has images."""
    found = []
    for node in _nodes(body):
        value: object = None
        if name in ("openai", "mistral", "cohere") and node.get("type") == "image_url":
            value = node["image_url"]["url"] if isinstance(node["image_url"], dict) else node["image_url"]
        elif name == "responses" and node.get("type") == "input_image":
            value = node["image_url"]
        elif name == "anthropic" and node.get("type") == "image":
            value = node["source"].get("data")
        elif name == "gemini" and "inlineData" in node:
            value = node["inlineData"]["data"]
        elif name == "bedrock" and "image" in node:
            value = node["image"]["source"]["bytes"]
        if isinstance(value, str):
            found.append(value.removeprefix("data:image/png;base64,"))
    return found


def tools(name: str, body: dict) -> set[str]:
    """The names of the tools."""
    if name == "gemini":
        return {function["name"] for tool in body["tools"] for function in tool.get("functionDeclarations", [])}
    if name == "bedrock":
        return {tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"] if "toolSpec" in tool}
    if name in ("anthropic", "responses"):
        return {tool["name"] for tool in body["tools"] if "name" in tool}
    return {tool["function"]["name"] for tool in body["tools"]}


def streamed(name: str, received: Received) -> bool:
    """Whether a stream was asked for."""
    if name in ("gemini", "bedrock"):
        return "stream" in received.target
    return received.json.get("stream") is True
