//! What `gateway.yaml` may say and Kong cannot do.

use switchyard::config::{
    file::{
        compile,
        credentials::{self, Credential},
        types::{self, Gateway},
    },
    plugin::{Provider, RoleName},
};

use super::{encoded, version::Version};

/// The most failures in a row that Kong counts (`kong/db/schema/entities/upstreams.lua`).
const MOST_FAILURES: u32 = 255;

/// What must not be rendered: each begins with its path in the file.
pub(super) fn mistakes(gateway: &Gateway, version: Version) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for (index, provider) in gateway.providers.iter().enumerate() {
        told.extend(credential(provider, version).map(|text| format!("providers[{index}]{text}")));
    }
    if version.takes_objects() {
        told.extend(changed(gateway));
    }
    if gateway.files.is_some() {
        told.push(
            "files: Kong's filter has no endpoints of files, batches and uploads: they are not asked for by model, \
             and uploads are not held"
                .to_owned(),
        );
    }
    if gateway.cors.is_some() {
        told.push(
            "cors: is Envoy's filter; Kong has a plugin of that name: leave this out, and attach that to the routes"
                .to_owned(),
        );
    }
    if gateway.outlier.consecutive_failures > MOST_FAILURES {
        told.push(format!("outlier.consecutive_failures: Kong counts to {MOST_FAILURES} at most"));
    }
    if !is_nginx_word(&gateway.tls.ca_file) {
        told.push("tls.ca_file: is no path that a line of kong.conf can hold".to_owned());
    }
    told
}

/// Values that a file may have and that Kong would change on their way to the filter.
fn changed(gateway: &Gateway) -> Vec<String> {
    let providers = compile::plugin(gateway, RoleName::Standalone).map(|plugin| plugin.providers);
    let providers = providers.unwrap_or_default();
    let of = |(index, provider): (usize, Provider)| {
        let fixed = provider
            .quirks
            .fixed
            .into_iter()
            .map(|(name, json)| (format!("fixed.{name}"), json.get().to_owned()));
        let clamp = provider.quirks.clamp.into_iter().flat_map(|(name, least, most)| {
            [least, most].map(|number| (format!("clamp.{name}"), number.to_string()))
        });
        let lost = |json: &str| serde_json::from_str(json).is_ok_and(|value| encoded::kept(&value).is_err());
        let all: Vec<_> = fixed.chain(clamp).filter(|(_, json)| lost(json)).collect();
        all.into_iter().map(move |(name, _)| format!("providers[{index}].quirks.{name}: {CHANGED}"))
    };
    providers.into_iter().enumerate().flat_map(of).collect()
}

/// See [`encoded`].
const CHANGED: &str = "has an empty list, null, or a number of more than 14 digits: Kong writes the filter's configuration \
                       anew, and would not keep it";

/// Why a provider's credential cannot be had on Kong, with the rest of its path.
fn credential(provider: &types::Provider, version: Version) -> Option<String> {
    let member = |set: bool, name: &str| if set { format!(".{name}") } else { String::new() };
    match credentials::of(provider) {
        Credential::None => None,
        Credential::Key(key) => match (&key.env, &key.file) {
            (_, Some(_)) => {
                Some(".api_key.file: only Envoy reads key files for the filter; use env, or value".to_owned())
            }
            (Some(name), _) if !is_variable(name) => {
                Some(".api_key.env: is no name of a variable that nginx can pass to its workers".to_owned())
            }
            (Some(_), _) if !version.reads_environment() => Some(format!(
                ".api_key.env: filters cannot read the environment safely in Kong {version}, only from 3.7 on; use value"
            )),
            _ => None,
        },
        Credential::Aws(_) => Some(format!(
            "{}: requests to AWS are signed by Envoy; Kong has nothing that signs what the filter writes. A Bedrock API key \
             (api_key) needs no signature",
            member(provider.aws.is_some(), "aws")
        )),
        Credential::Google(_) => Some(format!(
            "{}: access tokens of Google accounts are got through Envoy",
            member(provider.google.is_some(), "google")
        )),
        Credential::Azure(_) => {
            Some(".azure: access tokens of Microsoft Entra are got through Envoy; use api_key".to_owned())
        }
    }
}

/// What the file says and has no meaning on Kong: as `path: why`.
pub(super) fn ignored(gateway: &Gateway) -> impl Iterator<Item = &'static str> {
    let limits = &gateway.limits;
    let default = types::Limits::default();
    [
        (gateway.access_log, "access_log: Kong writes its own log"),
        (gateway.admin.is_some(), "admin: is Envoy's admin page"),
        (limits.memory_bytes != default.memory_bytes, "limits.memory_bytes: is the limit of Envoy's heap"),
    ]
    .into_iter()
    .filter_map(|(said, told)| said.then_some(told))
}

/// Text that nginx reads as one word, and `kong.conf` as it stands.
fn is_nginx_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte);
    !text.is_empty() && text.bytes().all(plain)
}

/// A variable's name (POSIX.1-2017, 8.1), which nginx's `env` takes.
fn is_variable(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
