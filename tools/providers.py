#!/usr/bin/env python3
"""Rewrites src/provider/catalogue/providers.json.

    tools/providers.py FACTS

FACTS is a JSON document {"providers": [{name, format, base_url, chat_path, auth, renames, sources, ...}]} of facts about
hosts, from LiteLLM, Portkey's gateway, Higress and Envoy AI Gateway (MIT and Apache-2.0). What it calls a provider is
mapped to our name below; what differs from it or is not in it stands in ROWS.

A row is `checked` when providers_second.tsv, whose sources are others (the vendors' own SDKs and documentation,
models.dev, the AI SDK, any-llm), has the same base URL and the same header of the credential. Nothing else makes it so.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
OUT = HERE.parent / "src/provider/catalogue/providers.json"

# Names of the facts that are other names here. All others: `_` becomes `-`.
NAMES = {
    "docker_model_runner": "docker", "featherless_ai": "featherless", "fireworks_ai": "fireworks",
    "friendliai": "friendli", "github": "github-models", "gradient_ai": "digitalocean", "iointelligence": "io-net",
    "jina_ai": "jina", "kluster-ai": "kluster", "lambda_ai": "lambda", "lemonfox-ai": "lemonfox",
    "nvidia_nim": "nvidia", "opencode_go": "opencode-go", "qwencloud": "dashscope-intl",
    "siliconflow": "siliconflow-cn", "together_ai": "together", "vercel_ai_gateway": "vercel",
    "vertex_ai": "vertex", "vertex_ai-anthropic": "vertex-anthropic", "bedrock-invoke-anthropic": "bedrock-anthropic",
    "veniceai": "venice", "xiaomi_mimo": "xiaomi", "tetrate-ars": "tetrate",
}

# Left out: the same host as another row.
SAME = {"qwen_ai_platform"}

# Left out, and why: told in the documentation.
UNSUPPORTED = {
    "black_forest_labs": "pictures only, created and then asked for",
    "bytez": "a format of its own",
    "chatgpt": "the backend of an application, with its sign-in",
    "coze": "a format of its own",
    "deepgram": "speech only",
    "dify": "a format of its own",
    "elevenlabs": "speech only",
    "fal_ai": "pictures and films, a format of its own",
    "gigachat": "tokens of half an hour from an address of its own, and functions instead of tools",
    "github_copilot": "short-lived tokens of an application",
    "langgraph": "a format of its own",
    "modal": "no common address: use openai-compatible with the one of the deployment",
    "nlp_cloud": "a format of its own",
    "nomic": "embeddings only, a format of its own",
    "oci": "requests are signed with RSA; a format of its own",
    "recraft": "pictures only",
    "replicate": "predictions that are created and then asked for",
    "runwayml": "films only",
    "sagemaker": "the format is whatever the container takes",
    "segmind": "pictures only",
    "soniox": "speech only",
    "stability": "pictures only",
    "triton": "a format of its own",
    "watsonx": "the model's name is another member, and a project's id stands in the body",
}

VERTEX = "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}"
FOUNDRY = "https://{resource}.services.ai.azure.com"
ANTHROPIC = {"format": "anthropic", "path": "/v1/messages", "headers": [["anthropic-version", "2023-06-01"]]}
X_API_KEY = {"auth_header": "x-api-key", "auth_prefix": ""}
API_KEY = {"auth_header": "api-key", "auth_prefix": ""}
OPEN = {"needs_key": False}
LITELLM = "litellm-1.109.1"
MODELS_DEV = "models.dev 2026-08-18"

# What differs from the facts, or is not among them. `None` takes a member away.
ROWS = {
    # The formats' own vendors: base URLs as their SDKs take them.
    "openai": {"quirks": None},
    "openai-responses": {
        "base_url": "https://api.openai.com/v1", "format": "openai-responses", "path": "/responses",
        "models": "openai", "sources": ["OpenAI API reference: Create a model response"],
    },
    "anthropic": {"base_url": "https://api.anthropic.com", **ANTHROPIC},
    "gemini": {
        "base_url": "https://generativelanguage.googleapis.com", "path": "/v1beta/models/{model}:generateContent",
        "stream_path": "/v1beta/models/{model}:streamGenerateContent?alt=sse",
    },
    "gemini-openai": {
        "base_url": "https://generativelanguage.googleapis.com/v1beta/openai", "models": "gemini",
        "sources": [f"{LITELLM} + Portkey-AI/gateway"], "note": "Gemini's own OpenAI-compatible endpoint.",
        # Guide "Thought signatures", section "OpenAI compatibility": 400 without those of calls.
        "quirks": {"takes": ["messages[].tool_calls[].extra_content"]},
    },
    "vertex": {
        "base_url": VERTEX + "/publishers/google", "path": "/models/{model}:generateContent",
        "stream_path": "/models/{model}:streamGenerateContent?alt=sse", "note": "An access token of Google Cloud.",
    },
    "vertex-anthropic": {
        "base_url": VERTEX + "/publishers/anthropic", "format": "vertex-anthropic",
        "path": "/models/{model}:rawPredict", "stream_path": "/models/{model}:streamRawPredict", "headers": None,
        "note": "An access token of Google Cloud.",
    },
    "vertex-openai": {
        "base_url": VERTEX + "/endpoints/openapi", "sources": [f"{LITELLM}"],
        "note": "Llama, DeepSeek, Qwen and others on Vertex AI. An access token of Google Cloud.",
    },
    "bedrock": {
        "path": "/model/{model}/converse", "stream_path": "/model/{model}/converse-stream", **OPEN,
        "auth_prefix": "Bearer ", "note": "Signed with AWS credentials, or a Bedrock API key.",
    },
    "bedrock-anthropic": {
        "format": "bedrock-anthropic", "path": "/model/{model}/invoke",
        "stream_path": "/model/{model}/invoke-with-response-stream", "headers": None, "models": "bedrock", **OPEN,
        "auth_prefix": "Bearer ", "note": "Signed with AWS credentials, or a Bedrock API key.",
    },
    "bedrock-openai": {
        "base_url": "https://bedrock-runtime.{region}.amazonaws.com/openai/v1", "models": "bedrock",
        "sources": ["Amazon Bedrock user guide: Chat Completions API"], "note": "A Bedrock API key.",
    },
    "bedrock-mantle": {"key_env": "AWS_BEARER_TOKEN_BEDROCK", "note": "A Bedrock API key."},
    "azure": {
        "format": "openai", "path": "/deployments/{model}/chat/completions?api-version={api_version}", **API_KEY,
        "note": "The model is the name of the deployment.",
    },
    "azure-v1": {
        "base_url": "https://{resource}.openai.azure.com/openai/v1", **API_KEY, "models": "azure",
        "sources": [f"{LITELLM}", "Portkey-AI/gateway src/providers"], "note": "The model is the name of the deployment.",
    },
    "azure-responses": {
        "base_url": "https://{resource}.openai.azure.com/openai/v1", "format": "openai-responses",
        "path": "/responses", **API_KEY, "models": "azure", "sources": [f"{LITELLM}"],
        "note": "The model is the name of the deployment.",
    },
    "azure-ai": {
        "path": "/models/chat/completions?api-version={api_version}", **API_KEY, "key_env": "AZURE_AI_API_KEY",
        "note": "Microsoft calls this API deprecated: azure-v1 is the newer one.",
    },
    "azure-anthropic": {
        "base_url": FOUNDRY + "/anthropic", **ANTHROPIC, **X_API_KEY, "models": "azure-ai", "sources": [f"{LITELLM}"],
        "note": "Claude in Foundry; the model is the name of the deployment.",
    },
    "cohere": {"base_url": "https://api.cohere.com", "path": "/v2/chat"},
    "cohere-openai": {
        "base_url": "https://api.cohere.ai/compatibility/v1", "models": "cohere", "key_env": "COHERE_API_KEY",
        # Strands Agents' page on Cohere: the API refuses stream_options.
        "quirks": {"refuses": ["stream_options"]},
        "sources": [f"{LITELLM} + Portkey-AI/gateway"], "note": "Cohere's own OpenAI-compatible endpoint.",
    },
    "mistral": {"format": "mistral"},
    "codestral": {"format": "mistral", "key_env": "CODESTRAL_API_KEY"},
    "openai-compatible": {"base_url": None, **OPEN, "models": "", "sources": [], "note": "Any other; base_url is required."},
    # The same vendors in Anthropic's format.
    "deepseek-anthropic": {
        "base_url": "https://api.deepseek.com/anthropic", **ANTHROPIC, **X_API_KEY, "models": "deepseek",
        "key_env": "DEEPSEEK_API_KEY", "sources": [f"{LITELLM}"],
    },
    "minimax-anthropic": {
        "base_url": "https://api.minimax.io/anthropic", **ANTHROPIC, **X_API_KEY, "models": "minimax",
        "sources": [f"{LITELLM}"],
    },
    "zai-anthropic": {
        "base_url": "https://api.z.ai/api/anthropic", **ANTHROPIC, "models": "zai", "key_env": "ZAI_API_KEY",
        "sources": [f"{LITELLM}"],
    },
    "openrouter-anthropic": {
        "base_url": "https://openrouter.ai/api", **ANTHROPIC, "models": "openrouter", "key_env": "OPENROUTER_API_KEY",
        "sources": [f"{LITELLM}"],
    },
    "vercel-anthropic": {
        "base_url": "https://ai-gateway.vercel.sh", **ANTHROPIC, "models": "vercel", "key_env": "AI_GATEWAY_API_KEY",
        "sources": [f"{LITELLM}"],
    },
    "snowflake-anthropic": {
        "base_url": "https://{account}.snowflakecomputing.com/api/v2/cortex", **ANTHROPIC, "models": "snowflake",
        "sources": [f"{LITELLM}"], "note": "Claude only. A programmatic access token.",
    },
    "opencode-go": {"base_url": "https://opencode.ai/inference/go/anthropic", **ANTHROPIC, "quirks": None},
    # On this machine: no credential, and the port that each has unless it is told otherwise.
    "ollama": {"base_url": "http://127.0.0.1:11434/v1", "path": None, **OPEN},
    # "OpenAI-Compatible Server", extra parameters.
    "vllm": {"base_url": "http://127.0.0.1:8000/v1", **OPEN, "quirks": {"takes": ["top_k"]}},
    "sglang": {"base_url": "http://127.0.0.1:30000/v1", **OPEN},
    "tgi": {"base_url": "http://127.0.0.1:8080/v1", **OPEN, "note": "Text Generation Inference."},
    "llamafile": {"base_url": "http://127.0.0.1:8080/v1", **OPEN},
    "llama-cpp": {
        "base_url": "http://127.0.0.1:8080/v1", **OPEN, "models": "", "sources": ["llama.cpp: tools/server/README.md"],
    },
    "lm-studio": {"base_url": "http://127.0.0.1:1234/v1", **OPEN},
    "lemonade": {"base_url": "http://127.0.0.1:8000/api/v1", **OPEN},
    "docker": {
        "base_url": "http://127.0.0.1:12434/engines/v1", "path": None, **OPEN,
        "note": "Docker Model Runner, with its TCP port enabled.",
    },
    # Others.
    "cloudflare": {
        "base_url": "https://api.cloudflare.com/client/v4/accounts/{account}/ai/v1", "note": "Workers AI.",
    },
    "databricks": {
        "base_url": None, "key_env": "DATABRICKS_TOKEN",
        "note": "base_url is https://, the host of the workspace, and /serving-endpoints.",
    },
    "datarobot": {"key_env": "DATAROBOT_API_TOKEN"},
    "deepinfra": {"quirks": {"refuses": ["tool_choice.required"]}},
    "deepseek": {
        "base_url": "https://api.deepseek.com",
        # Guide "Thinking mode": 400 without the reasoning behind calls of tools. Content is a string: 400 for a list.
        "quirks": {"takes": ["messages[].reasoning_content"], "flat_content": True},
    },
    "digitalocean": {"base_url": "https://inference.do-ai.run/v1", "path": None},
    "github-models": {"base_url": "https://models.github.ai/inference", "quirks": None},
    # These three take max_completion_tokens and call max_tokens deprecated (their API references).
    "cerebras": {"quirks": {"rename": None}},
    "groq": {
        # API reference, "OpenAI compatibility": refused with 400.
        "quirks": {
            "rename": None,
            "refuses": [
                "logprobs", "top_logprobs", "logit_bias", "messages[].reasoning_content", "prompt_cache_key", "store",
            ],
        },
    },
    "xai": {"quirks": {"rename": None}},
    "hyperbolic": {"quirks": {"rename": [["max_completion_tokens", "max_tokens"]]}},
    "jina": {"note": "Embeddings and reranking only."},
    "voyage": {"note": "Embeddings and reranking only."},
    "moonshot": {"quirks": {"clamp": [["temperature", 0, 1]]}},
    "moonshot-cn": {
        "base_url": "https://api.moonshot.cn/v1", "models": "moonshot", "sources": [f"{LITELLM}"],
        "quirks": {"rename": [["max_completion_tokens", "max_tokens"]], "clamp": [["temperature", 0, 1]]},
    },
    "nadir": {"quirks": {"rename": [["max_completion_tokens", "max_tokens"]]}},
    "nebius": {"base_url": "https://api.tokenfactory.nebius.com/v1"},
    "novita": {"base_url": "https://api.novita.ai/openai/v1"},
    "nscale": {"quirks": {"rename": [["max_completion_tokens", "max_tokens"]]}},
    # Guides "Parameters" and "Prompt caching".
    "openrouter": {"quirks": {"takes": ["cache_control", "top_k"]}},
    "parasail": {"quirks": {"fixed": [["store", False]], "refuses": ["prompt_cache_key", "service_tier"]}},
    "perplexity": {
        "quirks": {
            "refuses": [
                "tools", "tool_choice", "stop", "logit_bias", "logprobs", "top_logprobs", "n", "seed",
                "parallel_tool_calls", "service_tier",
            ],
            "values": [["reasoning_effort", "minimal", "low"]],
        }
    },
    "predibase": {"path": "/{account}/deployments/v2/llms/{model}/v1/chat/completions", "key_env": "PREDIBASE_API_TOKEN"},
    "publicai": {"quirks": {"flat_content": True}},
    "sarvam": {"auth_header": None, "auth_prefix": None},
    "scx-ai": {"quirks": {"clamp": [["temperature", 0, 1.99]]}},
    "siliconflow": {
        "base_url": "https://api.siliconflow.com/v1", "sources": [MODELS_DEV],
    },
    "snowflake": {
        "base_url": "https://{account}.snowflakecomputing.com/api/v2/cortex/v1", "path": "/chat/completions",
        "note": "A programmatic access token, or a JWT.",
    },
    "stepfun-intl": {"base_url": "https://api.stepfun.ai/v1", "models": "stepfun", "sources": [MODELS_DEV]},
    "tencent": {"quirks": None},
    "venice": {"key_env": "VENICE_API_KEY"},
    # Hosts that only models.dev knows.
    **{
        name: {"base_url": url, "key_env": env, "sources": [MODELS_DEV], "models": ""}
        for name, url, env in (
            ("arcee", "https://api.arcee.ai/api/v1", "ARCEE_API_KEY"),
            ("berget", "https://api.berget.ai/v1", "BERGET_API_KEY"),
            ("fastrouter", "https://go.fastrouter.ai/api/v1", "FASTROUTER_API_KEY"),
            ("hetzner", "https://inference.hetzner.com/api/v1", "HETZNER_API_KEY"),
            ("iflow", "https://apis.iflow.cn/v1", "IFLOW_API_KEY"),
            ("llmgateway", "https://api.llmgateway.io/v1", "LLMGATEWAY_API_KEY"),
            ("nearai", "https://cloud-api.near.ai/v1", "NEARAI_API_KEY"),
            ("ollama-cloud", "https://ollama.com/v1", "OLLAMA_API_KEY"),
            ("opencode", "https://opencode.ai/zen/v1", "OPENCODE_API_KEY"),
            ("poolside", "https://inference.poolside.ai/v1", "POOLSIDE_API_KEY"),
            ("qiniu", "https://api.qnaigc.com/v1", "QINIU_API_KEY"),
            ("regolo", "https://api.regolo.ai/v1", "REGOLO_API_KEY"),
            ("requesty", "https://router.requesty.ai/v1", "REQUESTY_API_KEY"),
            ("stackit", "https://api.openai-compat.model-serving.eu01.onstackit.cloud/v1", "STACKIT_API_KEY"),
            ("tinfoil", "https://inference.tinfoil.sh/v1", "TINFOIL_API_KEY"),
            ("vultr", "https://api.vultrinference.com/v1", "VULTR_API_KEY"),
            ("zenmux", "https://zenmux.ai/api/v1", "ZENMUX_API_KEY"),
        )
    },
}

# Endpoints for embeddings that are not `/embeddings`, and for rerank: the vendors' API references, and for hosts in
# OpenAI's format the facts' list of endpoints. Voyage's own rerank is another format.
EMBEDDINGS = {
    "gemini": "/v1beta/models/{model}:batchEmbedContents", "vertex": "/models/{model}:predict",
    "bedrock": "/model/{model}/invoke", "cohere": "/v2/embed", "mistral": "/embeddings",
    "openai-responses": "/embeddings", "azure-responses": "/embeddings", "codestral": None,
    "azure": "/deployments/{model}/embeddings?api-version={api_version}",
    "azure-ai": "/models/embeddings?api-version={api_version}",
    "predibase": None, "perplexity": "/v1/embeddings",
}
RERANK = {
    "bedrock": "/model/{model}/invoke", "cohere": "/v2/rerank",
    **dict.fromkeys(("fireworks", "jina", "novita", "openai-compatible", "together", "vllm"), "/rerank"),
}
# Counts of a prompt's tokens: the vendors' API references; those of Azure: "Claude in Microsoft Foundry".
COUNT = {
    "openai": "/responses/input_tokens", "openai-responses": "/responses/input_tokens",
    "anthropic": "/v1/messages/count_tokens", "azure-anthropic": "/v1/messages/count_tokens",
    "gemini": "/v1beta/models/{model}:countTokens", "vertex": "/models/{model}:countTokens",
    "vertex-anthropic": "/models/count-tokens:rawPredict",
    "bedrock": "/model/{model}/count-tokens", "bedrock-anthropic": "/model/{model}/count-tokens",
}

# Usual variables that neither the facts nor the second source tell; LiteLLM's or the vendor's.
ENV = {
    "ai21": "AI21_API_KEY", "aiml": "AIML_API_KEY", "cometapi": "COMETAPI_KEY", "compactifai": "COMPACTIFAI_API_KEY",
    "empower": "EMPOWER_API_KEY", "featherless": "FEATHERLESS_AI_API_KEY", "galadriel": "GALADRIEL_API_KEY",
    "heroku": "HEROKU_API_KEY", "hyperbolic": "HYPERBOLIC_API_KEY", "jina": "JINA_API_KEY", "lambda": "LAMBDA_API_KEY",
    "maritalk": "MARITALK_API_KEY", "novita": "NOVITA_API_KEY", "nscale": "NSCALE_API_KEY",
    "together": "TOGETHER_API_KEY", "vercel": "AI_GATEWAY_API_KEY", "volcengine": "ARK_API_KEY",
    "voyage": "VOYAGE_API_KEY", "bedrock-openai": "AWS_BEARER_TOKEN_BEDROCK", "gemini-openai": "GEMINI_API_KEY",
    "azure-v1": "AZURE_API_KEY", "azure-responses": "AZURE_API_KEY", "zai": "ZAI_API_KEY",
    "deepseek-anthropic": "DEEPSEEK_API_KEY", "snowflake-anthropic": "SNOWFLAKE_CORTEX_PAT",
}

# In the order of the documentation, before all others by name.
FIRST = (
    "openai", "anthropic", "gemini", "vertex", "vertex-anthropic", "bedrock", "bedrock-anthropic", "cohere", "mistral",
    "openai-responses", "azure", "azure-v1", "openai-compatible", "ollama",
)

# A member with this value is not written.
DEFAULT = {
    "format": "openai", "path": "/chat/completions", "auth_header": "authorization", "auth_prefix": "Bearer ",
    "embeddings_path": "/embeddings", "needs_key": True, "headers": [], "quirks": {}, "checked": False,
}
ORDER = (
    "name", "format", "base_url", "path", "stream_path", "embeddings_path", "rerank_path", "count_path", "auth_header", "auth_prefix",
    "headers", "key_env", "needs_key",
    "models", "quirks", "note", "checked", "sources",
)


def quirks(facts):
    """Only what is safe to hold against every model of a host: other names, and hints that it is known to pass over.

    The facts' `unsupported` is of one probed model and one client, and is not used: what it lists would be refused.
    """
    out = {}
    rename = [[ours, theirs] for ours, theirs in facts.get("renames", {}).items() if isinstance(theirs, str)]
    if facts["format"] == "openai" and rename:
        out["rename"] = [pair for pair in rename if pair[1] != "extra_body"]
    texts = " ".join(facts.get("quirks", []))
    names = ["prompt_cache_key", "store", "service_tier"]
    drops = [name for name in names if "drops" in texts and name in texts.split("drops", 1)[1].split(";")[0]]
    return out | ({"refuses": drops} if drops else {})


def of_facts(facts):
    scheme = facts["auth"]["scheme"]
    row = {
        "format": facts["format"],
        "base_url": facts["base_url"].replace("http://localhost", "http://127.0.0.1"),
        "path": facts.get("chat_path", "/chat/completions"),
        "auth_header": facts["auth"]["header"] or None,
        "auth_prefix": f"{scheme} " if scheme == "Bearer" else None if scheme == "none" else "",
        "headers": [list(pair) for pair in facts.get("required_headers", {}).items()],
        "key_env": facts.get("api_key_env"),
        "quirks": quirks(facts),
        "sources": facts["sources"],
    }
    if "stream_path" in facts:
        row["stream_path"] = facts["stream_path"]
    return row


def second():
    """(name, base URL, header of the credential, its usual variable or nothing, source) of each line."""
    out = {}
    for line in (HERE / "providers_second.tsv").read_text(encoding="utf-8").splitlines():
        name, url, header, env, source = line.split("\t")
        out.setdefault(name, []).append((url, header, env, source))
    return out


def main(path):
    facts = {row["name"]: row for row in json.load(open(path, encoding="utf-8"))["providers"]}
    rows = {}
    for name, row in facts.items():
        if name not in UNSUPPORTED and name not in SAME:
            rows[NAMES.get(name, name.replace("_", "-"))] = of_facts(row)
    for name, own in ROWS.items():
        row = rows.setdefault(name, {})
        for member, value in own.items():
            # Other names of members stay what the facts say; a row's own quirks come on top.
            if member == "quirks" and value:
                merged = row.get("quirks", {}) | value
                value = {quirk: what for quirk, what in merged.items() if what is not None}
            row[member] = value
    seconds = second()
    for name, row in rows.items():
        row["name"] = name
        base, header = row.get("base_url"), row.get("auth_header") or DEFAULT["auth_header"]
        others = [line for line in seconds.get(name, []) if line[3] not in row["sources"]]
        same = [line for line in others if (line[0], line[1]) == (base, header)]
        row["checked"] = bool(same)
        row["sources"] = row["sources"] + [line[3] for line in same]
        row["key_env"] = ENV.get(name) or next((line[2] for line in same if line[2]), None) or row.get("key_env")
        if row.get("format", "openai") != "openai":
            # Quirks are of OpenAI's format; the others have writers of their own.
            row.pop("quirks", None)
        if row.get("needs_key") is False and not name.startswith("bedrock"):
            row["key_env"] = None
        if (row["key_env"] or "")[:1].isdigit():
            # No shell takes a variable of that name.
            row["key_env"] = None
    lines = []
    for name in [*FIRST, *sorted(set(rows) - set(FIRST))]:
        usual = "/embeddings" if rows[name].get("format", "openai") == "openai" else None
        rows[name] |= {"embeddings_path": EMBEDDINGS.get(name, usual), "rerank_path": RERANK.get(name)}
        rows[name]["count_path"] = COUNT.get(name)
        # That there are no embeddings must be said: the default is that there are.
        told = [member for member in ORDER if rows[name].get(member) is not None or member == "embeddings_path"]
        row = {member: rows[name][member] for member in told}
        row = {member: value for member, value in row.items() if value != DEFAULT.get(member)}
        lines.append(json.dumps(row, ensure_ascii=False))
    left_out = [json.dumps({"name": name.replace("_", "-"), "why": why}) for name, why in sorted(UNSUPPORTED.items())]
    with open(OUT, "w", encoding="utf-8") as file:
        file.write('{\n"providers": [\n' + ",\n".join(lines) + '\n],\n"unsupported": [\n' + ",\n".join(left_out) + "\n]\n}\n")
    print(len(lines), "providers,", sum(row["checked"] for row in rows.values()), "checked")
    for name, found in seconds.items():
        if name not in rows or not rows[name]["checked"]:
            print("not the same:", name, (rows.get(name) or {}).get("base_url"), [line[:2] for line in found])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
