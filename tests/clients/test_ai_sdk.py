"""Vercel's AI SDK: `ai` with `@ai-sdk/openai`, `@ai-sdk/openai-compatible` and `@ai-sdk/anthropic`."""

from __future__ import annotations

from conftest import World
from matrix import ANSWER, ARGUMENTS, QUESTION, RESULT, STREAM, THOUGHT, Client, Embeddings, Matrix, StructuredOutput
from program import Act
from upstreams import UPSTREAMS, thinks


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
    """`createOpenAI()("…")`, which is Responses, with `store: false`"""

    program, way = "ai_sdk.mjs", "openai"
    dialect = "responses"


class TestOpenAIStored(Client):
    """`createOpenAI()("…")` as it is: it counts on the provider to keep what was said, and sends references to it."""

    group = "node"
    program, way = "ai_sdk.mjs", "stored"
    errors = {400: "AI_APICallError"}

    @STREAM
    def test_a_reference_to_what_nobody_keeps_is_refused(self, client: Act, world: World, stream: bool) -> None:
        _, reply = thinks("gemini", THOUGHT, "weather", ARGUMENTS)
        world["gemini"].script.append(reply)
        more = {"model": "to-gemini", "prompt": QUESTION, "result": RESULT, "stream": stream}
        assert "item_reference" in self.raises(client, 400, "tools", **more).message
        assert len(world["gemini"].requests) == 1


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
