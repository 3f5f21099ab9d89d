"""LangChain's chat models, and its embeddings. Ways: `openai`, `responses` and `anthropic`."""

from __future__ import annotations

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from serve import KEY, ROOT, URL, WAY, serve



@tool
def weather(city: str, days: int) -> str:
    """The weather."""
    raise NotImplementedError


def chat(model: str, key: str = KEY):
    """As LangChain's documentation says, without retries of its own."""
    if WAY[0] == "anthropic":
        return ChatAnthropic(model=model, base_url=ROOT, api_key=key, max_retries=0, timeout=30, max_tokens=2048)
    more = {"use_responses_api": True} if WAY[0] == "responses" else {"stream_usage": True}
    return ChatOpenAI(model=model, base_url=URL, api_key=key, max_retries=0, timeout=30, **more)


def ask(model, messages: list, stream: bool) -> tuple[AIMessage, int]:
    """A message, whole or the sum of its chunks, and how many pieces of text it came in."""
    if not stream:
        return model.invoke(messages), 1
    chunks = list(model.stream(messages))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole = whole + chunk
    return whole, sum(bool(chunk.text) for chunk in chunks)


def show(reply: AIMessage, pieces: int) -> dict:
    """What the objects hold."""
    told = reply.response_metadata
    return {
        "text": reply.text,
        "calls": [{"name": call["name"], "arguments": call["args"]} for call in reply.tool_calls],
        "finish": told.get("finish_reason") or told.get("stop_reason") or told.get("status"),
        "usage": {"input": reply.usage_metadata["input_tokens"], "output": reply.usage_metadata["output_tokens"]},
        "model": told.get("model_name") or told.get("model"),
        "pieces": pieces,
    }


def text(model: str, prompt: str, stream: bool, **more: str) -> dict:
    """A question and its answer."""
    return show(*ask(chat(model, **more), [HumanMessage(prompt)], stream))


def tools(model: str, prompt: str, result: str, stream: bool) -> list[dict]:
    """A question, a call, its result, the answer."""
    bound = chat(model).bind_tools([weather])
    messages: list = [SystemMessage("Be brief."), HumanMessage(prompt)]
    first, pieces = ask(bound, messages, stream)
    messages += [first, *(ToolMessage(result, tool_call_id=call["id"]) for call in first.tool_calls)]
    return [show(first, pieces), show(*ask(bound, messages, stream))]


def embed(model: str, texts: list[str]) -> dict:
    """Embeddings of texts: by default it would send tokens, which only OpenAI's own models understand."""
    return {"vectors": OpenAIEmbeddings(model=model, base_url=URL, api_key=KEY, check_embedding_ctx_length=False).embed_documents(texts)}


if __name__ == "__main__":
    serve(text=text, tools=tools, embed=embed)
