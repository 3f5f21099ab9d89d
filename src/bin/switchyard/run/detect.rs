//! A configuration from what is there: keys in the environment, a local Ollama, or the mock.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use switchyard::config::file::kinds;

use super::http;

/// Where Ollama listens unless it is told otherwise.
const OLLAMA: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 11434);

/// The most models of an Ollama that are listed.
const OLLAMA_MODELS: usize = 50;

/// Types whose models have names of their own, and patterns of these.
const OTHERS: &[(&str, &[&str])] = &[
    ("gemini", &["gemini-*", "gemma-*"]),
    ("mistral", &["mistral-*", "ministral-*", "magistral-*", "codestral-*", "devstral-*"]),
    ("cohere", &["command-*", "c4ai-*"]),
    ("deepseek", &["deepseek-*"]),
    ("xai", &["grok-*"]),
    ("moonshot", &["kimi-*"]),
    ("perplexity", &["sonar*"]),
];

/// What is there.
#[derive(Debug, Default)]
pub(crate) struct Detected {
    /// `OPENAI_API_KEY` is set.
    pub(crate) openai: bool,
    /// `ANTHROPIC_API_KEY` is set.
    pub(crate) anthropic: bool,
    /// Those of [`OTHERS`] whose usual variable is set: the type, that variable, and its patterns.
    pub(crate) others: Vec<(&'static str, &'static str, &'static [&'static str])>,
    /// The models of a local Ollama.
    pub(crate) ollama: Vec<String>,
}

/// Looks.
pub(crate) async fn detect() -> Detected {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let other = |(name, patterns): &(&'static str, &'static [&'static str])| {
        let env = kinds::kind(name)?.key_env.filter(|env| set(env))?;
        Some((*name, env, *patterns))
    };
    Detected {
        openai: set("OPENAI_API_KEY"),
        anthropic: set("ANTHROPIC_API_KEY"),
        others: OTHERS.iter().filter_map(other).collect(),
        ollama: ollama().await,
    }
}

async fn ollama() -> Vec<String> {
    let Ok(answer) = http::ask(OLLAMA, "GET", "/api/tags", Duration::from_millis(300)).await else {
        return Vec::new();
    };
    let tags: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let models = tags.get("models").and_then(Value::as_array).into_iter().flatten();
    let names = models.filter_map(|model| model.get("name")?.as_str()).filter(|name| usable(name));
    names.take(OLLAMA_MODELS).map(str::to_owned).collect()
}

fn usable(name: &str) -> bool {
    (1..=200).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*')
}

impl Detected {
    /// Whether nothing is there.
    pub(crate) fn is_empty(&self) -> bool {
        !self.openai && !self.anthropic && self.others.is_empty() && self.ollama.is_empty()
    }

    /// A `gateway.yaml` of what is there. JSON is YAML.
    pub(crate) fn file(&self, listen: &str) -> String {
        let mut providers = Vec::new();
        let mut models = Vec::new();
        if self.openai {
            providers.push(json!({"name": "openai", "type": "openai", "api_key": {"env": "OPENAI_API_KEY"}}));
        }
        if self.anthropic {
            providers.push(
                json!({"name": "claude", "type": "anthropic", "api_key": {"env": "ANTHROPIC_API_KEY"}}),
            );
        }
        if self.openai {
            models.push(model("gpt-4.1", &self.targets("gpt-4.1", "claude-sonnet-4-5", true)));
            for pattern in ["gpt-*", "o1*", "o3*", "o4*", "chatgpt-*"] {
                models.push(model(pattern, &[json!({"provider": "openai"})]));
            }
        }
        if self.anthropic {
            models.push(model("claude-sonnet-4-5", &self.targets("gpt-4.1", "claude-sonnet-4-5", false)));
            models.push(model("claude-*", &[json!({"provider": "claude"})]));
        }
        for (name, env, patterns) in &self.others {
            providers.push(json!({"name": name, "type": name, "api_key": {"env": env}}));
            models.extend(patterns.iter().map(|pattern| model(pattern, &[json!({"provider": name})])));
        }
        if !self.ollama.is_empty() {
            providers.push(json!({"name": "ollama", "type": "ollama"}));
        }
        models.extend(self.ollama.iter().map(|name| model(name, &[json!({"provider": "ollama"})])));
        json!({"listen": listen, "providers": providers, "models": models}).to_string()
    }

    /// The two vendors' models in either order; only those that are there.
    fn targets(&self, gpt: &str, claude: &str, openai_first: bool) -> Vec<Value> {
        let openai = self.openai.then(|| json!({"provider": "openai", "model": gpt}));
        let anthropic = self.anthropic.then(|| json!({"provider": "claude", "model": claude}));
        let order = if openai_first { [openai, anthropic] } else { [anthropic, openai] };
        order.into_iter().flatten().collect()
    }
}

/// A `gateway.yaml` for the mock at this address.
pub(crate) fn mock_file(listen: &str, mock: SocketAddr) -> String {
    let openai = |name: &str| json!({"provider": "mock-openai", "model": name});
    let claude = || json!({"provider": "mock-anthropic", "model": "claude-sonnet-4-5"});
    json!({
        "listen": listen,
        "providers": [
            {"name": "mock-openai", "type": "openai", "base_url": format!("http://{mock}/v1"),
             "api_key": {"value": "mock-openai-key"}},
            {"name": "mock-anthropic", "type": "anthropic", "base_url": format!("http://{mock}"),
             "api_key": {"value": "mock-anthropic-key"}},
        ],
        "models": [
            model("gpt-4.1", &[openai("gpt-4.1"), claude()]),
            model("claude-sonnet-4-5", &[claude(), openai("gpt-4.1")]),
            // The mock's OpenAI side fails as the name says; its Anthropic side then answers.
            model("fail-*", &[json!({"provider": "mock-openai"}), claude()]),
        ],
    })
    .to_string()
}

fn model(name: &str, targets: &[Value]) -> Value {
    json!({"name": name, "targets": targets})
}
