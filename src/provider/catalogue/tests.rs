use super::*;
use crate::provider::model::{Thinking, ThinkingOff};

#[test]
fn the_file_is_read_and_names_its_source() {
    assert!(source().contains("LiteLLM"), "{}", source());
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
    for kind in ["openai", "anthropic"] {
        for (name, facts) in models(kind) {
            for price in [facts.input_price, facts.output_price].into_iter().flatten() {
                assert!((0.0..1000.0).contains(&price), "{name}: {price}");
            }
        }
    }
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
    assert!(models("anthropic").all(|(_, facts)| facts.json_schema && facts.thinking != Thinking::None));
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
