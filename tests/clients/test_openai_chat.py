"""The official `openai` package for Python, Chat Completions and embeddings."""

from __future__ import annotations

from matrix import Matrix

ERRORS = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError", 429: "RateLimitError", 503: "InternalServerError"}


class TestOpenAIChat(Matrix):
    """`openai.OpenAI().chat.completions`"""

    group, file = "venv", "openai_chat.py"
    finish = ("stop", "tool_calls")
    errors = ERRORS
