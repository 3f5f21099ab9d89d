#!/usr/bin/env python3
"""Rewrites src/provider/catalogue/models.json.

    tools/catalogue.py PATH

PATH is LiteLLM's price table cut down to {"source": ..., "models": {name: row}} (rows as in its
model_prices_and_context_window.json, MIT). Prices there are USD for one token; here for a million.

What the table does not tell of Anthropic's models is below, from Anthropic's own pages: "Effort", "Adaptive
thinking", the migration guides of each model, and the types of its SDK. What it does not tell of Gemini's is from the
guide "Thinking". Both hold wherever these models are served.
"""

import json
import pathlib
import re
import sys

from providers import NAMES

OUT = pathlib.Path(__file__).parent.parent / "src/provider/catalogue/models.json"
PROVIDERS = pathlib.Path(__file__).parent.parent / "src/provider/catalogue/providers.json"

# LiteLLM's names of providers that are another table here; all others as tools/providers.py maps them.
TABLES = {
    "bedrock_converse": "bedrock", "cohere_chat": "cohere", "text-completion-openai": "openai", "azure_text": "azure",
    "fireworks_ai-embedding-models": "fireworks", "vertex_ai-anthropic_models": "vertex-anthropic",
    "vertex_ai": "vertex", "vertex_ai-language-models": "vertex", "vertex_ai-embedding-models": "vertex",
    "vertex_ai-llama_models": "vertex-openai", "vertex_ai-deepseek_models": "vertex-openai",
    "vertex_ai-qwen_models": "vertex-openai", "vertex_ai-openai_models": "vertex-openai",
    "vertex_ai-moonshot_models": "vertex-openai", "vertex_ai-minimax_models": "vertex-openai",
    "vertex_ai-zai_models": "vertex-openai", "text-completion-inception": "inception",
}
# Sizes and counts by which these two price what they do not list: no model has such a name.
BUCKET = re.compile(r"^(together-ai-[\d.]+b|together-ai-(up|embedding)|fireworks-ai-)")
# Tables whose names with a slash are regions, containers and terms, not models.
NO_SLASH = {"openai", "anthropic", "gemini", "vertex", "vertex-anthropic", "bedrock", "azure", "cohere", "mistral"}

# USD for a million tokens. What is dearer in the source is a price of a thousand tokens in the wrong column.
HIGHEST_PRICE = 1000

# On one's own machine.
LOCAL = {"ollama", "lemonade"}

# In the SDK's list of models, and not in the price table: capabilities only, no price.
UNPRICED = ("claude-fable-5-2", "claude-mythos-5-2")

# Think within a budget; all later ones by effort. Those before them do not think.
BUDGET = ("3-7-sonnet", "sonnet-4", "opus-4", "opus-4-1", "opus-4-5", "sonnet-4-5", "haiku-4-5")
# Before the first that thinks.
PLAIN = re.compile(r"^(v\d|\d|instant|(opus|sonnet|haiku)-3)(?!-7)")
# Take no JSON Schema for their answer (guide "Structured outputs": Opus 4.1 and the 4.5 models are the first).
NO_SCHEMA = ("3-7-sonnet", "sonnet-4", "opus-4")
# The same on Bedrock, which has it from 4.5 on (user guide, "Get validated JSON results from models"); of the other models
# there, these are known to take one.
NO_SCHEMA_BEDROCK = NO_SCHEMA + ("opus-4-1",)
SCHEMA_BEDROCK = re.compile(r"(^|\.)(openai\.gpt-oss|moonshot(ai)?\.kimi)")
# Take temperature, top_p, top_k; all later ones refuse them.
SAMPLING = BUDGET + ("opus-4-6", "sonnet-4-6")
# Know no effort `xhigh`.
NO_XHIGH = SAMPLING + ("mythos-preview",)
# Take no system message behind the first user message.
SYSTEM_FIRST = NO_XHIGH + ("opus-4-7",)
# Refuse tool_choice `any` and `tool`.
NO_FORCED_TOOL = ("opus-5-5", "sonnet-5-5", "fable-5-1", "mythos-5-1", "fable-5-2", "mythos-5-2")
# Refuse thinking `disabled`.
ALWAYS_THINKS = re.compile(r"(fable|mythos)-|opus-5-5$")
BETWEEN_TOOLS = ("sonnet-5-5",)

# What a listing says of a model, in its order.
CAPABILITIES = {
    "tools": "supports_function_calling",
    "vision": "supports_vision",
    "reasoning": "supports_reasoning",
    "json_schema": "supports_response_schema",
    "caching": "supports_prompt_caching",
}


# Whose models are OpenAI's own, in its own formats.
OPENAI = ("openai", "openai-responses", "azure", "azure-v1", "azure-responses")


def price(row, key):
    return None if row.get(key) is None else round(row[key] * 1e6, 6)


def row_facts(row, local=False):
    facts = {
        "max_output": row.get("max_output_tokens") or None,
        "context": row.get("max_input_tokens") or None,
        "json_schema": bool(row.get("supports_response_schema")) and row.get("mode") == "chat",
        "input_price": price(row, "input_cost_per_token"),
        "output_price": price(row, "output_cost_per_token"),
        "cache_read_price": price(row, "cache_read_input_token_cost"),
        "cache_write_price": price(row, "cache_creation_input_token_cost"),
    }
    free = not local and not facts["input_price"] and not facts["output_price"]
    if free or max(facts["input_price"] or 0, facts["output_price"] or 0) > HIGHEST_PRICE:
        # What is sold for nothing at all is not priced in the source; only what runs on one's own machine is free.
        facts = {key: value for key, value in facts.items() if not key.endswith("_price")}
    return {key: value for key, value in facts.items() if value is not None and value is not False}


def claude_line(name):
    """`opus-4-5` of `claude-opus-4-5-20251101`, `us.anthropic.claude-opus-4-5-20251101-v1:0`, `claude-opus-4-5@20251101`;
    nothing for other models."""
    found = re.match(
        r"^(?:[a-z-]+\.)?(?:anthropic[./])?claude-([a-z0-9.-]+?)(?:-v\d+(?::\d+)?(?::\d+k)?)?"
        r"(?:[-@]\d{8}(?:-v\d+(?::\d+)?)?)?(?:@default)?$",
        name,
    )
    return found and re.sub(r"-(latest|fast)$", "", found[1]).replace(".", "-")


def anthropic_facts(line):
    if PLAIN.match(line):
        return {}
    facts = {"thinking": "budget" if line in BUDGET else "adaptive", "json_schema": line not in NO_SCHEMA}
    if ALWAYS_THINKS.search(line):
        facts["thinking_off"] = "never"
    elif line in BETWEEN_TOOLS:
        facts["thinking_off"] = "between_tools"
    facts["xhigh_effort"] = line not in NO_XHIGH
    facts["no_sampling"] = line not in SAMPLING
    facts["no_forced_tool"] = line in NO_FORCED_TOOL
    facts["system_anywhere"] = line not in SYSTEM_FIRST
    return {key: value for key, value in facts.items() if value is not False}


def gemini_facts(name, row):
    """Guide "Thinking": levels from 3 on, budgets for 2.5. The `-latest` names without a number are of 3 and later."""
    facts = {}
    number = re.match(r"gemini-(\d+)", name)
    if not row.get("supports_reasoning") or not (number or re.match(r"gemini-(pro|flash|flash-lite)-latest$", name)):
        return facts
    if not number or int(number[1]) >= 3:
        facts["thinking"] = "level"
        # Pro knows no level `minimal`.
        if "flash" in name:
            facts["minimal_effort"] = True
    elif name.startswith("gemini-2.5-pro"):
        facts |= {"thinking": "budget", "thinking_off": "never", "thinking_budget": [128, 32768]}
    elif name.startswith("gemini-2.5-flash"):
        facts |= {"thinking": "budget", "thinking_budget": [512 if "lite" in name else 1, 24576]}
    return facts


def openai_facts(name, row):
    """API reference, `reasoning_effort`: models before gpt-5.1 cannot be told not to reason; gpt-5 alone knows `minimal`,
    models from gpt-5.2 on `xhigh`. Names that are no such number are left to what the client says."""
    found = re.match(r"(?:[a-z-]+/)?(?:gpt-(\d+)(?:\.(\d+))?|o\d)(?:[^\d.]|$)", name)
    if not row.get("supports_reasoning") or not found:
        return {}
    number = (int(found[1]), int(found[2] or 0)) if found[1] else (0, 0)
    facts = {"thinking": "adaptive"}
    if number < (5, 1):
        # Those sample as they like (guide "Reasoning models", "Limitations").
        facts |= {"thinking_off": "never", "no_sampling": True}
    if number == (5, 0):
        facts["minimal_effort"] = True
    if number >= (5, 2) or "codex-max" in name:
        facts["xhigh_effort"] = True
    return facts


def own_facts(table, name, row):
    """What is known of the families besides the table's own columns."""
    line = claude_line(name)
    # Others serve Claude in other formats, which know nothing of this.
    if line and table in ("anthropic", "vertex-anthropic", "bedrock", "azure-ai", "snowflake", "vercel"):
        facts = row_facts(row) | {"json_schema": False} | anthropic_facts(line)
        # Whether these two pass a schema on is not known.
        if (table == "bedrock" and line in NO_SCHEMA_BEDROCK) or table in ("snowflake", "vercel"):
            facts["json_schema"] = False
        return facts
    facts = row_facts(row, table in LOCAL)
    if table == "bedrock":
        # LiteLLM's column means a schema by way of a tool here.
        facts["json_schema"] = bool(SCHEMA_BEDROCK.search(name))
    if table in ("gemini", "vertex") and row.get("mode") == "chat":
        facts |= gemini_facts(name, row)
    if table in OPENAI:
        facts |= openai_facts(name, row)
    return facts


def listing(row):
    out = {}
    if row.get("mode") != "chat":
        out["mode"] = row["mode"]
    can = [ability for ability, column in CAPABILITIES.items() if row.get(column)]
    if can:
        out["can"] = can
    if "deprecation_date" in row:
        out["retires"] = row["deprecation_date"]
    return out


def bare(table, litellm, name):
    """The provider's own name of the model; nothing where the row is none of a model."""
    route = name.split("/", 1)[0]
    routes = {litellm, litellm.replace("_", "-"), litellm.split("-")[0]}
    routes |= {"vertex_ai", "azure", "azure_ai", "bedrock", "cohere"}
    if "/" in name and route in routes:
        name = name.split("/", 1)[1]
    return None if BUCKET.match(name) or name == "container" or (table in NO_SLASH and "/" in name) else name


def main(path):
    data = json.load(open(path, encoding="utf-8"))
    known = {row.get("models", row["name"]) for row in json.load(open(PROVIDERS, encoding="utf-8"))["providers"]}
    out, left = {}, {}
    for full, row in data["models"].items():
        litellm = row["litellm_provider"]
        table = TABLES.get(litellm) or NAMES.get(litellm, litellm.replace("_", "-"))
        if litellm == "vertex_ai" and full.startswith("vertex_ai/xai/"):
            table = "vertex-openai"
        name = bare(table, litellm, full) if table in known else None
        if name is None:
            left[litellm] = left.get(litellm, 0) + 1
            continue
        facts = {key: value for key, value in own_facts(table, name, row).items() if value is not False}
        model = listing(row) | ({"facts": facts} if facts else {})
        # The same model by way of two routes: the one for chat, which is listed with its name alone, wins.
        if name not in out.setdefault(table, {}) or row["mode"] == "chat":
            out[table][name] = model
    for name in UNPRICED:
        out["anthropic"].setdefault(name, {"can": list(CAPABILITIES), "facts": anthropic_facts(claude_line(name))})
    source = "LiteLLM: " + data["source"] + "; capabilities of Anthropic's and Gemini's models: their own documentation"
    compact = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    with open(OUT, "w", encoding="utf-8") as file:
        file.write("{\n" + f'"source": {json.dumps(source)},\n"models": {{')
        tables = []
        for table in sorted(out):
            rows = ",\n".join(f"{json.dumps(name)}:{compact(out[table][name])}" for name in sorted(out[table]))
            tables.append(f"\n{json.dumps(table)}: {{\n{rows}\n}}")
        file.write(",".join(tables) + "\n}\n}\n")
    print(sum(map(len, out.values())), "models in", len(out), "tables; left out:", left)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
