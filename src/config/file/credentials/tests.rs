use super::*;
use crate::config::{
    file::{meaning::Surroundings, read},
    plugin::RoleName,
};

const KEY: &str = r#"{"type":"service_account","client_email":"a@b.test","private_key_id":"1","private_key":"-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n","token_uri":"https://oauth2.googleapis.com/token"}"#;

/// A machine with a key file, one that is none, one of elsewhere, and a variable.
struct Machine;

impl Surroundings for Machine {
    fn has_env(&self, name: &str) -> bool {
        self.env_text(name).is_some()
    }

    fn has_file(&self, path: &str) -> bool {
        path == "/creds" || self.file_text(path).is_some()
    }

    fn env_text(&self, name: &str) -> Option<String> {
        (name == "SET").then(|| "SECRET-OF-ENV".to_owned())
    }

    fn file_text(&self, path: &str) -> Option<String> {
        match path {
            "/key.json" => Some(KEY.to_owned()),
            "/broken.json" => Some("SECRET".to_owned()),
            "/elsewhere.json" => Some(KEY.replace("oauth2.googleapis.com", "evil.test")),
            _ => None,
        }
    }
}

fn file(provider: &str) -> String {
    format!(
        "providers:\n  - {{name: p, {provider}}}\nmodels:\n  - {{name: m, targets: [{{provider: p, model: x}}]}}\n"
    )
}

fn secret_of(provider: &str) -> Option<Secret> {
    let reading = read(&file(provider), &Machine);
    let gateway = reading.gateway.unwrap_or_else(|| panic!("{:?}", reading.findings));
    compile::plugin(&gateway, RoleName::Provider).unwrap().providers.remove(0).secret
}

/// What is told of a provider, without "the gateway is open".
fn told(provider: &str) -> Vec<String> {
    let findings = read(&file(provider), &Machine).findings;
    findings
        .iter()
        .map(ToString::to_string)
        .filter(|line| !line.contains("there are no keys") && !line.contains("tls.ca_file"))
        .collect()
}

const OWN: &str = "type: openai-compatible, base_url: 'http://127.0.0.1:1/v1'";
const BEDROCK: &str = "type: bedrock, base_url: 'https://bedrock-runtime.us-east-1.amazonaws.com'";
const VERTEX: &str = "type: vertex, base_url: 'https://us-central1-aiplatform.googleapis.com/v1/x'";

#[test]
fn the_region_is_in_the_name_of_the_host() {
    for (host, region) in [
        ("bedrock-runtime.us-east-1.amazonaws.com", Some("us-east-1")),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
        ("vpce-1-2.bedrock-runtime.eu-west-3.vpce.amazonaws.com", Some("eu-west-3")),
        ("127.0.0.1", None),
        ("amazonaws.com", None),
        ("x.amazonaws.com", None),
    ] {
        assert_eq!(region_of(host), region, "{host}");
    }
}

#[test]
fn providers_at_aws_and_google_have_the_credential_of_the_machine() {
    assert_eq!(secret_of(BEDROCK), Some(Secret::Signer("p".into())));
    assert_eq!(secret_of(&format!("{BEDROCK}, api_key: {{value: k}}")), Some(Secret::Value("k".into())));
    let Some(Secret::Token(token)) = secret_of(VERTEX) else { panic!("no token") };
    assert_eq!((token.cluster.as_str(), token.key), ("token/metadata.google.internal:80", None));
    assert_eq!(token.path, "/computeMetadata/v1/instance/service-accounts/default/token");
    // Elsewhere nobody knows whose machine it is.
    assert_eq!(secret_of("type: bedrock, base_url: 'http://127.0.0.1:1'"), None);
    assert_eq!(secret_of("type: vertex, base_url: 'http://127.0.0.1:1'"), None);
}

#[test]
fn the_filter_is_told_where_tokens_come_from() {
    let Some(Secret::Token(token)) =
        secret_of(&format!("{VERTEX}, google: {{service_account_file: /key.json}}"))
    else {
        panic!("no token")
    };
    assert_eq!((token.cluster.as_str(), token.scheme.as_str()), ("token/oauth2.googleapis.com:443", "https"));
    assert_eq!(token.key, Some(Box::new(Secret::Value(KEY.into()))));
    let azure = "azure: {tenant_id: t-1, client_id: c, client_secret: {env: SET}}";
    let Some(Secret::Token(token)) = secret_of(&format!("{OWN}, {azure}")) else { panic!("no token") };
    assert_eq!(
        (token.authority.as_str(), token.path.as_str()),
        ("login.microsoftonline.com", "/t-1/oauth2/v2.0/token")
    );
    assert_eq!(token.key, Some(Box::new(Secret::Env("SET".into()))), "read by the filter, not written down");
    assert_eq!(token.scope.as_deref(), Some(AZURE_SCOPE));
}

#[test]
fn signers_are_one_for_each_credential_and_region() {
    let two = "providers:\n  - {name: a, type: bedrock, base_url: 'https://bedrock-runtime.us-east-1.amazonaws.com'}\n  \
               - {name: b, type: bedrock, base_url: 'https://bedrock-runtime.us-east-1.amazonaws.com', aws: {}}\n  \
               - {name: c, type: bedrock, base_url: 'https://bedrock-runtime.us-east-1.amazonaws.com', aws: {region: us-west-2}}\n  \
               - {name: d, type: bedrock, base_url: 'http://127.0.0.1:1', aws: {region: us-east-1, credentials_file: /creds}}\n\
               models:\n  - {name: m, targets: [{provider: a}, {provider: b}, {provider: c}, {provider: d}]}\n";
    let gateway = read(&two.replace("name: m", "name: m.x"), &Machine).gateway.unwrap();
    let names: Vec<&str> = signers(&gateway).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "c", "d"]);
    let plugin = compile::plugin(&gateway, RoleName::Provider).unwrap();
    assert_eq!(plugin.providers[1].secret, Some(Secret::Signer("a".into())));
}

#[test]
fn what_is_half_there_is_a_mistake() {
    for (provider, wrong) in [
        (format!("{OWN}, aws: {{region: r, access_key: {{value: a}}}}"), "access_key needs secret_key"),
        (format!("{OWN}, aws: {{region: r, secret_key: {{value: a}}}}"), "secret_key needs access_key"),
        (format!("{OWN}, aws: {{region: r, session_token: {{value: a}}}}"), "session_token needs access_key"),
        (format!("{OWN}, aws: {{region: r, role_arn: a}}"), "role_arn needs web_identity_token_file"),
        (
            format!("{OWN}, aws: {{region: r, web_identity_token_file: /creds}}"),
            "web_identity_token_file needs role_arn",
        ),
        (format!("{OWN}, aws: {{region: r, profile: a}}"), "profile needs credentials_file"),
        (
            format!(
                "{OWN}, aws: {{region: r, credentials_file: /creds, access_key: {{value: a}}, secret_key: {{value: b}}}}"
            ),
            "use one of access_key",
        ),
        (
            format!(
                "{OWN}, aws: {{region: r, access_key: {{value: a, env: SET}}, secret_key: {{value: b}}}}"
            ),
            "exactly one of env and value",
        ),
        (format!("{OWN}, aws: {{}}"), "has no region"),
        (format!("{OWN}, aws: {{region: r}}, api_key: {{value: k}}"), "has 2 credentials"),
        (format!("{OWN}, google: {{service_account_file: /nowhere}}"), "/nowhere cannot be read"),
        (format!("{OWN}, google: {{service_account_file: /broken.json}}"), "/broken.json is no key file"),
        (format!("{OWN}, google: {{service_account_file: /elsewhere.json}}"), "names another token_uri"),
        (format!("{OWN}, google: {{service_account: {{env: SET}}}}"), "the key is no key file"),
        (
            format!("{OWN}, google: {{service_account_file: /key.json, metadata: true}}"),
            "use one of service_account_file",
        ),
        (
            format!("{OWN}, google: {{metadata: true, token_url: 'http://tokens.test/t'}}"),
            "must begin with https://",
        ),
        (format!("{OWN}, google: {{metadata: true, token_url: 'x'}}"), "must begin with http"),
        (
            format!("{OWN}, azure: {{tenant_id: a/b, client_id: c, client_secret: {{env: SET}}}}"),
            "a directory's id",
        ),
        (
            format!("{OWN}, azure: {{tenant_id: a, client_id: c, client_secret: {{}}}}"),
            "exactly one of env and value",
        ),
    ] {
        let told = told(&provider);
        assert!(read(&file(&provider), &Machine).is_wrong(), "taken: {provider}");
        assert!(told.iter().any(|line| line.contains(wrong)), "{provider}: {told:#?}");
        assert!(!told.iter().any(|line| line.contains("SECRET")), "{told:#?}");
    }
}

#[test]
fn what_may_be_elsewhere_is_a_warning() {
    for (provider, warning) in [
        (format!("{OWN}, aws: {{region: r, credentials_file: /nowhere}}"), "/nowhere is not on this machine"),
        (
            format!("{OWN}, google: {{service_account: {{env: UNSET}}}}"),
            "UNSET is not set in this environment",
        ),
    ] {
        let told = told(&provider);
        assert!(!read(&file(&provider), &Machine).is_wrong(), "{told:#?}");
        assert!(told.iter().any(|line| line.contains(warning)), "{provider}: {told:#?}");
    }
    assert_eq!(told(BEDROCK), [""; 0]);
    assert_eq!(told(VERTEX), [""; 0], "it has the credential of the machine");
}

#[test]
fn secrets_that_were_read_are_not_in_debug_output() {
    let gateway =
        read(&file(&format!("{OWN}, google: {{service_account_file: /key.json}}")), &Machine).gateway;
    let text = format!("{gateway:?}");
    assert!(text.contains("(hidden)") && !text.contains("SECRET"), "{text}");
}
