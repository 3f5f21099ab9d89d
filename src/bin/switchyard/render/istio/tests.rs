use clap::Parser;
use switchyard::config::file;

use super::*;
use crate::render::envoy::Version;
use crate::render::full::Full;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    arguments: Arguments,
}

const FILE: &str = "
providers:
  - {name: open_ai, type: openai, api_key: {env: A}}
  - {name: again, type: openai, api_key: {env: B}}
  - {name: local, type: openai-compatible, base_url: 'http://vllm.ml.svc/v1'}
models:
  - {name: m, targets: [{provider: open_ai}, {provider: again}]}
  - {name: l, targets: [{provider: local}]}
keys: [{name: k, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}]
";

fn rendered(flags: &str) -> Result<String, String> {
    rendered_of(FILE, flags)
}

fn rendered_of(file: &str, flags: &str) -> Result<String, String> {
    let words = ["switchyard", "gateway.yaml"].into_iter().chain(flags.split_whitespace());
    let command = Command::try_parse_from(words).map_err(|error| error.to_string())?;
    render(&file::read(file, &Full).gateway.unwrap(), &command.arguments)
}

#[test]
fn each_host_has_its_documents_once() {
    let text = rendered("--url oci://r/s").unwrap();
    let count = |part: &str| text.matches(part).count();
    // Two providers are at one host, and a Service of the cluster is there already.
    assert_eq!(
        (count("kind: ServiceEntry"), count("kind: DestinationRule"), count("kind: VirtualService")),
        (2, 2, 2)
    );
    // A name in Kubernetes has no underscore.
    assert_eq!((count("name: switchyard-open-ai"), count("name: switchyard-local")), (3, 2));
    assert_eq!(count("mode: DISABLE"), 1);
    // Two variables, in the plugin and in what a pod's template must have.
    assert_eq!((count("valueFrom: HOST"), count("secretKeyRef")), (2, 2));
}

#[test]
fn a_policy_for_a_part_of_the_mesh_is_seen_there_only() {
    assert!(!rendered("--url oci://r/s").unwrap().contains("exportTo"));
    let part = rendered("--url oci://r/s --namespace team-a").unwrap();
    assert_eq!(part.matches("exportTo: [\".\"]").count(), 6);
}

#[test]
fn only_one_place_can_be_named() {
    for flags in ["--gateway a --waypoint b", "--gateway a --selector c=d", "--istio-gateway a/b"] {
        assert!(rendered(&format!("--url oci://r/s {flags}")).is_err(), "{flags}");
    }
}

#[test]
fn proxies_are_chosen_by_version() {
    let of = |minor| {
        patch::Place { context: "GATEWAY", oldest: Version(1, minor) }.patch(
            "CLUSTER",
            "",
            "ADD",
            "name: a\n",
        )
    };
    assert!(of(37).contains(r"proxyVersion: '^1\.(2[9-9]|[3-9][0-9])'"), "{}", of(37));
    assert!(of(40).contains(r"proxyVersion: '^1\.(3[2-9]|[4-9][0-9])'"), "{}", of(40));
}

#[test]
fn services_of_the_cluster_are_known_by_their_names() {
    for (host, service) in [
        ("vllm", true),
        ("vllm.ml.svc", true),
        ("vllm.ml.svc.cluster.local", true),
        ("api.openai.com", false),
        ("svc.example.com", false),
    ] {
        assert_eq!(limits::is_service(host), service, "{host}");
    }
}

#[test]
fn names_are_what_kubernetes_takes_and_no_two_are_the_same() {
    let row = |name: &str, host: &str| {
        format!("  - {{name: {name}, type: openai-compatible, base_url: 'https://{host}/v1'}}\n")
    };
    let file = format!(
        "providers:\n{}{}{}models:\n  - {{name: m, targets: [{{provider: a_b}}, {{provider: a-b}}, {{provider: _}}]}}\n",
        row("a_b", "One.test"),
        row("a-b", "two.test"),
        row("_", "three.test")
    );
    let text = rendered_of(&file, "--url oci://r/s").unwrap();
    for name in ["switchyard-a-b\n", "switchyard-a-b-1\n", "switchyard-2\n"] {
        assert_eq!(text.matches(&format!("  name: {name}")).count(), 3, "{name}");
    }
    assert!(text.contains("hosts: [\"one.test\"]") && !text.contains("hosts: [\"One.test\"]"));
}
