use serde_json::{Value, json};
use switchyard::config::{
    file,
    plugin::{self, Card, Elsewhere, Entry, Front, Headers, Key, Plugin, RoleName, Secret},
};

use super::*;
use crate::render::full::Full;

const FILE: &str = "
providers:
  - {name: openai-, type: openai, api_key: {env: OPENAI}, headers: {x-extra: hidden}}
  - {name: claude, type: anthropic, api_key: {value: sk-secret}}
  - {name: local, type: openai-compatible, base_url: 'http://[::1]:8080/v1'}
  - {name: idle, type: openai, api_key: {value: sk-idle}}
models:
  - {name: \"m\\u2028😀'm\", targets: [{provider: openai-}, {provider: openai-, model: b}, {provider: claude, model: c}]}
  - {name: l, targets: [{provider: local, model: one}]}
timeouts: {connect: 1500ms, first_event: 7s, reply: 9s, idle: 11s}
outlier: {consecutive_failures: 4, ejection: 2500ms}
";

fn gateway(text: &str) -> Gateway {
    let reading = file::read(text, &Full);
    reading.gateway.unwrap_or_else(|| panic!("{:?}", reading.findings))
}

fn options(version: &str, targets: &[&str]) -> Options {
    Options {
        source: "x.yaml".to_owned(),
        version: version.parse().unwrap(),
        proxy: "127.0.0.1:8000".parse().unwrap(),
        prefix: String::new(),
        targets: targets.iter().map(|target| target.parse().unwrap()).collect(),
    }
}

fn mistakes(text: &str, version: &str) -> Vec<String> {
    refuse::mistakes(&gateway(text), version.parse().unwrap())
}

fn chains() -> Vec<Plugin> {
    let gateway = gateway(FILE);
    let front = chain::front(&gateway, &options("3.9", &[])).unwrap();
    std::iter::once(front).chain(chain::served(&gateway).unwrap()).collect()
}

#[test]
fn the_front_knows_all_and_has_no_secret() {
    let front = &chains()[0];
    assert_eq!((front.role, front.providers.len(), front.models.len()), (RoleName::Front, 4, 2));
    assert_eq!(
        front.entry.front,
        Some(Front { call: "127.0.0.1:8000".into(), prefix: "/switchyard/".into(), reply_ms: 10_500 })
    );
    let text = serde_json::to_string(front).unwrap();
    for hidden in ["secret", "OPENAI", "sk-", "hidden", "auth_header"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}

#[test]
fn a_providers_route_has_that_provider_and_what_it_serves() {
    let served = &chains()[1..];
    let names: Vec<&str> = served.iter().map(|plugin| plugin.providers[0].name.as_str()).collect();
    // No model names `idle`.
    assert_eq!(names, ["openai-", "claude", "local"]);
    for plugin in served {
        assert_eq!(
            (plugin.role, plugin.providers.len(), plugin.entry.headers),
            (RoleName::Standalone, 1, Headers::Nginx)
        );
        assert_eq!(plugin.entry.prefix, format!("/switchyard/{}", plugin.providers[0].name));
        assert!(plugin.models.iter().flat_map(|model| &model.targets).all(|target| target.provider == 0));
        assert!(
            plugin
                .models
                .iter()
                .flat_map(|model| &model.cards)
                .all(|card| card.owner == plugin.providers[0].name)
        );
    }
    let targets =
        |index: usize| served[index].models.iter().map(|model| model.targets.len()).collect::<Vec<_>>();
    assert_eq!((targets(0), targets(1), targets(2)), (vec![2], vec![1], vec![1]));
    assert_eq!(served[1].providers[0].secret, Some(Secret::Value("sk-secret".into())));
}

#[test]
fn what_kong_cannot_do_is_told_with_its_path() {
    let with = |provider: &str, more: &str| {
        format!("providers: [{provider}]\nmodels: [{{name: m, targets: [{{provider: p}}]}}]\n{more}")
    };
    let plain = "{name: p, type: openai, api_key: {value: k}}";
    let bedrock = "type: bedrock, base_url: 'https://bedrock-runtime.us-east-1.amazonaws.com'";
    let vertex = "type: vertex, project: a, location: global";
    for (provider, more, version, path) in [
        ("{name: p, type: openai, api_key: {file: /k}}", "", "3.9", "providers[0].api_key.file: "),
        ("{name: p, type: openai, api_key: {env: OPENAI}}", "", "3.6", "providers[0].api_key.env: "),
        (&*format!("{{name: p, {bedrock}}}"), "", "3.9", "providers[0]: "),
        (&*format!("{{name: p, {bedrock}, aws: {{credentials_file: /c}}}}"), "", "3.9", "providers[0].aws: "),
        (&*format!("{{name: p, {vertex}}}"), "", "3.9", "providers[0]: "),
        (&*format!("{{name: p, {vertex}, google: {{metadata: true}}}}"), "", "3.9", "providers[0].google: "),
        (
            "{name: p, type: openai-compatible, base_url: 'https://a/v1', azure: {tenant_id: a, client_id: b, client_secret: {env: E}}}",
            "",
            "3.9",
            "providers[0].azure: ",
        ),
        (plain, "files: {provider: p}", "3.9", "files: "),
        (plain, "cors: {origins: ['https://a.example']}", "3.9", "cors: "),
        (plain, "outlier: {consecutive_failures: 256}", "3.9", "outlier.consecutive_failures: "),
        (plain, "tls: {ca_file: '/a b'}", "3.9", "tls.ca_file: "),
    ] {
        let told = mistakes(&with(provider, more), version);
        assert!(told.len() == 1 && told[0].starts_with(path), "{path}: {told:?}");
    }
    assert!(mistakes(&with(plain, ""), "3.4").is_empty());
    assert!(mistakes(&with("{name: p, type: openai, api_key: {env: OPENAI}}", ""), "3.7").is_empty());
}

#[test]
fn what_kong_would_change_of_the_configuration_is_refused() {
    let file = |value: &str| {
        format!(
            "providers: [{{name: p, type: openai, api_key: {{value: k}}, quirks: {{fixed: {{x: {value}}}}}}}]\nmodels: [{{name: m, targets: [{{provider: p}}]}}]\n"
        )
    };
    let rendered = |text: &str, version: &str| entities(&gateway(text), &options(version, &[]));
    for (value, right) in
        [("[]", false), ("null", false), ("0.1234567890123456", false), ("{}", true), ("[1]", true)]
    {
        let told = mistakes(&file(value), "3.9");
        assert_eq!(told.is_empty(), right, "{value}: {told:?}");
        assert!(told.iter().all(|told| told.starts_with("providers[0].quirks.fixed.x: ")), "{told:?}");
        assert_eq!(rendered(&file(value), "3.9").is_ok(), right, "{value}");
    }
    // As text it is passed on untouched.
    assert!(mistakes(&file("[]"), "3.4").is_empty() && rendered(&file("[]"), "3.4").is_ok());
}

#[test]
fn the_environment_is_open_for_what_is_used() {
    let conf = |version: &str| conf::lines(&gateway(FILE), &options(version, &[])).unwrap();
    assert!(conf("3.9").contains("\nnginx_main_env = OPENAI\n"), "{}", conf("3.9"));
    for (version, key) in [
        ("3.4", "nginx_wasm_shm_switchyard"),
        ("3.6", "nginx_wasm_shm_kv_switchyard"),
        ("3.7", "nginx_wasm_shm_kv"),
        ("3.10", "nginx_wasm_shm_kv"),
    ] {
        assert!(conf(version).contains(&format!("\n{key} = 1m\n")), "{version}");
    }
    let limit = gateway(FILE).limits.request_bytes;
    let line = conf("3.9")
        .lines()
        .find_map(|line| line.strip_prefix("nginx_http_client_body_buffer_size = ").map(str::to_owned));
    let size: u64 = line.unwrap().strip_suffix('k').unwrap().parse().unwrap();
    assert!(size * 1024 > limit);
    let several = FILE.replace("{value: sk-secret}", "{env: CLAUDE}");
    let conf = conf::lines(&gateway(&several), &options("3.9", &[])).unwrap();
    assert!(conf.contains("\nnginx_main_env = OPENAI; env CLAUDE\n"), "{conf}");
}

#[test]
fn a_prefix_is_the_gateways_own() {
    assert_eq!(prefix("/ai/"), Ok("/ai".to_owned()));
    for wrong in ["ai", "/a b", "/a//b", "/../a", "/switchyard", "/switchyard/x", "/a?b"] {
        assert!(prefix(wrong).is_err(), "{wrong}");
    }
    let options = Options { prefix: "/ai".to_owned(), ..options("3.9", &[]) };
    let text = entities(&gateway(FILE), &options).unwrap();
    assert!(text.contains("paths: [\"/ai/\"]") && text.contains(r#""prefix":"/ai""#), "{text}");
}

/// A document with every member that Kong may see.
fn every_member() -> Plugin {
    let text = || "x".to_owned();
    let provider = plugin::Provider {
        name: text(),
        format: switchyard::provider::Format::Openai,
        authority: text(),
        scheme: "https".to_owned(),
        path: text(),
        stream_path: Some(text()),
        embeddings_path: Some(text()),
        rerank_path: Some(text()),
        count_path: Some(text()),
        auth_header: Some(text()),
        auth_prefix: text(),
        secret: Some(Secret::Env(text())),
        headers: vec![(text(), text())],
        quirks: serde_json::from_value(json!({
            "refuses": ["n"], "takes": ["top_k"], "known_only": true, "clamp": [["temperature", 0.0, 1.5]],
            "values": [["a", "b", "c"]], "developer_as_system": true, "flat_content": true, "fixed": [["store", false]],
            "rename": [["a", "b"]]
        }))
        .unwrap(),
        facts: vec![(
            text(),
            serde_json::from_value(json!({
                "max_output": 1, "context": 1, "thinking": "budget", "thinking_off": "never", "xhigh_effort": true,
                "minimal_effort": true, "thinking_budget": [1, 2], "no_sampling": true, "no_forced_tool": true,
                "no_reasoning": true, "json_schema": true, "system_anywhere": true, "input_price": 0.5,
                "output_price": 1.0, "cache_read_price": 1.0, "cache_write_price": 1.0
            }))
            .unwrap(),
        )],
    };
    let card = Card { id: text(), owner: text(), context: Some(1), max_output: Some(1), more: text() };
    let model = plugin::Model {
        name: text(),
        targets: vec![plugin::Target { provider: 0, model: Some(text()) }],
        elsewhere: Elsewhere { context_length: false, content_policy: true },
        cards: vec![card],
    };
    let entry = Entry {
        headers: Headers::Nginx,
        authorities: vec![text()],
        prefix: text(),
        front: Some(Front { call: text(), prefix: text(), reply_ms: 1 }),
    };
    Plugin {
        version: plugin::VERSION,
        role: RoleName::Standalone,
        request_bytes: 1,
        reply_bytes: 1,
        attempts: 1,
        cooling_ms: 1,
        list_attempts: true,
        buffered_bytes: 1,
        entry,
        files: Some(0),
        providers: vec![provider],
        models: vec![model],
        keys: vec![Key { name: text(), sha256: "0".repeat(64), models: vec![text()] }],
    }
}

/// Asserts that each object of the schema has the same members as that of the document.
fn same_members(schema: &Value, value: &Value, path: &str) {
    match value {
        Value::Object(members) => {
            let one_of = schema["oneOf"].as_array();
            let fits = |schema: &&Value| {
                schema["properties"]
                    .as_object()
                    .is_some_and(|known| members.keys().all(|name| known.contains_key(name)))
            };
            let schema = one_of.map_or(schema, |all| all.iter().find(fits).unwrap());
            let known = schema["properties"].as_object().unwrap();
            let (mut known_names, mut names) =
                (known.keys().collect::<Vec<_>>(), members.keys().collect::<Vec<_>>());
            known_names.sort();
            names.sort();
            assert_eq!(known_names, names, "{path}");
            members
                .iter()
                .for_each(|(name, member)| same_members(&known[name], member, &format!("{path}.{name}")));
        }
        Value::Array(items) => {
            let of = |index: usize| schema["items"].get(index).unwrap_or(&schema["items"]);
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| same_members(of(index), item, &format!("{path}[{index}]")));
        }
        _ => {}
    }
}

/// All paths of objects, as JSON pointers.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(at.to_owned());
            members.iter().for_each(|(name, member)| objects(member, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| objects(item, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

fn validator() -> jsonschema::Validator {
    let schema = schema::config();
    jsonschema::options().with_draft(jsonschema::Draft::Draft4).build(&schema).unwrap()
}

#[test]
fn the_schema_is_that_of_the_types_and_closed() {
    let value = serde_json::to_value(every_member()).unwrap();
    same_members(&schema::config(), &value, "");
    let validator = validator();
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let mut paths = Vec::new();
    objects(&value, "", &mut paths);
    assert!(paths.len() > 10, "{paths:?}");
    for path in paths {
        let mut other = value.clone();
        other.pointer_mut(&path).unwrap()["unheard_of"] = true.into();
        assert!(!validator.is_valid(&other), "an unknown member at {path:?} is taken");
    }
}

#[test]
fn the_schema_refuses_what_the_filter_would() {
    let validator = validator();
    let right = serde_json::to_value(every_member()).unwrap();
    for (path, wrong) in [
        ("/version", json!(plugin::VERSION + 1)),
        ("/role", json!("gateway")),
        ("/request_bytes", json!("1")),
        ("/request_bytes", json!(1.5)),
        ("/providers", json!([])),
        ("/models", json!({})),
        ("/providers/0/format", json!("smoke-signals")),
        ("/providers/0/secret", json!({"header": "x"})),
        ("/providers/0/secret", json!({"env": "A", "value": "b"})),
        ("/providers/0/facts/0", json!(["x"])),
        ("/entry/headers", json!("held")),
        ("/keys/0/sha256", json!("abc")),
    ] {
        let mut other = right.clone();
        *other.pointer_mut(path).unwrap() = wrong;
        assert!(!validator.is_valid(&other), "{path}");
    }
    for (path, member) in [
        ("", "entry"),
        ("", "providers"),
        ("/providers/0", "path"),
        ("/models/0", "targets"),
        ("/entry", "headers"),
    ] {
        let mut other = right.clone();
        other.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(member).unwrap();
        assert!(!validator.is_valid(&other), "{path} without {member}");
    }
}

#[test]
fn what_is_rendered_fits_the_schema() {
    let validator = validator();
    for plugin in chains() {
        let value = serde_json::to_value(&plugin).unwrap();
        assert!(validator.is_valid(&value), "{:?}", validator.iter_errors(&value).next());
        assert_eq!(encoded::kept(&value), Ok(()));
        assert_eq!(plugin::read(value.to_string().as_bytes()), Ok(plugin));
    }
}
