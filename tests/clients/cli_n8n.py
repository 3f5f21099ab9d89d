"""n8n's own files, as its command line imports them: a credential with the gateway's address, and a workflow with an agent."""

from __future__ import annotations

import uuid


def credential(url: str, key: str) -> list[dict]:
    """What is under "OpenAI account" in n8n: the key, and a base URL of one's own."""
    return [{"id": "gateway", "name": "Switchyard", "type": "openAiApi", "data": {"apiKey": key, "url": url}}]


def node(name: str, kind: str, version: float, parameters: dict, **more: object) -> dict:
    """A node of a workflow."""
    return {"id": str(uuid.uuid4()), "name": name, "type": kind, "typeVersion": version, "position": [0, 0], "parameters": parameters, **more}


def workflow(name: str, model: str, prompt: str, token: str, responses: bool) -> list[dict]:
    """A trigger, an AI Agent, and what hangs on it: the OpenAI Chat Model (by Responses or by Chat Completions), and a tool
    of a line of code that gives the token. Before its third version the agent has no Responses; since then tools that
    `n8n execute` runs give nothing back, whatever the provider."""
    langchain = "@n8n/n8n-nodes-langchain"
    chat = {"model": {"__rl": True, "mode": "id", "value": model}, "responsesApiEnabled": responses, "options": {}}
    agent = {"promptType": "define", "text": prompt, "options": {"systemMessage": "You are a careful clerk."}}
    code = {"description": "Looks up a word.", "language": "javaScript", "jsCode": f"return '{token} for ' + query;"}
    nodes = [
        node("Start", "n8n-nodes-base.manualTrigger", 1, {}),
        node("Agent", f"{langchain}.agent", 3 if responses else 2.2, agent),
        node("Model", f"{langchain}.lmChatOpenAi", 1.3, chat, credentials={"openAiApi": {"id": "gateway", "name": "Switchyard"}}),
        node("look_up", f"{langchain}.toolCode", 1.3, code),
    ]
    connections = {
        "Start": {"main": [[{"node": "Agent", "type": "main", "index": 0}]]},
        "Model": {"ai_languageModel": [[{"node": "Agent", "type": "ai_languageModel", "index": 0}]]},
        "look_up": {"ai_tool": [[{"node": "Agent", "type": "ai_tool", "index": 0}]]},
    }
    ids = {"id": name, "versionId": str(uuid.uuid4())}
    return [{**ids, "name": name, "active": False, "nodes": nodes, "connections": connections, "settings": {}}]
