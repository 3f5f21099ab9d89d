//! Variables of base URLs and paths, and quirks.

use super::is_clean;
use crate::{
    config::file::{
        finding::Findings,
        kinds::{self, Kind},
        quirks::Quirks,
        types::Provider,
        variables::{self, Variable},
    },
    provider::Format,
};

/// Members of a request that the gateway itself writes.
const OWN: &[&str] = &["model", "messages", "stream", "stream_options"];

/// Checks a provider's variables; `false`: its address cannot be told.
pub(super) fn check(provider: &Provider, path: &str, findings: &mut Findings) -> bool {
    let kind = kinds::kind(&provider.kind);
    let mut complete = true;
    for &variable in Variable::ALL {
        let at = format!("{path}.{}", variable.name());
        match (variable.of(provider), kind) {
            (Some(value), _) if !variable.is_legal(value) => {
                findings.mistake(&at, format!("{value:?} must be {}", variable.takes()));
                complete = false;
            }
            (Some(_), Some(kind)) if !is_used(variable, provider, kind) => {
                findings.warning(&at, format!("is not used: type {} has no place for it", kind.name));
            }
            (None, Some(kind)) => complete &= !is_missing(variable, provider, kind, &at, findings),
            _ => {}
        }
    }
    complete
}

/// Whether the provider's texts have a place for it; or its type's, where they are overridden: it may be wanted besides.
fn is_used(variable: Variable, provider: &Provider, kind: &Kind) -> bool {
    let own = variables::texts(provider, kind).any(|text| variable.is_in(text));
    own || kind.base_url.is_some_and(|text| variable.is_in(text))
}

fn is_missing(
    variable: Variable,
    provider: &Provider,
    kind: &Kind,
    at: &str,
    findings: &mut Findings,
) -> bool {
    let missing = variables::texts(provider, kind).any(|text| variable.is_in(text));
    if missing {
        let of_kind = [kind.base_url, Some(kind.path), kind.stream_path];
        let by = if of_kind.into_iter().flatten().any(|text| variable.is_in(text)) {
            format!("type {}", kind.name)
        } else {
            "a path of this provider".to_owned()
        };
        findings.mistake(at, format!("is missing: {by} needs it"));
    }
    missing
}

/// Checks a provider's quirks.
pub(super) fn quirks(provider: &Provider, path: &str, findings: &mut Findings) {
    let Some(quirks) = &provider.quirks else { return };
    let path = format!("{path}.quirks");
    let format = provider.format.or_else(|| kinds::kind(&provider.kind).map(|kind| kind.format));
    if format.is_some_and(|format| format != Format::Openai) {
        findings.warning(&path, "has no effect: only requests in OpenAI's format have quirks");
    }
    for name in names(quirks) {
        if !is_clean(name) {
            findings.mistake(&path, "names of fields must not be empty or hold control characters");
        }
    }
    for (field, range) in quirks.clamp.iter().flatten() {
        if !(range.min.is_finite() && range.max.is_finite() && range.min <= range.max) {
            findings.mistake(&format!("{path}.clamp.{field}"), "min must not be larger than max");
        }
    }
    let written = quirks.fixed.iter().flatten().map(|(name, _)| ("fixed", name));
    let written = written.chain(quirks.rename.iter().flatten().map(|(name, _)| ("rename", name)));
    for (kind, name) in written.filter(|(_, name)| OWN.contains(&name.as_str())) {
        findings
            .mistake(&format!("{path}.{kind}.{name}"), format!("{name} is written by the gateway itself"));
    }
}

fn names(quirks: &Quirks) -> impl Iterator<Item = &str> {
    let rename = quirks.rename.iter().flatten().flat_map(|(ours, theirs)| [ours, theirs]);
    let refuses = quirks.refuses.iter().chain(&quirks.takes).flatten();
    let fixed = quirks.fixed.iter().flatten().map(|(name, _)| name);
    let clamp = quirks.clamp.iter().flatten().map(|(name, _)| name);
    let values = quirks.values.iter().flatten().map(|(name, _)| name);
    rename.chain(refuses).chain(fixed).chain(clamp).chain(values).map(String::as_str)
}
