"""LiteLLM as a client of the gateway, in the dialects of OpenAI and Anthropic."""

from __future__ import annotations

from matrix import Embeddings, Matrix


class LiteLLM(Matrix):
    """It has exceptions of its own, and shows everything as OpenAI does."""

    group = "litellm"
    finish = ("stop", "tool_calls")
    errors = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError", 429: "RateLimitError", 503: "APIError"}
    broken = "APIError"
    streams_show_what_was_asked = True


class TestOpenAI(LiteLLM, Embeddings):
    """`litellm.completion("openai/…")`"""

    program, way = "litellm_client.py", "openai"
    dialect = "openai"


class TestAnthropic(LiteLLM):
    """`litellm.completion("anthropic/…")`"""

    program, way = "litellm_client.py", "anthropic"
    dialect = "anthropic"
