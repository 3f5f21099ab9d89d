use super::*;
use crate::provider::model::{Thinking, ThinkingOff};

#[test]
fn the_file_is_read_and_names_its_source() {
    assert!(source().contains("LiteLLM"), "{}", source());
    for table in catalogue().unwrap().models.values() {
        serde_json::from_str::<BTreeMap<&str, Model>>(table.text.get()).unwrap();
    }
    let all: usize = tables().map(|table| models(table).count()).sum();
    assert!(all >= 3000, "{all}");
    assert!(models("openai").count() > 80);
    assert!(models("anthropic").count() > 20);
    assert_eq!(models("nobody").count(), 0);
}

#[test]
fn numbers_are_per_million_tokens() {
    let facts = facts("anthropic", "claude-sonnet-4-5").unwrap();
    assert_eq!(facts.input_price, Some(3.0));
    assert_eq!(facts.output_price, Some(15.0));
    assert_eq!(facts.cache_read_price, Some(0.3));
    assert_eq!(facts.cache_write_price, Some(3.75));
    assert_eq!(facts.context, Some(200_000));
    assert_eq!(facts.max_output, Some(64_000));
    for kind in tables() {
        for (name, model) in models(kind) {
            let facts = &model.facts;
            let prices =
                [facts.input_price, facts.output_price, facts.cache_read_price, facts.cache_write_price];
            for price in prices.into_iter().flatten() {
                assert!((0.0..=1000.0).contains(&price), "{kind} {name}: {price}");
            }
            // What is not priced is not free; only what runs on one's own machine is.
            let free = facts.input_price == Some(0.0) && facts.output_price == Some(0.0);
            assert!(!free || ["ollama", "lemonade"].contains(&kind), "{kind} {name}");
            for tokens in [facts.context, facts.max_output].into_iter().flatten() {
                assert!((1..=100_000_000).contains(&tokens), "{kind} {name}: {tokens}");
            }
            let modes = ["chat", "responses", "completion", "embedding", "rerank"];
            assert!(modes.contains(&model.mode()), "{kind} {name}: {}", model.mode());
        }
    }
    assert_eq!(models("ollama").next().and_then(|(_, model)| model.facts.input_price), Some(0.0));
    assert!(models("bedrock").any(|(_, model)| model.facts.input_price.is_some()));
}

#[test]
fn capabilities_of_the_generations() {
    let of = |model: &str| facts("anthropic", model).unwrap();
    assert_eq!(of("claude-haiku-4-5").thinking, Thinking::Budget);
    assert!(!of("claude-haiku-4-5").no_sampling);
    assert!(!of("claude-haiku-4-5").system_anywhere);
    assert_eq!(of("claude-opus-4-6").thinking, Thinking::Adaptive);
    assert!(!of("claude-opus-4-6").no_sampling && !of("claude-opus-4-6").xhigh_effort);
    assert!(of("claude-opus-4-7").no_sampling && of("claude-opus-4-7").xhigh_effort);
    assert!(!of("claude-opus-4-7").system_anywhere && of("claude-opus-4-8").system_anywhere);
    assert!(of("claude-opus-5-5").no_forced_tool && !of("claude-opus-5").no_forced_tool);
    assert_eq!(of("claude-opus-5-5").thinking_off, ThinkingOff::Never);
    assert_eq!(of("claude-sonnet-5-5").thinking_off, ThinkingOff::BetweenTools);
    let all = |(_, model): (&str, &Model)| model.facts.json_schema && model.facts.thinking != Thinking::None;
    assert!(models("anthropic").all(all));
}

#[test]
fn capabilities_of_gemini() {
    let of = |model: &str| facts("gemini", model).unwrap();
    assert_eq!(
        (of("gemini-2.5-pro").thinking, of("gemini-2.5-pro").thinking_off),
        (Thinking::Budget, ThinkingOff::Never)
    );
    assert_eq!(of("gemini-2.5-pro").thinking_budget, Some((128, 32_768)));
    assert_eq!(of("gemini-2.5-flash").thinking_off, ThinkingOff::Disabled);
    assert_eq!(of("gemini-2.5-flash").input_price, Some(0.3));
    assert!(of("gemini-3.5-flash").minimal_effort && !of("gemini-3.1-pro-preview").minimal_effort);
    // The names that move on are of the newest models.
    for name in ["gemini-3.1-pro-preview", "gemini-pro-latest", "gemini-flash-latest", "gemini-4-argon"] {
        assert_eq!(of(name).thinking, Thinking::Level, "{name}");
    }
    assert_eq!(of("gemma-3-27b-it").thinking, Thinking::None);
    assert!(models("gemini").count() > 20 && models("gemini").all(|(name, _)| !name.contains('/')));
}

#[test]
fn capabilities_are_the_models_own_wherever_they_are_served() {
    let claude = |name: &str| facts("anthropic", name).unwrap();
    for (table, name, like) in [
        ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("bedrock", "us.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
        ("bedrock", "global.anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("vertex-anthropic", "claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("vertex-anthropic", "claude-sonnet-5-5@default", "claude-sonnet-5-5"),
        ("azure-ai", "claude-opus-4-7", "claude-opus-4-7"),
    ] {
        let (found, like) = (facts(table, name).unwrap(), claude(like));
        assert_eq!(found.thinking, like.thinking, "{name}");
        assert_eq!(found.thinking_off, like.thinking_off, "{name}");
        assert_eq!(
            (found.no_sampling, found.xhigh_effort, found.no_forced_tool, found.system_anywhere),
            (like.no_sampling, like.xhigh_effort, like.no_forced_tool, like.system_anywhere),
            "{name}"
        );
        assert_eq!(found.json_schema, like.json_schema, "{name}");
    }
    for (table, name) in [("snowflake", "claude-sonnet-4-5"), ("vercel", "anthropic/claude-opus-4.5")] {
        assert_eq!(facts(table, name).unwrap().thinking, Thinking::Budget, "{name}");
    }
    let of = |name: &str| facts("bedrock", name).unwrap();
    assert_eq!(of("anthropic.claude-3-5-sonnet-20241022-v2:0").thinking, Thinking::None);
    assert_eq!(of("anthropic.claude-3-7-sonnet-20250219-v1:0").thinking, Thinking::Budget);
    assert!(!of("anthropic.claude-opus-4-1-20250805-v1:0").json_schema, "Bedrock has it from 4.5 on");
    // Others that serve Claude speak other formats, in which none of this is said.
    assert_eq!(facts("databricks", "databricks-claude-fable-5").unwrap().thinking, Thinking::None);
    let vertex = facts("vertex", "gemini-2.5-pro").unwrap();
    assert_eq!((vertex.thinking, vertex.thinking_budget), (Thinking::Budget, Some((128, 32_768))));
    assert_eq!(facts("vertex", "gemini-3.1-pro-preview").unwrap().thinking, Thinking::Level);
}

#[test]
fn regions_and_versions_are_looked_through() {
    let plain = facts("bedrock", "anthropic.claude-opus-4-5-20251101-v1:0").unwrap();
    for name in [
        "anthropic.claude-opus-4-5",
        "mx.anthropic.claude-opus-4-5-20251101-v1:0",
        "anthropic.claude-opus-4-5-20251101-v2:0",
        "anthropic.claude-opus-4-5-20270101-v1:0",
    ] {
        assert_eq!(facts("bedrock", name).map(|facts| facts.thinking), Some(plain.thinking), "{name}");
    }
    assert_eq!(facts("vertex-anthropic", "claude-opus-4-5@20270101").unwrap().context, Some(200_000));
    for name in ["xx.anthropic.claude-opus-4-5", "us.", "us.anthropic.", "-v1", ""] {
        assert_eq!(facts("bedrock", name), None, "{name}");
    }
}

#[test]
fn dates_and_latest_are_looked_through() {
    for name in ["claude-opus-5-5-20261101", "claude-opus-5-5-latest"] {
        assert_eq!(facts("anthropic", name), facts("anthropic", "claude-opus-5-5"), "{name}");
        assert!(facts("anthropic", name).is_some());
    }
    assert_eq!(facts("openai", "gpt-4.1-2031-01-02"), facts("openai", "gpt-4.1"));
    assert!(facts("openai", "gpt-4.1-2031-01-02").is_some());
    for name in ["claude-opus-5-5-1", "claude", "", "gpt-4.1-31-01-02"] {
        assert_eq!(facts("anthropic", name).or(facts("openai", name)), None, "{name}");
    }
}
