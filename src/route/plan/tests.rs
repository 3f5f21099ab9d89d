use super::*;
use crate::{
    config::plugin::{Elsewhere, Model, RoleName, Target, VERSION},
    dialect::{Ask, Head, chat::field::Field},
};

struct Config {
    plugin: Plugin,
    schema: ModelFacts,
    bare: ModelFacts,
}

impl Known for Config {
    fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    fn facts(&self, _provider: usize, model: &str) -> &ModelFacts {
        if model == "with-schema" { &self.schema } else { &self.bare }
    }

    fn lacks(&self, provider: usize) -> Fields {
        self.plugin.providers[provider].quirks.lacks()
    }
}

fn provider(name: &str, format: Format) -> Provider {
    Provider {
        name: name.into(),
        format,
        authority: "a".into(),
        scheme: "http".into(),
        path: "/".into(),
        stream_path: None,
        embeddings_path: None,
        rerank_path: None,
        count_path: None,
        auth_header: None,
        auth_prefix: String::new(),
        secret: None,
        headers: Vec::new(),
        quirks: Default::default(),
        facts: Vec::new(),
    }
}

/// A model `m` with these targets at the providers openai (0), claude (1) and poor (2), which is compatible with OpenAI
/// but for some fields.
fn config(targets: &[(usize, &str)]) -> (Config, Table) {
    let targets =
        targets.iter().map(|(provider, model)| Target { provider: *provider, model: Some((*model).into()) });
    let models = vec![Model {
        name: "m".into(),
        targets: targets.collect(),
        elsewhere: Elsewhere::default(),
        cards: vec![],
    }];
    let table = Table::new(&models);
    let mut poor = provider("poor", Format::Openai);
    poor.quirks.refuses = ["n", "seed", "tool_choice.required"].map(String::from).to_vec();
    let providers = vec![provider("openai", Format::Openai), provider("claude", Format::Anthropic), poor];
    let (request_bytes, reply_bytes, keys) = (1, 1, vec![]);
    let plugin = Plugin {
        attempts: 2,
        cooling_ms: 1,
        list_attempts: false,
        entry: Default::default(),
        files: None,
        version: VERSION,
        role: RoleName::Gateway,
        request_bytes,
        reply_bytes,
        buffered_bytes: u64::MAX,
        providers,
        models,
        keys,
    };
    let schema = ModelFacts { json_schema: true, ..ModelFacts::default() };
    (Config { plugin, schema, bare: ModelFacts::default() }, table)
}

fn fields(used: &[Field]) -> Fields {
    let mut fields = Fields::default();
    used.iter().for_each(|field| fields.insert(*field));
    fields
}

fn pool(targets: &[(usize, &str)], used: &[Field]) -> Result<String, ApiError> {
    let (config, table) = config(targets);
    Plan::new(&config, &table, "m", (Operation::Chat, fields(used).into())).map(|plan| plan.pool)
}

/// The pool of a request at a model with these targets, each a provider's format and its own name of the model.
fn other(targets: &[(Format, &str)], ask: Ask, body: &str) -> Result<String, ApiError> {
    let (mut config, _) = config(&[]);
    let names = ["a", "b", "c"];
    config.plugin.providers =
        targets.iter().zip(names).map(|((format, _), name)| provider(name, *format)).collect();
    for provider in &mut config.plugin.providers {
        provider.embeddings_path = Some("/e".into());
        provider.rerank_path = (provider.name != "a").then(|| "/r".into());
    }
    let targets = targets
        .iter()
        .enumerate()
        .map(|(provider, (_, model))| Target { provider, model: Some((*model).into()) });
    config.plugin.models = vec![Model {
        name: "m".into(),
        targets: targets.collect(),
        elsewhere: Elsewhere::default(),
        cards: vec![],
    }];
    let head = Head::scan(ask, body.as_bytes()).unwrap();
    Plan::new(&config, &Table::new(&config.plugin.models), "m", (head.operation(), head.used()))
        .map(|plan| plan.pool)
}

const EMBED: &str = r#"{"model":"m","input":"hi"}"#;
const RANK: &str = r#"{"model":"m","query":"q","documents":["d"]}"#;

#[test]
fn a_target_without_the_endpoint_is_not_in_the_plan() {
    let three = &[(Format::Openai, "x"), (Format::Anthropic, "x"), (Format::Cohere, "x")];
    assert_eq!(other(three, Ask::Embeddings, EMBED).unwrap(), "pool/a+c");
    assert_eq!(other(three, Ask::Rerank, RANK).unwrap(), "c");
    // Of one format, but not of one class: the first has no path for it.
    let two = &[(Format::Openai, "x"), (Format::Openai, "y")];
    assert_eq!(other(two, Ask::Embeddings, EMBED).unwrap(), "pool/a+b");
    assert_eq!(other(two, Ask::Rerank, RANK).unwrap(), "b");
    for (targets, ask, body) in [(&three[1..2], Ask::Embeddings, EMBED), (&three[..1], Ask::Rerank, RANK)] {
        let error = other(targets, ask, body).unwrap_err();
        assert_eq!((error.kind, error.param.as_deref()), (ErrorKind::InvalidRequest, Some("model")));
        assert_eq!(error.code.as_deref(), Some("unsupported_endpoint"));
        assert!(error.message.contains(ask.name()), "{}", error.message);
    }
}

#[test]
fn what_a_target_cannot_embed_is_named() {
    let tokens = r#"{"model":"m","input":[1,2]}"#;
    let both = &[(Format::Openai, "x"), (Format::Gemini, "x")];
    assert_eq!(other(both, Ask::Embeddings, tokens).unwrap(), "a");
    let error =
        other(&[(Format::Anthropic, "x"), (Format::Gemini, "x")], Ask::Embeddings, tokens).unwrap_err();
    assert_eq!(
        (error.param.as_deref(), error.code.as_deref()),
        (Some("input"), Some("unsupported_parameter"))
    );
    let two = r#"{"model":"m","input":["a","b"]}"#;
    let titan = &[(Format::Bedrock, "amazon.titan-embed-text-v2:0"), (Format::Cohere, "x")];
    assert_eq!(other(titan, Ask::Embeddings, two).unwrap(), "b");
    assert_eq!(other(titan, Ask::Embeddings, EMBED).unwrap(), "pool/a+b");
    let strange = &[(Format::Bedrock, "meta.llama"), (Format::Mistral, "x")];
    assert_eq!(other(strange, Ask::Embeddings, EMBED).unwrap(), "b");
    assert_eq!(other(&strange[..1], Ask::Embeddings, EMBED).unwrap_err().param.as_deref(), Some("model"));
}

#[test]
fn a_format_that_must_refuse_a_field_is_not_in_the_plan() {
    let both = &[(1, "bare"), (0, "gpt")];
    assert_eq!(pool(both, &[Field::Model]).unwrap(), "pool/claude+openai");
    assert_eq!(pool(both, &[Field::Logprobs]).unwrap(), "openai");
    let error = pool(&[(1, "bare")], &[Field::Logprobs]).unwrap_err();
    assert_eq!((error.kind, error.param.as_deref()), (ErrorKind::InvalidRequest, Some("logprobs")));
}

#[test]
fn what_only_some_models_take_is_known_before_a_pool_is_chosen() {
    assert_eq!(pool(&[(1, "bare"), (0, "gpt")], &[Field::JsonSchema]).unwrap(), "openai");
    assert_eq!(pool(&[(1, "with-schema"), (0, "gpt")], &[Field::JsonSchema]).unwrap(), "pool/claude+openai");
    let mixed = pool(&[(1, "bare"), (1, "with-schema")], &[Field::JsonSchema]);
    assert_eq!(mixed.unwrap(), "claude#2");
    // Of many targets, there is a pool for a set of their classes.
    let many =
        [(1, "bare"), (1, "with-schema"), (1, "bare"), (1, "bare"), (1, "bare"), (1, "bare"), (0, "gpt")];
    let chosen = pool(&many, &[Field::JsonSchema]).unwrap();
    assert_eq!(chosen, "pool/claude+claude#2+claude#3+claude#4+claude#5+claude#6+openai");
    assert!(pool(&[(1, "bare")], &[Field::JsonSchema]).is_err());
}

#[test]
fn a_provider_that_lacks_a_field_leaves_without_others_of_its_format() {
    let both = &[(2, "a"), (0, "gpt")];
    assert_eq!(pool(both, &[Field::Seed]).unwrap(), "pool/poor+openai");
    assert_eq!(pool(both, &[Field::N]).unwrap(), "openai");
    assert_eq!(pool(both, &[Field::ForcedTool]).unwrap(), "openai");
    assert_eq!(pool(&[(1, "bare"), (2, "a"), (0, "gpt")], &[Field::N]).unwrap(), "openai");
    let error = pool(&[(2, "a")], &[Field::N]).unwrap_err();
    assert_eq!((error.kind, error.param.as_deref()), (ErrorKind::InvalidRequest, Some("n")));
    assert!(error.message.contains("one answer a request"), "{}", error.message);
}

#[test]
fn every_plan_has_a_pool() {
    let (config, table) = config(&[(1, "bare"), (2, "a"), (0, "gpt"), (2, "b")]);
    let names: Vec<String> =
        crate::config::file::pools::pools(&config.plugin).into_iter().map(|pool| pool.name).collect();
    assert_eq!(names.len(), 15);
    for field in Field::ALL {
        let plan = Plan::new(&config, &table, "m", (Operation::Chat, fields(&[*field]).into())).unwrap();
        assert!(names.contains(&plan.pool), "{}: {}", field.name(), plan.pool);
    }
}

#[test]
fn an_attempt_finds_its_target_by_its_lane() {
    let (config, table) = config(&[(0, "one"), (1, "two"), (0, "three")]);
    let plan = Plan::new(&config, &table, "m", (Operation::Chat, Fields::default().into())).unwrap();
    let model = |lane| plan.step(&config.plugin, lane).map(|(place, step)| (place, step.model.as_str()));
    assert_eq!(model("openai"), Some((0, "one")));
    assert_eq!(model("openai#2"), Some((2, "three")));
    assert_eq!(model("claude"), Some((1, "two")));
    assert_eq!(model("claude#2"), None);
}

#[test]
fn a_model_that_is_not_configured_is_named() {
    let (config, table) = config(&[(0, "one")]);
    let error = Plan::new(&config, &table, "other", (Operation::Chat, Fields::default().into())).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.message.contains("`other`"), "{}", error.message);
}

/// A configuration in which a provider has nothing to show, and some models of some providers cool.
struct Odd {
    config: Config,
    without: Option<usize>,
    cooling: Vec<(usize, &'static str)>,
}

impl Known for Odd {
    fn plugin(&self) -> &Plugin {
        &self.config.plugin
    }

    fn facts(&self, provider: usize, model: &str) -> &ModelFacts {
        self.config.facts(provider, model)
    }

    fn lacks(&self, provider: usize) -> Fields {
        self.config.lacks(provider)
    }

    fn has_credential(&self, provider: usize) -> bool {
        self.without != Some(provider)
    }

    fn is_cooling(&self, provider: usize, model: &str) -> bool {
        self.cooling.contains(&(provider, model))
    }
}

#[test]
fn a_provider_without_a_credential_is_left_out_where_another_can_serve() {
    let (both, table) = config(&[(0, "a"), (1, "b")]);
    for (without, pool) in [(0, "claude"), (1, "openai"), (9, "pool/openai+claude")] {
        let plan = Plan::new(
            &Odd { config: config(&[(0, "a"), (1, "b")]).0, without: Some(without), cooling: vec![] },
            &table,
            "m",
            (Operation::Chat, Fields::default().into()),
        );
        assert_eq!(plan.unwrap().pool, pool);
    }
    assert_eq!(
        Plan::new(&both, &table, "m", (Operation::Chat, Fields::default().into())).unwrap().steps.len(),
        2
    );
    let (one, table) = config(&[(0, "a")]);
    let error = Plan::new(
        &Odd { config: one, without: Some(0), cooling: vec![] },
        &table,
        "m",
        (Operation::Chat, Fields::default().into()),
    )
    .unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::Overloaded, Some("no_credential")));
    assert_eq!(error.retry_after, Some(1000));
}

#[test]
fn a_target_that_cools_is_left_out_while_there_is_another() {
    let cooled = |cooling: &[(usize, &'static str)], used: &[Field]| {
        let (config, table) = config(&[(0, "a"), (1, "b"), (0, "c")]);
        let setup = Odd { config, without: None, cooling: cooling.to_vec() };
        Plan::new(&setup, &table, "m", (Operation::Chat, fields(used).into())).unwrap().pool
    };
    assert_eq!(cooled(&[], &[]), "pool/openai+claude+openai#2");
    // One model of a provider, not the provider.
    assert_eq!(cooled(&[(0, "a")], &[]), "pool/claude+openai#2");
    assert_eq!(cooled(&[(0, "a"), (1, "b")], &[]), "openai#2");
    assert_eq!(cooled(&[(0, "a"), (1, "b"), (0, "c")], &[]), "pool/openai+claude+openai#2");
    // What is left must serve the request: Anthropic has no log probabilities.
    assert_eq!(cooled(&[(0, "a"), (0, "c")], &[Field::Logprobs]), "pool/openai+openai#2");
    assert_eq!(cooled(&[(0, "a")], &[Field::Logprobs]), "openai#2");
}
