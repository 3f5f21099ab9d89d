//! What is refused, and the names by which patches are found. What the renderings do is in `tests/e2e/test_envoy_gateway.py`.

use clap::Parser;
use switchyard::config::file;

use super::{Arguments, render};
use crate::render::full::Full;

const IMAGE: &[&str] = &["--url", "oci://registry.example/switchyard:1"];
const HELD: &[&str] =
    &["--kind", "envoyextensionpolicy-held", "--url", "oci://registry.example/switchyard:1"];
const TWO: &[&str] = &["--kind", "envoypatchpolicy", "--url", "file:///switchyard.wasm"];

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    arguments: Arguments,
}

/// A rendering of one provider, with what else its line says, and further lines of the file.
fn rendered(provider: &str, more: &str, flags: &[&str]) -> Result<String, String> {
    let text = format!(
        "providers:\n  - {{name: one, {provider}}}\nmodels:\n  - {{name: m, targets: [{{provider: one}}]}}\n{more}"
    );
    let read = file::read(&text, &Full);
    let gateway = read.gateway.unwrap_or_else(|| panic!("{text}"));
    let words = ["render", "gateway.yaml"].iter().chain(flags);
    render(&gateway, &Cli::try_parse_from(words).unwrap().arguments)
}

const OPENAI: &str = "type: openai, api_key: {env: KEY}";

fn refused(provider: &str, more: &str, flags: &[&str]) -> String {
    rendered(provider, more, flags).unwrap_err()
}

#[test]
fn what_a_policy_cannot_do_is_refused_by_its_place() {
    let address = "type: openai-compatible, base_url: 'http://10.0.0.1:8000/v1'";
    for flags in [IMAGE, HELD] {
        assert!(
            refused(address, "", flags)
                .starts_with("providers[0].base_url: an HTTPRoute takes requests by the host's name")
        );
        let own_ca = refused(OPENAI, "tls: {ca_file: /ca.pem}\n", flags);
        assert!(own_ca.starts_with("tls.ca_file: "), "{own_ca}");
        let in_a_file = refused("type: openai, api_key: {file: /keys/one}", "", flags);
        assert!(in_a_file.starts_with("providers[0].api_key.file: "), "{in_a_file}");
    }
    assert!(rendered(address, "tls: {ca_file: /ca.pem}\n", TWO).is_ok());
    assert!(rendered("type: openai, api_key: {file: /keys/one}", "", TWO).is_ok());
    let gemini = "type: gemini, api_key: {env: KEY}";
    let told = refused(gemini, "", IMAGE);
    assert!(
        told.starts_with(
            "providers[0].type: gemini cannot be served by this kind of policy: its path says the model"
        ),
        "{told}"
    );
    assert!(rendered(gemini, "", HELD).is_ok() && rendered(gemini, "", TWO).is_ok());
    for flags in [IMAGE, HELD, TWO] {
        let written = refused("type: openai, api_key: {value: sk-1}", "", flags);
        assert!(written.starts_with("providers[0].api_key.value: "), "{written}");
        assert!(refused(OPENAI, "cors: {origins: ['https://a.example']}\n", flags).starts_with("cors: "));
    }
}

#[test]
fn a_module_comes_from_where_the_one_who_fetches_it_can_go() {
    for (flags, why) in [
        (
            &["--url", "file:///switchyard.wasm"][..],
            "--url file:///switchyard.wasm: Envoy Gateway fetches modules itself",
        ),
        (
            &["--kind", "envoypatchpolicy", "--url", "oci://a.example/b"],
            "--url oci://a.example/b: Envoy knows no registries",
        ),
        (
            &["--kind", "envoypatchpolicy", "--url", "https://a.example/b"],
            "--url https://a.example/b: Envoy takes a module",
        ),
        (&["--url", "https://a.example/b", "--sha256", "12"], "--sha256 12: must be 64 hexadecimal digits"),
    ] {
        let told = refused(OPENAI, "", flags);
        assert!(told.starts_with(why), "{told}");
    }
}

#[test]
fn names_that_kubernetes_would_refuse_are_refused() {
    for (flag, name) in [
        ("--name", "Switch"),
        ("--namespace", "a_b"),
        ("--gateway", "-a"),
        ("--listener", ""),
        ("--secret", "a.b"),
    ] {
        let told = refused(OPENAI, "", &[IMAGE, &[&format!("{flag}={name}")]].concat());
        assert!(told.starts_with(&format!("{flag} {name}: a name in Kubernetes is")), "{told}");
    }
    let told = refused(OPENAI, "", &[IMAGE, &["--host", "*.example"]].concat());
    assert!(told.starts_with("--host *.example: "), "{told}");
    let told = refused(OPENAI, "", &[IMAGE, &["--host", "api.openai.com"]].concat());
    assert!(told.starts_with("providers[0].base_url: api.openai.com is also --host"), "{told}");
}

#[test]
fn patches_name_resources_as_envoy_gateway_does() {
    for (flags, listener, routes) in [
        (&[][..], "\"tcp-80\"", "\"http-80\""),
        (&["--port", "8080"], "\"tcp-8080\"", "\"http-8080\""),
        (&["--https", "--port", "443", "--listener", "tls"], "\"tcp-443\"", "\"apps/eg/tls\""),
        (&["--xds-names", "v1"], "\"apps/eg/http\"", "\"apps/eg/http\""),
    ] {
        for kind in [HELD, TWO] {
            let text = rendered(OPENAI, "", &[kind, &["--namespace", "apps"], flags].concat()).unwrap();
            let of = |kind: &str| {
                let (_, after) = text.split_once(kind).unwrap();
                after.lines().nth(1).unwrap().trim().to_owned()
            };
            assert_eq!(of("envoy.config.listener.v3.Listener"), format!("name: {listener}"));
            assert_eq!(of("envoy.config.route.v3.RouteConfiguration"), format!("name: {routes}"));
        }
    }
}

#[test]
fn a_sum_of_digits_stays_text() {
    let sum = "0".repeat(64);
    let text = rendered(OPENAI, "", &[IMAGE, &["--sha256", &sum]].concat()).unwrap();
    assert!(text.contains(&format!("sha256: \"{sum}\"")), "{text}");
}
