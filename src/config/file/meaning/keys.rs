//! Keys of clients.

use super::{is_clean, unique};
use crate::{
    config::file::{
        finding::Findings,
        nearest,
        types::{Gateway, Key},
    },
    route::pattern,
};

pub(super) fn check(gateway: &Gateway, findings: &mut Findings) {
    let keys = gateway.keys.iter().enumerate();
    unique(keys.clone().map(|(index, key)| (format!("keys[{index}].name"), key.name.as_str())), findings);
    unique(keys.clone().map(|(index, key)| (format!("keys[{index}].sha256"), key.sha256.as_str())), findings);
    for (index, key) in keys {
        let path = format!("keys[{index}]");
        if !is_clean(&key.name) {
            findings.mistake(&format!("{path}.name"), "must not be empty or hold control characters");
        }
        sum(key, &format!("{path}.sha256"), findings);
        models(key, &path, gateway, findings);
        if key.limits.is_some() {
            findings.warning(&format!("{path}.limits"), "limits of keys are not enforced yet");
        }
    }
}

fn sum(key: &Key, at: &str, findings: &mut Findings) {
    if key.sha256.len() != 64 || !key.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        // Not repeated: who puts the key itself here must not find it in a log.
        findings.mistake(
            at,
            "must be the SHA-256 of the key, 64 hexadecimal digits; `switchyard keys new` makes both",
        );
    }
}

fn models(key: &Key, path: &str, gateway: &Gateway, findings: &mut Findings) {
    for (index, allowed) in key.models.iter().enumerate() {
        let at = format!("{path}.models[{index}]");
        if !is_clean(allowed) {
            findings.mistake(&at, "must not be empty or hold control characters");
            continue;
        }
        let mut names = gateway.models.iter().map(|model| model.name.as_str());
        let met = |name: &str| pattern::matches(allowed, name) || pattern::matches(name, allowed);
        if !pattern::is_pattern(allowed) && !names.clone().any(met) {
            let hint = nearest::hint(allowed, &mut names);
            findings.warning(&at, format!("no model is called {allowed:?}{hint}"));
        }
    }
}
