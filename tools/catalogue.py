#!/usr/bin/env python3
"""Rewrites src/provider/catalogue/models.json.

    tools/catalogue.py PATH

PATH is LiteLLM's price table cut down to {"source": ..., "models": {name: row}} (rows as in its
model_prices_and_context_window.json, MIT). Prices there are USD for one token; here for a million.

What the table does not tell of Anthropic's models is below, from Anthropic's own pages: "Effort", "Adaptive
thinking", the migration guides of each model, and the types of its SDK. What it does not tell of Gemini's is from the
guide "Thinking".
"""

import json
import pathlib
import re
import sys

OUT = pathlib.Path(__file__).parent.parent / "src/provider/catalogue/models.json"

# In the SDK's list of models, and not in the price table: capabilities only, no price.
UNPRICED = ("claude-fable-5-2", "claude-mythos-5-2")

# Think within a budget; all later ones by effort.
BUDGET = ("opus-4-5", "sonnet-4-5", "haiku-4-5")
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


def price(row, key):
    return None if row.get(key) is None else round(row[key] * 1e6, 6)


def row_facts(row):
    facts = {
        "max_output": row.get("max_output_tokens"),
        "context": row.get("max_input_tokens"),
        "json_schema": bool(row.get("supports_response_schema")),
        "input_price": price(row, "input_cost_per_token"),
        "output_price": price(row, "output_cost_per_token"),
        "cache_read_price": price(row, "cache_read_input_token_cost"),
        "cache_write_price": price(row, "cache_creation_input_token_cost"),
    }
    return {key: value for key, value in facts.items() if value not in (None, False)}


def anthropic_facts(name):
    line = re.sub(r"-\d{8}$", "", name).removeprefix("claude-")
    facts = {"thinking": "budget" if line in BUDGET else "adaptive", "json_schema": True}
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


def main(path):
    table = json.load(open(path, encoding="utf-8"))
    out = {"openai": {}, "anthropic": {}, "gemini": {}}
    for name, row in table["models"].items():
        # Names with a slash are regions and containers, not models.
        if row.get("litellm_provider") in ("openai", "anthropic") and row.get("mode") == "chat" and "/" not in name:
            out[row["litellm_provider"]][name] = row_facts(row)
        # These are listed by their route.
        elif row.get("litellm_provider") == "gemini" and row.get("mode") == "chat" and name.startswith("gemini/"):
            name = name.removeprefix("gemini/")
            if "/" not in name:
                out["gemini"][name] = row_facts(row) | gemini_facts(name, row)
    for name in UNPRICED:
        out["anthropic"].setdefault(name, {})
    for name, facts in out["anthropic"].items():
        facts |= anthropic_facts(name)
    source = "LiteLLM: " + table["source"] + "; capabilities of Anthropic's and Gemini's models: their own documentation"
    with open(OUT, "w", encoding="utf-8") as file:
        file.write("{\n" + f'"source": {json.dumps(source)}')
        for kind, models in out.items():
            rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(models[name])}" for name in sorted(models))
            file.write(f',\n"{kind}": {{\n{rows}\n}}')
        file.write("\n}\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
