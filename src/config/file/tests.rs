use super::*;
use crate::{
    config::plugin::{RoleName, Secret},
    provider::Format,
    route::pool::Lane,
};

/// A machine with nothing on it but one variable and one file.
struct Bare;

impl Surroundings for Bare {
    fn has_env(&self, name: &str) -> bool {
        name == "SET"
    }

    fn has_file(&self, path: &str) -> bool {
        path == "/key"
    }
}

const GOOD: &str = "\
providers:
  - {name: openai, type: openai, api_key: {env: SET}}
  - {name: claude, type: anthropic, api_key: {file: /key}}
models:
  - name: gpt-4.1
    targets:
      - {provider: openai}
      - {provider: claude, model: claude-sonnet-4-5}
      - {provider: openai, model: gpt-4.1-mini}
";

fn told(text: &str) -> Vec<String> {
    read(text, &Bare).findings.iter().map(ToString::to_string).collect()
}

fn good(text: &str) -> Gateway {
    let reading = read(text, &Bare);
    reading.gateway.unwrap_or_else(|| panic!("{:?}", reading.findings))
}

/// Fails unless the text is refused, with a mistake that begins like this.
#[track_caller]
fn refused(text: &str, start: &str) {
    assert!(read(text, &Bare).is_wrong(), "taken:\n{text}");
    let told = told(text);
    assert!(told.iter().any(|line| line.starts_with(start)), "no {start:?} in {told:#?}");
}

/// The good file with one line of it replaced.
fn with(line: &str, by: &str) -> String {
    assert!(GOOD.contains(line), "{line}");
    GOOD.replacen(line, by, 1)
}

#[test]
fn a_good_file_is_taken_with_its_defaults() {
    let gateway = good(GOOD);
    assert_eq!(gateway.listen, "127.0.0.1:10000");
    assert_eq!((gateway.limits.request_bytes, gateway.timeouts.reply.millis()), (32 << 20, 300_000));
    assert_eq!(gateway.attempts(), 3);
    // The ca file is not on the bare machine; all else is well, but there are no keys.
    let kinds: Vec<String> = told(GOOD);
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    assert!(kinds.iter().any(|line| line.contains("note: the gateway is open")), "{kinds:?}");
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_line() {
    let text = "\
listen: nowhere
lisen: 1
providers:
  - name: Open AI
    type: opnai
    api_key: {evn: X}
  - {name: local, type: openai-compatible, base_url: 7}
  - type: openai
models:
  - name: m
    strategy: fastest
    targets: [{provider: locl}, {provider: local, modle: x}]
  - {name: m, targets: []}
timeouts: {connect: 5}
limits: {request_bytes: 1}
";
    let told = told(text);
    for line in [
        "1: listen: \"nowhere\" is no address and port",
        "2: lisen: unknown key; did you mean listen?",
        "4: providers[0].name: \"Open AI\" must be 1 to 64",
        "5: providers[0].type: \"opnai\" is no known type; did you mean openai? (`switchyard providers` lists them)",
        "6: providers[0].api_key.evn: unknown key; did you mean env?",
        "7: providers[1].base_url: must be text, and is a number; put it in quotes",
        "8: providers[2].name: is missing",
        "11: models[0].strategy: is not available yet",
        "12: models[0].targets[0].provider: no provider is called \"locl\"; did you mean local?",
        "12: models[0].targets[1].modle: unknown key; did you mean model?",
        "13: models[1].name: \"m\" is taken by models[0].name",
        "13: models[1].targets: needs at least 1",
        "14: timeouts.connect: must be text, and is a number",
        "15: limits.request_bytes: 1 is out of range: from 1024 to 268435456",
    ] {
        assert!(told.iter().any(|found| found.starts_with(line)), "no {line:?} in {told:#?}");
    }
    assert!(read(text, &Bare).is_wrong());
}

#[test]
fn one_cause_is_told_once() {
    // A list with a misspelt key is missing; that its targets name nobody follows from that.
    let told = told(&with("providers:", "provders:"));
    assert_eq!(told.iter().filter(|line| !line.contains("note:")).count(), 2, "{told:#?}");
}

#[test]
fn what_is_no_yaml_is_told_with_its_line() {
    refused("a: 1\nb: }\n", "2: this is not YAML");
    refused("", "1: the file is empty");
    refused("providers: []\n---\nx: 1\n", "3: a second document");
    refused("- a\n", "1: must be keys and values, and is a list");
    refused("a: 1\na: 2\n", "2: this is not YAML");
    refused("1: 2\n", "1: a key must be text");
}

#[test]
fn providers_are_checked() {
    let openai = "{name: openai, type: openai, api_key: {env: SET}}";
    for (by, start) in [
        ("{name: claude, type: openai}", "3: providers[1].name: \"claude\" is taken"),
        (
            "{name: openai, type: openai-compatible}",
            "2: providers[0].base_url: is missing: type openai-compatible",
        ),
        ("{name: openai, type: openai, base_url: 'ftp://x'}", "2: providers[0].base_url: "),
        ("{name: openai, type: openai, path: chat}", "2: providers[0].path: "),
        ("{name: openai, type: openai, path: '/a?b#c'}", "2: providers[0].path: "),
        ("{name: openai, type: openai, path: 'a?b'}", "2: providers[0].path: "),
        ("{name: openai, type: openai, stream_path: 'a?b'}", "2: providers[0].stream_path: "),
        ("{name: openai, type: openai, stream_path: '/a?b#c'}", "2: providers[0].stream_path: "),
        ("{name: openai, type: openai, stream_path: '/../a'}", "2: providers[0].stream_path: "),
        (
            "{name: openai, type: openai, format: coher}",
            "2: providers[0].format: \"coher\" is none of openai, anthropic, gemini, vertex, vertex-anthropic, bedrock, bedrock-anthropic, cohere, mistral, openai-responses; did you mean cohere?",
        ),
        (
            "{name: openai, type: openai, api_key: {env: SET, value: x}}",
            "2: providers[0].api_key: needs exactly one",
        ),
        ("{name: openai, type: openai, api_key: {}}", "2: providers[0].api_key: needs exactly one"),
        (
            "{name: openai, type: openai, api_key: {env: sk-1}}",
            "2: providers[0].api_key.env: must be the name",
        ),
        ("{name: openai, type: openai, api_key: {value: \"a\\nb\"}}", "2: providers[0].api_key.value: "),
        ("{name: openai, type: openai, api_key: {file: 'a:b'}}", "2: providers[0].api_key.file: "),
        ("{name: openai, type: openai, headers: {X-A: b}}", "2: providers[0].headers.X-A: "),
        ("{name: openai, type: openai, headers: {x-a: \"b\\r\\nc: d\"}}", "2: providers[0].headers.x-a: "),
        (
            "{name: openai, type: openai, headers: {authorization: b}}",
            "2: providers[0].headers.authorization: carries",
        ),
        (
            "{name: openai, type: openai, headers: {host: b}}",
            "2: providers[0].headers.host: host is written by",
        ),
        (
            "{name: openai, type: openai, headers: {x-switchyard-stream: b}}",
            "2: providers[0].headers.x-switchyard",
        ),
    ] {
        refused(&with(openai, by), start);
    }
}

#[test]
fn addresses_have_their_variables() {
    let openai = "{name: openai, type: openai, api_key: {env: SET}}";
    for (by, start) in [
        ("{name: openai, type: bedrock}", "2: providers[0].region: is missing: type bedrock needs it"),
        (
            "{name: openai, type: bedrock, region: evil.example/}",
            "2: providers[0].region: \"evil.example/\" must be lower-case letters, digits and -",
        ),
        ("{name: openai, type: bedrock, region: 7}", "2: providers[0].region: must be text"),
        (
            "{name: openai, type: vertex, project: p, api_key: {env: SET}}",
            "2: providers[0].location: is missing: type vertex needs it",
        ),
        (
            "{name: openai, type: azure, resource: r, api_key: {env: SET}}",
            "2: providers[0].api_version: is missing: type azure needs it",
        ),
        ("{name: openai, type: azure, resource: 'a.b', api_version: v1}", "2: providers[0].resource: "),
        ("{name: openai, type: azure, resource: a, api_version: 'v1&x=y'}", "2: providers[0].api_version: "),
        ("{name: openai, type: cloudflare, account: 'a/../b'}", "2: providers[0].account: "),
        ("{name: openai, type: vertex, project: 'a?b', location: eu}", "2: providers[0].project: "),
        (
            "{name: openai, type: openai, path: '/x/{account}'}",
            "2: providers[0].account: is missing: a path of this provider needs it",
        ),
        (
            "{name: openai, type: togther}",
            "2: providers[0].type: \"togther\" is no known type; did you mean together?",
        ),
    ] {
        refused(&with(openai, by), start);
    }
    let unused = with(openai, "{name: openai, type: openai, region: us-east-1, api_key: {env: SET}}");
    let line = "2: warning: providers[0].region: is not used: type openai has no place for it";
    assert!(told(&unused).contains(&line.to_owned()), "{:#?}", told(&unused));
    let keyless = with(openai, "{name: openai, type: groq}");
    let line = "2: warning: providers[0]: openai has no api_key: it will refuse every request; its usual key is {env: GROQ_API_KEY}";
    assert!(told(&keyless).contains(&line.to_owned()), "{:#?}", told(&keyless));
}

#[test]
fn variables_go_into_addresses_and_paths() {
    let openai = "{name: openai, type: openai, api_key: {env: SET}}";
    let row = |by: &str| {
        let plugin = compile::plugin(&good(&with(openai, by)), RoleName::Provider).unwrap();
        plugin.providers[0].clone()
    };
    let azure =
        row("{name: openai, type: azure, resource: Mine, api_version: 2024-10-21, api_key: {env: SET}}");
    assert_eq!(azure.authority, "mine.openai.azure.com");
    assert_eq!(azure.path, "/openai/deployments/{model}/chat/completions?api-version=2024-10-21");
    assert_eq!((azure.auth_header.as_deref(), azure.auth_prefix.as_str()), (Some("api-key"), ""));
    let v1 = row("{name: openai, type: azure-v1, resource: mine, api_key: {env: SET}}");
    assert_eq!(
        (v1.authority.as_str(), v1.path.as_str()),
        ("mine.openai.azure.com", "/openai/v1/chat/completions")
    );
    let vertex =
        "{name: openai, type: vertex-anthropic, project: p-1, location: global, api_key: {env: SET}}";
    let vertex = row(vertex);
    assert_eq!(vertex.authority, "aiplatform.googleapis.com");
    assert_eq!(
        vertex.path,
        "/v1/projects/p-1/locations/global/publishers/anthropic/models/{model}:rawPredict"
    );
    // Who names the address needs no variable for it, and those that are needed are those of the path.
    let own = "{name: openai, type: azure, base_url: 'http://127.0.0.1:1/{account}', account: a, api_version: v, api_key: {env: SET}}";
    let own = row(own);
    assert_eq!((own.scheme.as_str(), own.authority.as_str()), ("http", "127.0.0.1:1"));
    assert_eq!(own.path, "/a/deployments/{model}/chat/completions?api-version=v");
}

#[test]
fn quirks_of_a_row_can_be_overridden() {
    let openai = "{name: openai, type: openai, api_key: {env: SET}}";
    let moonshot = |quirks: &str| {
        with(openai, &format!("{{name: openai, type: moonshot, quirks: {quirks}, api_key: {{env: SET}}}}"))
    };
    let of =
        |text: &str| compile::plugin(&good(text), RoleName::Provider).unwrap().providers[0].quirks.clone();
    let row = of(&with(openai, "{name: openai, type: moonshot, api_key: {env: SET}}"));
    assert_eq!(row, kinds::kind("moonshot").unwrap().quirks);
    assert!(!row.rename.is_empty() && !row.clamp.is_empty());
    let own = of(&moonshot(
        "{rename: {}, clamp: {top_p: {min: 0, max: 0.5}}, refuses: [seed], fixed: {store: false, x: {y: [1]}}, \
         values: {tool_choice: {required: any}}, flat_content: true}",
    ));
    assert_eq!((own.rename.len(), own.refuses, own.flat_content), (0, vec!["seed".to_owned()], true));
    assert_eq!(own.clamp, [("top_p".to_owned(), 0.0, 0.5)]);
    assert_eq!(own.values, [("tool_choice".to_owned(), "required".to_owned(), "any".to_owned())]);
    assert_eq!(own.fixed[1], ("x".to_owned(), serde_json::json!({"y": [1]}).into()));
    for (quirks, start) in [
        ("{clamp: {top_p: {min: 1, max: 0}}}", "2: providers[0].quirks.clamp.top_p: min must not be larger"),
        ("{clamp: {top_p: {min: 1}}}", "2: providers[0].quirks.clamp.top_p.max: is missing"),
        ("{refuse: []}", "2: providers[0].quirks.refuse: unknown key; did you mean refuses?"),
        ("{fixed: {model: x}}", "2: providers[0].quirks.fixed.model: model is written by"),
        ("{rename: {a: ''}}", "2: providers[0].quirks: names of fields must not be empty"),
    ] {
        refused(&moonshot(quirks), start);
    }
    let gemini = "{name: openai, type: gemini, quirks: {flat_content: true}, api_key: {env: SET}}";
    let line = "2: warning: providers[0].quirks: has no effect: only requests in OpenAI's format have quirks";
    assert!(told(&with(openai, gemini)).contains(&line.to_owned()));
}

#[test]
fn models_and_keys_are_checked() {
    for (line, by, start) in [
        ("name: gpt-4.1\n", "name: \"a\\nb\"\n", "5: models[0].name: "),
        ("name: gpt-4.1\n", "name: \"\"\n", "5: models[0].name: "),
        ("gpt-4.1-mini", "'gpt-*'", "9: models[0].targets[2].model: is sent as it stands"),
        ("gpt-4.1-mini", "\"a\\u0001\"", "9: models[0].targets[2].model: "),
        (
            "{provider: openai, model: gpt-4.1-mini}",
            "{provider: openai}",
            "9: models[0].targets[2]: is the same as",
        ),
    ] {
        refused(&with(line, by), start);
    }
    let keys = |keys: &str| format!("{GOOD}keys: [{keys}]\n");
    let sum = "a".repeat(64);
    refused(&keys("{name: a, sha256: abc}"), "10: keys[0].sha256: must be the SHA-256");
    refused(
        &keys(&format!("{{name: a, sha256: {sum}}}, {{name: b, sha256: {sum}}}")),
        "10: keys[1].sha256: ",
    );
    refused(&keys(&format!("{{name: '', sha256: {sum}}}")), "10: keys[0].name: ");
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let text = format!("{GOOD}keys: [{{name: a, sha256: sk-sy-hunter2}}]\n").replace("SET", "sk-hunter2");
    let told = told(&text);
    assert!(read(&text, &Bare).is_wrong() && !told.iter().any(|line| line.contains("hunter2")), "{told:#?}");
}

#[test]
fn what_does_less_than_it_says_is_warned_of() {
    let sum = "a".repeat(64);
    let text = with("env: SET", "env: UNSET")
        + &format!(
            "keys: [{{name: a, sha256: {sum}, models: [gpt-4.0], limits: {{usd_per_month: 5}}}}]\nadmin: 0.0.0.0:9\n"
        );
    let told = told(&text);
    for line in [
        "2: warning: providers[0].api_key.env: UNSET is not set",
        "10: warning: keys[0].limits: limits of keys are not enforced yet",
        "10: warning: keys[0].models[0]: no model is called \"gpt-4.0\"; did you mean gpt-4.1?",
        "11: warning: admin: ",
    ] {
        assert!(told.iter().any(|found| found.starts_with(line)), "no {line:?} in {told:#?}");
    }
    assert!(!read(&text, &Bare).is_wrong());
    let open = format!("{GOOD}listen: 0.0.0.0:80\n");
    assert!(read(&open, &Bare).findings.iter().any(|found| found.to_string().contains("warning: listen")));
}

#[test]
fn the_filter_gets_what_it_needs() {
    let text =
        with("type: openai,", "type: openai, base_url: 'http://127.0.0.1:8081/v1/', headers: {x-team: a},");
    let plugin = compile::plugin(&good(&text), RoleName::Gateway).unwrap();
    let [openai, claude] = &plugin.providers[..] else { panic!("{plugin:?}") };
    assert_eq!((openai.scheme.as_str(), openai.authority.as_str()), ("http", "127.0.0.1:8081"));
    assert_eq!((openai.path.as_str(), openai.auth_prefix.as_str()), ("/v1/chat/completions", "Bearer "));
    assert_eq!(openai.secret, Some(Secret::Env("SET".into())));
    assert_eq!(openai.headers, [("x-team".to_owned(), "a".to_owned())]);
    assert_eq!((claude.format, claude.path.as_str()), (Format::Anthropic, "/v1/messages"));
    assert_eq!(claude.auth_header.as_deref(), Some("x-api-key"));
    assert_eq!(claude.secret, Some(Secret::Header("x-switchyard-key-claude".into())));
    assert_eq!(claude.headers, [("anthropic-version".to_owned(), "2023-06-01".to_owned())]);
    let known = |provider: &crate::config::plugin::Provider| {
        provider.facts.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(known(openai), ["gpt-4.1", "gpt-4.1-mini"]);
    assert_eq!(known(claude), ["claude-sonnet-4-5"]);
    assert_eq!(plugin.models[0].targets[1].provider, 1);
}

#[test]
fn a_model_in_the_path_is_one_that_a_path_can_hold() {
    let gemini = "{name: openai, type: gemini, api_key: {env: SET}}";
    let openai = "{name: openai, type: openai, api_key: {env: SET}}";
    let plugin = compile::plugin(&good(&with(openai, gemini)), RoleName::Gateway).unwrap();
    let row = &plugin.providers[0];
    assert_eq!((row.format, row.authority.as_str()), (Format::Gemini, "generativelanguage.googleapis.com"));
    assert_eq!((row.auth_header.as_deref(), row.auth_prefix.as_str()), (Some("x-goog-api-key"), ""));
    assert_eq!(row.path, "/v1beta/models/{model}:generateContent");
    let stream = "/v1beta/models/{model}:streamGenerateContent?alt=sse";
    assert_eq!(row.stream_path.as_deref(), Some(stream));
    // Who sets the path alone has the same one for streams.
    let own = "{name: openai, type: gemini, path: '/x/{model}', api_key: {env: SET}}";
    let plugin = compile::plugin(&good(&with(openai, own)), RoleName::Gateway).unwrap();
    assert_eq!(
        (plugin.providers[0].path.as_str(), plugin.providers[0].stream_path.as_deref()),
        ("/x/{model}", None)
    );

    for (target, place) in [
        ("{provider: openai, model: ../files}", "models[1].targets[0].model: The provider is told"),
        ("{provider: openai}", "models[1].targets[0]: The provider is told"),
    ] {
        let text = format!("{}  - name: a/b\n    targets: [{target}]\n", with(openai, gemini));
        let told = read(&text, &Bare).findings;
        assert!(told.iter().any(|found| found.to_string().contains(place)), "{told:#?}");
        assert!(!read(&text.replace("type: gemini", "type: openai"), &Bare).is_wrong());
    }
}

#[test]
fn a_pattern_brings_the_facts_of_all_it_can_mean() {
    let text = with(
        "{provider: openai}",
        "{provider: openai}\n  - name: \"gpt-4.1*\"\n    targets:\n      - {provider: openai}",
    );
    let plugin = compile::plugin(&good(&text), RoleName::Gateway).unwrap();
    let names: Vec<&str> = plugin.providers[0].facts.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.len() > 2 && names.iter().all(|name| name.starts_with("gpt-4.1")), "{names:?}");
}

#[test]
fn a_model_has_a_pool_for_each_set_of_its_targets() {
    let plugin = compile::plugin(&good(GOOD), RoleName::Gateway).unwrap();
    let pools = pools::pools(&plugin);
    let names: Vec<&str> = pools.iter().map(|pool| pool.name.as_str()).collect();
    let three = ["pool/openai+claude+openai#2", "pool/claude+openai#2", "pool/openai+openai#2", "openai#2"];
    assert_eq!(names, [&three[..], &["pool/openai+claude", "claude", "openai"]].concat());
    let lane = |provider, slot| Lane { provider, slot };
    assert_eq!(pools::lanes(&pools), [lane(0, 1), lane(0, 2), lane(1, 1)]);
}

#[test]
fn the_committed_schema_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/gateway.schema.json");
    let current = format!("{}\n", serde_json::to_string_pretty(&types::schema()).unwrap());
    if std::env::var_os("SWITCHYARD_WRITE").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == current, "docs/gateway.schema.json is old: write it again with `make schema`");
}

#[test]
fn the_reader_understands_every_word_of_the_schema() {
    // `shape` reads a part of JSON Schema. A new kind of field must not pass it unseen.
    fn words(schema: &serde_json::Value, found: &mut Vec<String>) {
        let Some(schema) = schema.as_object() else { return };
        for (word, value) in schema {
            match word.as_str() {
                "properties" | "$defs" => {
                    value.as_object().into_iter().flatten().for_each(|(_, value)| words(value, found))
                }
                "anyOf" | "oneOf" => {
                    value.as_array().into_iter().flatten().for_each(|value| words(value, found))
                }
                "items" | "additionalProperties" => words(value, found),
                "default" | "description" | "title" | "$schema" | "format" => continue,
                _ => {}
            }
            found.push(word.clone());
        }
    }
    let mut found = Vec::new();
    words(&types::schema(), &mut found);
    found.sort();
    found.dedup();
    let known = [
        "$defs",
        "$ref",
        "additionalProperties",
        "anyOf",
        "const",
        "enum",
        "items",
        "maximum",
        "minItems",
        "minimum",
        "oneOf",
        "pattern",
        "properties",
        "required",
        "type",
    ];
    assert!(found.iter().all(|word| known.contains(&word.as_str())), "{found:?}");
}
