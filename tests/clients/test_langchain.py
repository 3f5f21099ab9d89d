"""LangChain: `langchain-openai`, in both of its ways, and `langchain-anthropic`."""

from __future__ import annotations

from matrix import Embeddings, Matrix

ERRORS = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError", 429: "RateLimitError", 503: "InternalServerError"}


class LangChain(Matrix):
    """LangChain raises what the SDK below it raises."""

    group = "langchain"
    errors = ERRORS
    broken = "APIError"


class TestChat(LangChain, Embeddings):
    """`ChatOpenAI()` and `OpenAIEmbeddings()`"""

    program, way = "langchain_chat.py", "openai"
    dialect = "openai"
    finish = ("stop", "tool_calls")


class TestResponses(LangChain):
    """`ChatOpenAI(use_responses_api=True)`"""

    program, way = "langchain_chat.py", "responses"
    dialect = "responses"
    finish = ("completed", "completed")


class TestAnthropic(LangChain):
    """`ChatAnthropic()`"""

    program, way = "langchain_chat.py", "anthropic"
    dialect = "anthropic"
    finish = ("end_turn", "tool_use")
