"""Agents of pydantic-ai, on each of its models that can be pointed at the gateway."""

from __future__ import annotations

from matrix import Matrix, StructuredOutput


class PydanticAI(Matrix, StructuredOutput):
    """It has one exception for all statuses."""

    group = "pydantic-ai"
    finish = ("stop", "tool_call")
    errors = dict.fromkeys([400, 401, 404, 429, 503], "ModelHTTPError")
    broken = "ModelAPIError"


class TestChat(PydanticAI):
    """`OpenAIChatModel`"""

    program, way = "pydantic_ai_agent.py", "chat"
    dialect = "openai"


class TestResponses(PydanticAI):
    """`OpenAIResponsesModel`"""

    program, way = "pydantic_ai_agent.py", "responses"
    dialect = "responses"
    finish = ("stop", "stop")  # a response that calls a tool is as completed as any


class TestAnthropic(PydanticAI):
    """`AnthropicModel`"""

    program, way = "pydantic_ai_agent.py", "anthropic"
    dialect = "anthropic"
