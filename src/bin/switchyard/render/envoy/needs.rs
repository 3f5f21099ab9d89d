//! What of a rendering which Envoy has.
//!
//! One table, of which the refusals, the first line of a rendering, the check of `switchyard run` and the table in
//! `docs/envoy.md` are made.

use switchyard::config::{
    file::{
        credentials::{self, Credential},
        types::{Gateway, Provider},
    },
    plugin::Headers,
};

use super::{Role, Shape, version::Version};

/// Something that not every Envoy has.
pub(super) struct Feature {
    /// What it is, as the table and the errors have it.
    what: &'static str,
    /// Where it is in Envoy's configuration.
    field: &'static str,
    /// The first version with it.
    since: Version,
    #[cfg_attr(not(test), expect(dead_code, reason = "the table in the documentation is written by a test"))]
    known: Known,
    without: Without,
    /// Which place of the configuration, or which flag, asks for it; none: it is not used.
    used: fn(&Gateway, Shape) -> Option<String>,
}

/// How it is known which version brought it.
#[derive(Clone, Copy)]
enum Known {
    /// It was tried with this version and the one before.
    Ran,
    /// By Envoy's release notes; the version before was not tried, and of those before 1.36 none was.
    Notes,
}

/// What becomes of a rendering for an Envoy that lacks it.
enum Without {
    /// It is refused; what can be done instead.
    Refused(&'static str),
    /// It is rendered with less; what is lost.
    Less(&'static str),
}

/// One module in both places.
static UPSTREAM: Feature = Feature {
    what: "the filter on each attempt",
    field: "`envoy.filters.http.wasm` among `upstream_http_filters`",
    since: Version(1, 31),
    known: Known::Notes,
    without: Without::Refused("there is no older form"),
    used: |_, shape| (shape.role == Role::Two).then(role),
};

/// Without it the host gives the body only after the headers have gone on.
static HELD: Feature = Feature {
    what: "headers that wait for the body",
    field: "`PluginConfig.allow_on_headers_stop_iteration`",
    since: Version(1, 35),
    known: Known::Notes,
    without: Without::Refused("use `--role standalone --headers at-once`"),
    used: |_, shape| match (shape.role, shape.headers) {
        (Role::Standalone, Headers::Held) => Some("--headers held".to_owned()),
        (Role::Standalone, _) => None,
        _ => Some(role()),
    },
};

static UNWELL: Feature = Feature {
    what: "the filter's word on what counts against a provider",
    field: "`HttpProtocolOptions.outlier_detection.error_matcher`",
    since: Version(1, 36),
    known: Known::Notes,
    without: Without::Refused("use `--role standalone`, where Envoy goes by the status"),
    used: |_, shape| (shape.role == Role::Two).then(role),
};

/// Observed: the process ends with a segmentation fault at the first reply that is to be tried again. Fixed by
/// envoyproxy/envoy#41879 ("Fixed an upstream HTTP filter issue when a route retried on 5xx ...", notes of 1.37.0).
static RETRY_HELD: Feature = Feature {
    what: "another attempt after a reply that the filter holds (1.36 ends with a segmentation fault)",
    field: "`retry_policy` with an upstream filter that stops at the reply's headers",
    since: Version(1, 37),
    known: Known::Ran,
    without: Without::Refused(
        "set it to 1, and no reply leads to another provider; or use `--role standalone`",
    ),
    used: |gateway, shape| {
        let tries = gateway.retries.attempts != Some(1);
        (shape.role == Role::Two && tries).then(|| "retries.attempts".to_owned())
    },
};

/// A larger body is kept where its route says so.
pub(super) static BODY_LIMIT: Feature = Feature {
    what: "a limit of bodies on the gateway's route alone",
    field: "`request_body_buffer_limit`",
    since: Version(1, 37),
    known: Known::Ran,
    without: Without::Less(
        "`per_connection_buffer_limit_bytes` of the listener is raised to it: each connection may hold as much (1.36 \
         knows the field, but goes by it only after the filter has read the body)",
    ),
    used: |_, _| Some("limits.request_bytes".to_owned()),
};

/// Observed: with the limit as it is meant, a held body of more than half of it is not kept for another attempt.
pub(super) static COUNTED_ONCE: Feature = Feature {
    what: "a held body that is counted once where it is kept for another attempt",
    field: "`request_body_buffer_limit`",
    since: Version(1, 38),
    known: Known::Ran,
    without: Without::Less("the limit is written twice as large"),
    used: |_, shape| (shape.role == Role::Two).then(|| "limits.request_bytes".to_owned()),
};

pub(super) static RELOAD: Feature = Feature {
    what: "a new VM after one has failed",
    field: "`PluginConfig.failure_policy`, `reload_config`",
    since: Version(1, 33),
    known: Known::Notes,
    without: Without::Less("a filter that failed answers 503 until Envoy is started again"),
    used: |_, _| Some(role()),
};

pub(super) static NULLS: Feature = Feature {
    what: "`null` in the errors that Envoy writes itself",
    field: "`local_reply_config`, `json_format`",
    since: Version(1, 33),
    known: Known::Notes,
    without: Without::Less("`param` and `request_id` are missing there"),
    used: |_, _| Some("--form".to_owned()),
};

static WEB_IDENTITY: Feature = Feature {
    what: "a token of AWS that is read again when its file changes",
    field: "`assume_role_with_web_identity_provider`",
    since: Version(1, 37),
    known: Known::Notes,
    without: Without::Refused("use `credentials_file`"),
    used: |gateway, _| {
        provider(gateway, "aws.web_identity_token_file", |provider| match credentials::of(provider) {
            Credential::Aws(signer) => signer.aws.web_identity_token_file.is_some(),
            _ => false,
        })
    },
};

static SIGN: Feature = Feature {
    what: "tokens of a Google service account",
    field: "the foreign function `sign`",
    since: Version(1, 37),
    known: Known::Ran,
    without: Without::Refused("use the account of the machine (`google: {}`)"),
    used: |gateway, _| {
        provider(gateway, "google", |provider| match credentials::of(provider) {
            Credential::Google(google) => credentials::is_account(&google),
            _ => false,
        })
    },
};

static KEY_FILES: Feature = Feature {
    what: "keys in files that are read again when they change",
    field: "`HeaderMutation.mutations.formatters`, `envoy.formatter.file_content`",
    since: Version(1, 40),
    known: Known::Ran,
    without: Without::Refused("use `api_key: {env: ...}`"),
    used: |gateway, _| {
        provider(gateway, "api_key.file", |provider| match credentials::of(provider) {
            Credential::Key(key) => key.file.is_some(),
            _ => false,
        })
    },
};

/// In the order of the versions.
static FEATURES: [&Feature; 11] = [
    &UPSTREAM,
    &RELOAD,
    &NULLS,
    &HELD,
    &UNWELL,
    &RETRY_HELD,
    &BODY_LIMIT,
    &WEB_IDENTITY,
    &SIGN,
    &COUNTED_ONCE,
    &KEY_FILES,
];

fn role() -> String {
    "--role".to_owned()
}

/// The path of the first provider of which this holds.
fn provider(gateway: &Gateway, field: &str, holds: fn(&Provider) -> bool) -> Option<String> {
    let index = gateway.providers.iter().position(holds)?;
    Some(format!("providers[{index}].{field}"))
}

impl Feature {
    /// Whether this Envoy has it.
    pub(super) fn is_in(&self, version: Version) -> bool {
        self.since <= version
    }

    /// What is lost without it, for a comment.
    pub(super) fn lost(&self) -> &'static str {
        match self.without {
            Without::Less(lost) | Without::Refused(lost) => lost,
        }
    }

    fn is_refused(&self) -> bool {
        matches!(self.without, Without::Refused(_))
    }
}

/// Whether this Envoy can do what the file and the flags ask for.
///
/// # Errors
/// What it cannot do: a line for each, with the place that asks for it, the version that is needed and what to do.
pub(crate) fn check(gateway: &Gateway, shape: Shape, version: Version) -> Result<(), String> {
    if version < Version::OLDEST {
        let oldest = Version::OLDEST;
        return Err(format!(
            "--envoy-version: {version} is too old: Envoy {oldest} is the oldest with such filters"
        ));
    }
    let missing = FEATURES.iter().filter(|feature| feature.is_refused() && !feature.is_in(version));
    let mistakes: Vec<String> = missing
        .filter_map(|feature| {
            let place = (feature.used)(gateway, shape)?;
            let Feature { what, field, since, .. } = feature;
            let (field, instead) = (field.replace('`', ""), feature.lost());
            Some(format!(
                "{place}: {what} needs Envoy {since} ({field}), and this is for {version}: {instead}"
            ))
        })
        .collect();
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("\n")) }
}

/// The oldest Envoy for which [`check`] passes.
pub(crate) fn oldest(gateway: &Gateway, shape: Shape) -> Version {
    let used =
        FEATURES.iter().filter(|feature| feature.is_refused() && (feature.used)(gateway, shape).is_some());
    used.map(|feature| feature.since).max().unwrap_or(Version::OLDEST)
}

/// The oldest Envoy that takes what is rendered for this one.
pub(super) fn oldest_that_takes(gateway: &Gateway, shape: Shape, version: Version) -> Version {
    let used =
        FEATURES.iter().filter(|feature| feature.is_in(version) && (feature.used)(gateway, shape).is_some());
    used.map(|feature| feature.since).max().unwrap_or(Version::OLDEST)
}

/// The table in `docs/envoy.md`.
#[cfg(test)]
fn table() -> String {
    let mut out = String::from(
        "| what | in Envoy's configuration | since | known | without it |\n|---|---|---|---|---|\n",
    );
    for feature in FEATURES {
        let known = match feature.known {
            Known::Ran => "tried with it and the one before",
            Known::Notes if feature.since < Version(1, 36) => "by its release notes, not run",
            Known::Notes => "by its release notes",
        };
        let without = match feature.without {
            Without::Refused(instead) => format!("refused: {instead}"),
            Without::Less(lost) => lost.to_owned(),
        };
        let (what, field, since) = (feature.what, feature.field, feature.since);
        out.push_str(&format!("| {what} | {field} | {since} | {known} | {without} |\n"));
    }
    out
}

#[cfg(test)]
mod tests;
