"""The official `openai` package, Chat Completions."""

from __future__ import annotations

import json

import openai
from serve import KEY, SCHEMA, URL, serve

TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": SCHEMA}}
# Without retries of its own, so that it hides nothing.
api = openai.OpenAI(base_url=URL, api_key=KEY, max_retries=0, timeout=30)


def ask(model: str, messages: list, stream: bool, key: str = KEY, **more: object) -> openai.types.chat.ChatCompletion:
    """A reply, whole or built up by the SDK's own helper."""
    to = api if key == KEY else api.with_options(api_key=key)
    if not stream:
        return to.chat.completions.create(model=model, messages=messages, **more)
    with to.chat.completions.stream(model=model, messages=messages, stream_options={"include_usage": True}, **more) as events:
        events.until_done()
        return events.get_final_completion()


def show(reply: openai.types.chat.ChatCompletion) -> dict:
    """What the objects hold."""
    [choice] = reply.choices
    calls = choice.message.tool_calls or []
    return {
        "text": choice.message.content,
        "calls": [{"name": call.function.name, "arguments": json.loads(call.function.arguments)} for call in calls],
        "finish": choice.finish_reason,
        "usage": {"input": reply.usage.prompt_tokens, "output": reply.usage.completion_tokens},
        "model": reply.model,
    }


def text(model: str, prompt: str, stream: bool, **more: object) -> dict:
    """A question and its answer."""
    return show(ask(model, [{"role": "user", "content": prompt}], stream, **more))


def tools(model: str, prompt: str, result: str, stream: bool) -> list[dict]:
    """A question, a call, its result, the answer."""
    messages: list = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": prompt}]
    first = ask(model, messages, stream, tools=[TOOL])
    message = first.choices[0].message
    messages.append({"role": "assistant", "content": message.content, "tool_calls": [
        {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}}
        for call in message.tool_calls]})
    messages += [{"role": "tool", "tool_call_id": call.id, "content": result} for call in message.tool_calls]
    return [show(first), show(ask(model, messages, stream, tools=[TOOL]))]


if __name__ == "__main__":
    serve(text=text, tools=tools)
