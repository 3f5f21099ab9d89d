"""Providers of embeddings behind the gateway, which are others than those that chat: they take other paths."""

from __future__ import annotations

from rig import embeddings, gemini, openai
from rig.provider import Provider

# The rig's simulator of each, its path, its key and its model.
EMBEDDERS = {
    "openai": (embeddings.OpenAI, "/v1", openai.KEY, "text-embedding-3-small"),
    "gemini": (embeddings.Gemini, "", gemini.KEY, embeddings.GEMINI_MODEL),
    "cohere": (embeddings.Cohere, "", embeddings.COHERE_KEY, "embed-v4.0"),
    "mistral": (embeddings.Mistral, "/v1", embeddings.MISTRAL_KEY, "mistral-embed"),
    "bedrock": (embeddings.Bedrock, "", embeddings.BEDROCK_KEY, embeddings.TITAN),
}
TEXTS = ["one", "fourteen"]


def start() -> dict[str, Provider]:
    """All of them."""
    return {f"embed-{name}": Provider(f"embed-{name}", row[0].answer, row[0].check) for name, row in EMBEDDERS.items()}


def rows(providers: dict[str, Provider]) -> tuple[list[dict], list[dict]]:
    """Their providers and models in gateway.yaml: a model `embed-NAME` for each."""
    named = [(f"embed-{name}", name, row) for name, row in EMBEDDERS.items()]
    return (
        [{"name": full, "type": name, "base_url": providers[full].url + path, "api_key": {"value": key}}
         for full, name, (_, path, key, _) in named],
        [{"name": full, "targets": [{"provider": full, "model": model}]} for full, _, (*_, model) in named],
    )  # fmt: skip
