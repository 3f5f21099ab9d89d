use switchyard::config::file;

use super::*;
use crate::render::full::Full;

const FILE: &str = "
listen: 0.0.0.0:8000
access_log: true
providers:
  - {name: openai, type: openai, api_key: {file: /keys/openai}}
  - {name: claude, type: anthropic, api_key: {env: CLAUDE}}
  - {name: local, type: openai-compatible, base_url: 'http://127.0.0.1:1/v1'}
models:
  - name: \"m\\u2028'm\"
    targets: [{provider: openai}, {provider: openai, model: b}, {provider: claude, model: c}]
  - name: l
    targets: [{provider: local}]
timeouts: {connect: 250ms, first_event: 7s, reply: 9s, idle: 11s}
retries: {attempts: 4}
outlier: {consecutive_failures: 6, ejection: 2s, max_ejection: 8s, interval: 500ms}
limits: {request_bytes: 2000000, reply_bytes: 3000000}
";

fn rendering(text: &str) -> Rendering {
    let gateway = file::read(text, &Full).gateway.unwrap();
    render(&gateway, &Options::new("/w\"asm", "x.yaml")).unwrap()
}

fn shaped(text: &str, role: Role, headers: Headers) -> Result<Rendering, String> {
    let gateway = file::read(text, &Full).gateway.unwrap();
    let shape = Shape { role, headers };
    let domains = vec!["ai.test".to_owned()];
    render(&gateway, &Options { shape, domains, off_by_default: true, ..Options::new("/w.wasm", "x.yaml") })
}

/// The rendering as Envoy reads it.
fn parsed(text: &str) -> serde_json::Value {
    use saphyr::{LoadableYamlNode, Scalar, Yaml};
    fn json(yaml: &Yaml<'_>) -> serde_json::Value {
        match yaml {
            Yaml::Value(Scalar::String(text)) => text.as_ref().into(),
            Yaml::Value(Scalar::Integer(number)) => (*number).into(),
            Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
            Yaml::Value(Scalar::FloatingPoint(number)) => number.into_inner().into(),
            Yaml::Value(Scalar::Null) => serde_json::Value::Null,
            Yaml::Sequence(items) => items.iter().map(json).collect(),
            Yaml::Mapping(map) => {
                map.iter().map(|(key, value)| (key.as_str().unwrap().to_owned(), json(value))).collect()
            }
            other => panic!("{other:?}"),
        }
    }
    json(&Yaml::load_from_str(text).unwrap()[0])
}

fn find<'a>(list: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    list.as_array()
        .unwrap()
        .iter()
        .find(|item| item["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {list:#}"))
}

fn manager(config: &serde_json::Value) -> &serde_json::Value {
    &config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
}

#[test]
fn times_and_retries_are_where_envoy_reads_them() {
    let config = parsed(&rendering(FILE).static_file());
    let routes = &manager(&config)["route_config"]["virtual_hosts"][0]["routes"];
    let stream = &find(routes, "stream")["route"];
    assert_eq!(stream["retry_policy"]["per_try_timeout"], "7s");
    assert_eq!(stream["retry_policy"]["per_try_idle_timeout"], "11s");
    assert_eq!(stream["retry_policy"]["num_retries"], 3);
    assert_eq!((&stream["timeout"], &stream["idle_timeout"]), (&"0s".into(), &"39s".into()));
    let reply = &find(routes, "reply")["route"];
    assert_eq!(reply["retry_policy"]["per_try_timeout"], "9s");
    assert_eq!(reply["idle_timeout"], "47s");
    assert_eq!(stream["retry_policy"]["retry_back_off"]["base_interval"], "0.001s");
    // What is sent to one provider alone is tried again there, later.
    let one = &find(routes, "reply.one")["route"]["retry_policy"];
    assert_eq!((&one["num_retries"], one.get("retry_priority")), (&3.into(), None));
    assert_eq!(one["retry_back_off"]["base_interval"], "0.250s");
    assert_eq!(one["retry_back_off"]["max_interval"], "2.500s");
    let names: Vec<&str> =
        routes.as_array().unwrap().iter().map(|route| route["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["stream", "reply", "stream.one", "reply.one", "none"]);
    assert_eq!(
        manager(&config)["route_config"]["virtual_hosts"][0]["request_body_buffer_limit"],
        3_000_000 + (1 << 20)
    );
    // The filter sees what is too large before Envoy does: a body grows by less than the room above the limits.
    let listener = &config["static_resources"]["listeners"][0];
    let cluster = find(&config["static_resources"]["clusters"], "local");
    for takes in [listener, cluster] {
        assert!(takes["per_connection_buffer_limit_bytes"].as_u64().unwrap() < 1 << 20);
    }
}

#[test]
fn clusters_say_where_providers_are_and_when_they_are_left_out() {
    let config = parsed(&rendering(FILE).static_file());
    let clusters = &config["static_resources"]["clusters"];
    let again = find(clusters, "openai#2");
    let endpoint = &again["load_assignment"]["endpoints"][0]["lb_endpoints"][0];
    assert_eq!(
        endpoint["metadata"]["filter_metadata"]["switchyard"],
        serde_json::json!({"lane": "openai#2"})
    );
    let context = &again["transport_socket"]["typed_config"];
    assert_eq!(context["sni"], "api.openai.com");
    assert_eq!(
        context["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"][0]["matcher"]["exact"],
        "api.openai.com"
    );
    assert_eq!(again["outlier_detection"]["consecutive_5xx"], 6);
    assert_eq!(again["outlier_detection"]["base_ejection_time"], "2s");
    assert_eq!(again["connect_timeout"], "0.250s");
    let local = find(clusters, "local");
    assert_eq!((&local["type"], local.get("transport_socket")), (&"STATIC".into(), None));
    let pool = find(clusters, "pool/openai+openai#2+claude");
    assert_eq!(
        pool["cluster_type"]["typed_config"]["clusters"],
        serde_json::json!(["openai", "openai#2", "claude", "last/openai", "last/openai#2", "last/claude"])
    );
    let last = find(clusters, "last/openai#2");
    assert_eq!(last.get("outlier_detection"), None);
    assert_eq!(last["load_assignment"]["endpoints"][0]["lb_endpoints"][0], *endpoint);
    let budget = &again["circuit_breakers"]["thresholds"][0]["retry_budget"];
    assert_eq!(budget["budget_percent"]["value"], 20);
    // Four lanes, of which three are in pools; three targets have three pools of two and one of all; and the one where no
    // request is to go.
    assert_eq!(clusters.as_array().unwrap().len(), 4 + 3 + 4 + 1);
}

#[test]
fn both_roles_are_in_one_vm_and_get_their_own_json() {
    let config = parsed(&rendering(FILE).static_file());
    let down = &find(&manager(&config)["http_filters"], "switchyard.gateway")["typed_config"]["config"];
    let router = &find(&manager(&config)["http_filters"], "envoy.filters.http.router")["typed_config"];
    let up = &find(&router["upstream_http_filters"], "switchyard.provider")["typed_config"]["config"];
    assert_eq!(down["vm_config"], up["vm_config"]);
    assert_eq!(down["vm_config"]["code"]["local"]["filename"], "/w\"asm");
    assert_eq!(down["vm_config"]["environment_variables"]["host_env_keys"], serde_json::json!(["CLAUDE"]));
    for (config, role) in [(down, RoleName::Gateway), (up, RoleName::Provider)] {
        let text = config["configuration"]["value"].as_str().unwrap();
        let plugin = switchyard::config::plugin::read(text.as_bytes()).unwrap();
        let gateway = file::read(FILE, &Full).gateway.unwrap();
        assert_eq!(plugin, compile::plugin(&gateway, role).unwrap());
    }
}

#[test]
fn key_files_come_before_the_filter_and_cannot_be_sent_by_a_client() {
    let config = parsed(&rendering(FILE).static_file());
    let router = &find(&manager(&config)["http_filters"], "envoy.filters.http.router")["typed_config"];
    let names: Vec<&str> = router["upstream_http_filters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|filter| filter["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["switchyard.keys", "switchyard.provider", "envoy.filters.http.upstream_codec"]);
    let mutations = &router["upstream_http_filters"][0]["typed_config"]["mutations"]["request_mutations"];
    assert_eq!(mutations[0]["remove"], "x-switchyard-key-openai");
    assert_eq!(mutations[1]["append"]["header"]["value"], "%FILE_CONTENT(/keys/openai:/keys)%");
    assert_eq!(mutations[1]["append"]["append_action"], "OVERWRITE_IF_EXISTS_OR_ADD");
}

#[test]
fn a_reload_keeps_clusters_until_nothing_names_them() {
    let old = rendering(FILE);
    let new =
        rendering(&FILE.replace("- name: l\n", "- name: l2\n").replace("{provider: openai, model: b}, ", ""));
    let names = |text: &str| -> Vec<String> {
        let resources = parsed(text)["resources"].as_array().unwrap().clone();
        resources.iter().map(|cluster| cluster["name"].as_str().unwrap().to_owned()).collect()
    };
    let both = names(&new.clusters_file(2, [&old, &new, &old].into_iter()));
    assert!(
        both.contains(&"openai#2".to_owned()) && both.contains(&"pool/openai+claude".to_owned()),
        "{both:?}"
    );
    let after = names(&new.clusters_file(3, std::iter::empty()));
    assert!(
        !after.contains(&"openai#2".to_owned()) && after.contains(&"pool/openai+claude".to_owned()),
        "{after:?}"
    );
    let mut once = both.clone();
    once.dedup();
    assert_eq!(once.len(), both.len());
    assert_eq!(parsed(&new.listeners_file(3))["version_info"], "3");
}

#[test]
fn pages_are_known_by_their_origin() {
    let file = FILE.to_owned()
        + "cors: {origins: [\"https://a.example:8443\", \"http://*.b.test\", \"*\"], max_age: 1m}\n";
    let config = parsed(&rendering(&file).static_file());
    let host = &manager(&config)["route_config"]["virtual_hosts"][0];
    let policy = &host["typed_per_filter_config"]["envoy.filters.http.cors"];
    let wanted = serde_json::json!([
        {"exact": "https://a.example:8443"},
        {"safe_regex": {"regex": r"http\:\/\/[^/]*\.b\.test"}},
        {"exact": "*"},
    ]);
    assert_eq!((&policy["allow_origin_string_match"], &policy["max_age"]), (&wanted, &"60".into()));
    assert_eq!(manager(&config)["http_filters"][0]["name"], "envoy.filters.http.cors");
    assert_eq!(find(&host["routes"], "none")["route"]["cluster"], "none/");
    find(&config["static_resources"]["clusters"], "none/");
    let without = parsed(&rendering(FILE).static_file());
    assert_eq!(manager(&without)["http_filters"][0]["name"], "switchyard.gateway");
}

#[test]
fn what_envoy_answers_itself_is_an_error_of_the_clients_api() {
    let config = parsed(&rendering(FILE).static_file());
    let mappers = manager(&config)["local_reply_config"]["mappers"].as_array().unwrap();
    let body = |mapper: &serde_json::Value| mapper["body_format_override"]["json_format"].clone();
    let when = |mapper: &serde_json::Value| {
        mapper["filter"]["extension_filter"]["typed_config"]["expression"].as_str().unwrap().to_owned()
    };
    // For a path of Anthropic's first: the first that fits is taken.
    let openai =
        mappers.iter().position(|mapper| when(mapper) == "response.code_details == 'overload'").unwrap();
    assert!(when(&mappers[openai - 1]).starts_with("request.path.startsWith('/v1/messages') && "));
    assert_eq!(body(&mappers[openai - 1])["error"]["type"], "overloaded_error");
    assert_eq!(body(&mappers[openai])["error"]["code"], "gateway_overloaded");
    assert_eq!(body(&mappers[openai])["error"]["param"], serde_json::Value::Null);
    for mapper in &mappers[openai - 1..=openai] {
        assert_eq!(mapper["headers_to_add"][0]["header"]["key"], "retry-after");
        assert_eq!(
            mapper["headers_to_add"][1]["header"],
            serde_json::json!({"key": "x-should-retry", "value": "true"})
        );
    }
}

#[test]
fn the_gateway_role_alone_refuses_what_needs_the_other() {
    let file = "
providers:
  - {name: a, type: openai-compatible, base_url: 'http://127.0.0.1:1/v1'}
  - {name: b, type: anthropic, api_key: {env: B}}
models:
  - {name: m, targets: [{provider: a, model: other}]}
  - {name: n, targets: [{provider: a}, {provider: b}]}
";
    let refused = shaped(file, Role::Gateway, Headers::Held).unwrap_err();
    let places: Vec<&str> =
        refused.lines().filter_map(|line| line.split_once(": ")).map(|(place, _)| place).collect();
    let wanted =
        ["providers[1].type", "providers[1].api_key", "models[0].targets[0].model", "models[1].targets"];
    assert_eq!(places, wanted, "{refused}");
    let plain = "
providers: [{name: a, type: openai-compatible, base_url: 'http://127.0.0.1:1/v1'}]
models: [{name: m, targets: [{provider: a, model: m}]}]
";
    let pieces = parsed(&shaped(plain, Role::Gateway, Headers::Held).unwrap().pieces());
    let removed = &pieces["virtual_hosts"][0]["request_headers_to_remove"];
    assert!(removed.as_array().unwrap().contains(&"authorization".into()), "{removed}");
    // The clusters are the user's.
    assert_eq!(pieces["clusters"].as_array().unwrap().len(), 1);
    assert_eq!(pieces.get("upstream_http_filters"), None);
}

#[test]
fn one_pass_keeps_a_request_in_its_virtual_host() {
    let file = "
providers:
  - {name: a, type: openai, base_url: 'http://127.0.0.1:1/v1', api_key: {env: A}}
  - {name: b, type: anthropic, api_key: {env: B}}
models:
  - {name: m, targets: [{provider: a}, {provider: b, model: c}]}
";
    let held = parsed(&shaped(file, Role::Standalone, Headers::Held).unwrap().pieces());
    let hosts = &held["virtual_hosts"];
    assert_eq!(hosts[0]["domains"], serde_json::json!(["ai.test", "127.0.0.1:1", "api.anthropic.com"]));
    let filter = &find(&held["http_filters"], "switchyard.gateway");
    assert_eq!(filter["disabled"], true);
    assert_eq!(filter["typed_config"]["config"]["allow_on_headers_stop_iteration"], true);
    let at_once = parsed(&shaped(file, Role::Standalone, Headers::AtOnce).unwrap().pieces());
    let filter = &find(&at_once["http_filters"], "switchyard.gateway")["typed_config"]["config"];
    assert_eq!(filter.get("allow_on_headers_stop_iteration"), None);
    let host = find(&at_once["virtual_hosts"], "switchyard.b");
    assert_eq!(host["domains"], serde_json::json!(["api.anthropic.com"]));
    // Whoever sends the name of a provider meets the filter.
    for host in at_once["virtual_hosts"].as_array().unwrap() {
        assert!(host["typed_per_filter_config"].get("switchyard.gateway").is_some(), "{host}");
    }
    let gemini = file.replace("type: anthropic", "type: gemini");
    let refused = shaped(&gemini, Role::Standalone, Headers::AtOnce).unwrap_err();
    assert!(refused.starts_with("providers[1]: cannot be served with --role standalone: "), "{refused}");
}

#[test]
fn an_older_envoy_gets_less() {
    let gateway = file::read(&FILE.replace("{file: /keys/openai}", "{env: O}"), &Full).gateway.unwrap();
    let of = |minor: u32, role: Role, headers: Headers| {
        let shape = Shape { role, headers };
        let options = Options { shape, version: Version(1, minor), ..Options::new("w", "x") };
        render(&gateway, &options).unwrap().static_file()
    };
    let limit = |text: &str| {
        let config = parsed(text);
        let host = &manager(&config)["route_config"]["virtual_hosts"][0];
        let listener = &config["static_resources"]["listeners"][0];
        (
            host.get("request_body_buffer_limit").and_then(serde_json::Value::as_u64),
            listener["per_connection_buffer_limit_bytes"].as_u64(),
        )
    };
    let body = 3_000_000 + (1 << 20);
    let piece = 512 * 1024;
    assert_eq!(limit(&of(40, Role::Two, Headers::Held)), (Some(body), Some(piece)));
    assert_eq!(limit(&of(37, Role::Two, Headers::Held)), (Some(2 * body), Some(piece)));
    assert_eq!(limit(&of(36, Role::Standalone, Headers::Held)), (None, Some(body)));
    let old = of(31, Role::Standalone, Headers::AtOnce);
    for newer in
        ["failure_policy: ", "reload_config", "null", "allow_on_headers", "error_matcher", "upstream_http"]
    {
        assert!(!old.contains(newer), "{newer}");
    }
    assert!(old.starts_with("# Envoy 1.31 or later. Rendered for 1.31."), "{old:.80}");
}

#[test]
fn a_module_by_http_has_its_sum() {
    let sum = "0".repeat(64);
    let code = Code::new("https://a.test/x.wasm", Some(&sum), Some("files")).unwrap();
    let gateway = file::read(FILE, &Full).gateway.unwrap();
    let options = Options { wasm: code, ..Options::new("", "x") };
    let config = parsed(&render(&gateway, &options).unwrap().static_file());
    let filter = &find(&manager(&config)["http_filters"], "switchyard.gateway")["typed_config"]["config"];
    let remote = &filter["vm_config"]["code"]["remote"];
    assert_eq!(remote["http_uri"]["uri"], "https://a.test/x.wasm");
    // A sum of digits alone is text, too.
    assert_eq!(remote["sha256"], sum);
    for (wasm, sum, cluster) in [
        ("https://a.test/x", None, None),
        ("/x.wasm", Some("00"), None),
        ("http://a.test/x", Some("xyz"), Some("f")),
    ] {
        assert!(Code::new(wasm, sum, cluster).unwrap_err().starts_with("--wasm"), "{wasm}");
    }
}
