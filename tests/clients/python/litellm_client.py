"""LiteLLM as a client. Ways: the prefixes of its models, `openai` and `anthropic`, which are the dialects that it speaks."""

from __future__ import annotations

import json
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks the internet for prices

import litellm
from serve import KEY, ROOT, SCHEMA, URL, WAY, serve

TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": SCHEMA}}


def ask(model: str, messages: list, stream: bool, key: str = KEY, **more: object) -> tuple:
    """A reply, whole or built from its chunks, and how many pieces of text it came in."""
    base = URL if WAY[0] == "openai" else ROOT
    more = {"stream_options": {"include_usage": True}, **more} if stream else more
    reply = litellm.completion(
        model=f"{WAY[0]}/{model}", messages=messages, api_base=base, api_key=key, stream=stream, max_retries=0, timeout=30, **more
    )
    if not stream:
        return reply, 1
    chunks = list(reply)
    pieces = sum(bool(chunk.choices and chunk.choices[0].delta.content) for chunk in chunks)
    return litellm.stream_chunk_builder(chunks, messages=messages), pieces


def show(reply, pieces: int) -> dict:
    """What the objects hold."""
    [choice] = reply.choices
    return {
        "text": choice.message.content,
        "calls": [
            {"name": call.function.name, "arguments": json.loads(call.function.arguments)} for call in choice.message.tool_calls or []
        ],
        "finish": choice.finish_reason,
        "usage": {"input": reply.usage.prompt_tokens, "output": reply.usage.completion_tokens},
        "model": reply.model,
        "pieces": pieces,
    }


def text(model: str, prompt: str, stream: bool, **more: object) -> dict:
    """A question and its answer."""
    return show(*ask(model, [{"role": "user", "content": prompt}], stream, **more))


def tools(model: str, prompt: str, result: str, stream: bool) -> list[dict]:
    """A question, a call, its result, the answer; LiteLLM's message goes back as it is."""
    messages: list = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": prompt}]
    first, pieces = ask(model, messages, stream, tools=[TOOL])
    message = first.choices[0].message
    messages += [message, *({"role": "tool", "tool_call_id": call.id, "content": result} for call in message.tool_calls)]
    return [show(first, pieces), show(*ask(model, messages, stream, tools=[TOOL]))]


def embed(model: str, texts: list[str]) -> dict:
    """Embeddings."""
    reply = litellm.embedding(model=f"{WAY[0]}/{model}", input=texts, api_base=URL, api_key=KEY)
    return {"vectors": [one["embedding"] for one in reply.data], "tokens": reply.usage.total_tokens}


if __name__ == "__main__":
    serve(text=text, tools=tools, embed=embed)
