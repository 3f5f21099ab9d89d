use switchyard::config::file;

use super::*;
use crate::render::full::Full;

fn gateway(provider: &str, more: &str) -> Gateway {
    let text = format!(
        "providers: [{{name: p, {provider}}}]\nmodels: [{{name: m, targets: [{{provider: p}}]}}]\n{more}"
    );
    let read = file::read(&text, &Full);
    read.gateway.unwrap_or_else(|| panic!("{:?}", read.findings))
}

const PLAIN: &str = "type: openai-compatible, base_url: 'http://127.0.0.1:1/v1'";
const TWO: Shape = Shape { role: Role::Two, headers: Headers::Held };
const GATEWAY: Shape = Shape { role: Role::Gateway, headers: Headers::Held };
const HELD_ALONE: Shape = Shape { role: Role::Standalone, headers: Headers::Held };
const AT_ONCE: Shape = Shape { role: Role::Standalone, headers: Headers::AtOnce };

#[test]
fn an_older_envoy_is_refused_by_the_place_that_asks_for_more() {
    let once = "retries: {attempts: 1}\n";
    let account = "type: vertex, base_url: 'https://a.googleapis.com', project: p, location: us, google: \
                   {service_account: {env: ACCOUNT}}";
    let key = format!("{PLAIN}, api_key: {{file: /key}}");
    let token = "type: bedrock, region: us-east-1, aws: {role_arn: 'arn:aws:iam::1:role/r', \
                 web_identity_token_file: /token}";
    let cases: &[(&str, &str, Shape, Version, &str)] = &[
        (PLAIN, "", TWO, Version(1, 37), "retries.attempts"),
        (PLAIN, once, TWO, Version(1, 36), "--role"),
        (PLAIN, "", GATEWAY, Version(1, 35), "--role"),
        (PLAIN, "", HELD_ALONE, Version(1, 35), "--headers held"),
        (account, once, TWO, Version(1, 37), "providers[0].google"),
        (token, once, TWO, Version(1, 37), "providers[0].aws.web_identity_token_file"),
        (&key, "", TWO, Version(1, 40), "providers[0].api_key.file"),
    ];
    for (provider, more, shape, needed, place) in cases {
        let gateway = gateway(provider, more);
        assert_eq!(oldest(&gateway, *shape), *needed, "{provider}");
        assert_eq!(check(&gateway, *shape, *needed), Ok(()), "{provider}");
        let refused = check(&gateway, *shape, Version(1, needed.1 - 1)).unwrap_err();
        let start = format!("{place}: ");
        assert!(refused.lines().any(|line| line.starts_with(&start)), "{place}: {refused}");
        assert!(refused.contains(&format!("needs Envoy {needed} (")), "{refused}");
    }
    let gateway = gateway(PLAIN, "");
    assert_eq!(check(&gateway, AT_ONCE, Version(1, 31)), Ok(()));
    assert!(
        check(&gateway, AT_ONCE, Version(1, 30)).unwrap_err().starts_with("--envoy-version: 1.30 is too old")
    );
    // Each of what is missing has its line.
    assert_eq!(check(&gateway, TWO, Version(1, 34)).unwrap_err().lines().count(), 3);
}

#[test]
fn what_is_rendered_with_less_runs_on_what_it_is_rendered_for() {
    let gateway = gateway(PLAIN, "");
    for minor in 31..=40 {
        let version = Version(1, minor);
        assert!(oldest_that_takes(&gateway, AT_ONCE, version) <= version);
    }
    assert_eq!(oldest_that_takes(&gateway, TWO, Version::NEWEST), Version(1, 38));
    assert_eq!(oldest_that_takes(&gateway, TWO, Version(1, 37)), Version(1, 37));
    assert_eq!(oldest_that_takes(&gateway, AT_ONCE, Version(1, 36)), Version(1, 33));
}

#[test]
fn the_features_are_in_the_order_of_their_versions() {
    assert!(FEATURES.windows(2).all(|pair| pair[0].since <= pair[1].since));
    assert!(
        FEATURES.iter().all(|feature| Version::OLDEST <= feature.since && feature.since <= Version::NEWEST)
    );
}

#[test]
fn the_table_of_the_documentation_is_this_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/envoy.md");
    let (begin, end) = ("<!-- features -->\n", "<!-- /features -->\n");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(begin).unwrap();
    let (written, after) = rest.split_once(end).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, format!("{before}{begin}{}{end}{after}", table())).unwrap();
    } else {
        assert_eq!(written, table(), "write it again: UPDATE_GOLDEN=1 cargo test --bin switchyard the_table");
    }
}
