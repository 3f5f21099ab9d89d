"""Vercel's AI SDK: `ai` with `@ai-sdk/openai`, `@ai-sdk/openai-compatible` and `@ai-sdk/anthropic`."""

from __future__ import annotations

from conftest import World
from matrix import ANSWER, ARGUMENTS, QUESTION, RESULT, STREAM, THOUGHT, Embeddings, Matrix, StructuredOutput
from program import Act
from upstreams import UPSTREAMS


class AISDK(Matrix, StructuredOutput):
    """It has one exception for all statuses."""

    group = "node"
    finish = ("stop", "tool-calls")
    errors = dict.fromkeys([400, 401, 404, 429, 503], "AI_APICallError")
    broken = "Error"


class Thoughtful(AISDK):
    """Where it shows what a model thought."""

    @STREAM
    def test_what_a_model_thought(self, client: Act, world: World, stream: bool) -> None:
        up = UPSTREAMS["responses"]
        world["responses"].script.extend([up.calls("weather", ARGUMENTS), up.says(ANSWER)])
        first, _ = client("tools", model="to-responses", prompt=QUESTION, result=RESULT, stream=stream)
        assert first["reasoning"] == THOUGHT


class TestOpenAI(Thoughtful):
    """`createOpenAI()("…")`, which is Responses"""

    program, way = "ai_sdk.mjs", "openai"
    dialect = "responses"


class TestOpenAIChat(AISDK, Embeddings):
    """`createOpenAI().chat("…")`"""

    program, way = "ai_sdk.mjs", "chat"
    dialect = "openai"


class TestOpenAICompatible(Thoughtful, Embeddings):
    """`createOpenAICompatible()("…")`"""

    program, way = "ai_sdk.mjs", "compatible"
    dialect = "openai"


class TestAnthropic(Thoughtful):
    """`createAnthropic()("…")`"""

    program, way = "ai_sdk.mjs", "anthropic"
    dialect = "anthropic"
