//! Credentials of AWS, Google and Microsoft Entra.

use super::{Surroundings, is_clean, is_config_path, providers};
use crate::{
    config::file::{
        credentials::{self, Credential, GOOGLE_TOKENS},
        finding::Findings,
        types::{Aws, Azure, Gateway, Google, Hidden, Part, Provider},
    },
    credential::Account,
};

pub(super) fn check(gateway: &Gateway, around: &dyn Surroundings, findings: &mut Findings) {
    for (index, provider) in gateway.providers.iter().enumerate() {
        let check = Check { provider, path: format!("providers[{index}]"), around };
        check.one_of_all(findings);
        if let Some(own) = &provider.aws {
            check.aws(own, findings);
        }
        if let Some(own) = &provider.google {
            check.google(own, findings);
        }
        if let Some(own) = &provider.azure {
            check.azure(own, findings);
        }
        check.derived(findings);
    }
}

/// Reads what stands in the rendering.
pub(super) fn fill(provider: &mut Provider, around: &dyn Surroundings) {
    let read = |part: &mut Option<Part>| {
        if let Some(part) = part {
            part.read = Hidden::new(part.env.as_deref().and_then(|name| around.env_text(name)));
        }
    };
    if let Some(aws) = &mut provider.aws {
        [&mut aws.access_key, &mut aws.secret_key, &mut aws.session_token].into_iter().for_each(read);
    }
    if let Some(google) = &mut provider.google {
        google.read =
            Hidden::new(google.service_account_file.as_deref().and_then(|path| around.file_text(path)));
        // Only to be checked: the filter reads the variable itself.
        read(&mut google.service_account);
    }
}

struct Check<'c> {
    provider: &'c Provider,
    path: String,
    around: &'c dyn Surroundings,
}

impl Check<'_> {
    fn one_of_all(&self, findings: &mut Findings) {
        let Provider { api_key, aws, google, azure, .. } = self.provider;
        let set = [api_key.is_some(), aws.is_some(), google.is_some(), azure.is_some()];
        let set = set.iter().filter(|set| **set).count();
        if set > 1 {
            let text = format!("has {set} credentials: use one of api_key, aws, google and azure");
            findings.mistake(&self.path, text);
        }
    }

    fn aws(&self, aws: &Aws, findings: &mut Findings) {
        let path = format!("{}.aws", self.path);
        let ways = [aws.access_key.is_some(), aws.credentials_file.is_some(), aws.role_arn.is_some()];
        if ways.iter().filter(|way| **way).count() > 1 {
            findings.mistake(&path, "use one of access_key, credentials_file and role_arn");
        }
        let mut half = |one: bool, name: &str, other: bool, wanted: &str| {
            if one && !other {
                findings.mistake(&path, format!("{name} needs {wanted}"));
            }
        };
        let (key, secret) = (aws.access_key.is_some(), aws.secret_key.is_some());
        let (role, identity) = (aws.role_arn.is_some(), aws.web_identity_token_file.is_some());
        half(key, "access_key", secret, "secret_key");
        half(secret, "secret_key", key, "access_key");
        half(aws.session_token.is_some(), "session_token", key, "access_key");
        half(role, "role_arn", identity, "web_identity_token_file");
        half(identity, "web_identity_token_file", role, "role_arn");
        let file = aws.credentials_file.is_some();
        half(aws.profile.is_some(), "profile", file, "credentials_file; or set AWS_PROFILE where Envoy runs");
        for (name, text) in [("region", &aws.region), ("profile", &aws.profile), ("role_arn", &aws.role_arn)]
        {
            if text.as_ref().is_some_and(|text| !is_clean(text) || text.contains(' ')) {
                findings.mistake(
                    &format!("{path}.{name}"),
                    "must not be empty or hold spaces or control characters",
                );
            }
        }
        let parts = [
            ("access_key", &aws.access_key),
            ("secret_key", &aws.secret_key),
            ("session_token", &aws.session_token),
        ];
        for (name, part) in parts {
            if let Some(part) = part {
                self.part(part, &format!("{path}.{name}"), findings);
            }
        }
        for (name, file) in [
            ("credentials_file", &aws.credentials_file),
            ("web_identity_token_file", &aws.web_identity_token_file),
        ] {
            if let Some(file) = file {
                self.envoys_file(file, &format!("{path}.{name}"), findings);
            }
        }
    }

    fn google(&self, google: &Google, findings: &mut Findings) {
        let path = format!("{}.google", self.path);
        let ways = [google.service_account_file.is_some(), google.service_account.is_some(), google.metadata];
        if ways.iter().filter(|way| **way).count() > 1 {
            findings.mistake(&path, "use one of service_account_file, service_account and metadata");
        }
        if let Some(file) = &google.service_account_file {
            let at = format!("{path}.service_account_file");
            match google.read.text() {
                Some(key) => account(key, google, &at, file, findings),
                None => {
                    findings.mistake(&at, format!("{file} cannot be read: it is read when this is rendered"))
                }
            }
        }
        if let Some(part) = &google.service_account {
            let at = format!("{path}.service_account");
            self.part(part, &at, findings);
            if let Some(key) = part.text() {
                account(key, google, &at, "the key", findings);
            }
        }
    }

    fn azure(&self, azure: &Azure, findings: &mut Findings) {
        let path = format!("{}.azure", self.path);
        let tenant = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if azure.tenant_id.is_empty() || !azure.tenant_id.bytes().all(tenant) {
            findings.mistake(&format!("{path}.tenant_id"), "must be a directory's id or domain");
        }
        if !is_clean(&azure.client_id) {
            findings.mistake(&format!("{path}.client_id"), "must not be empty or hold control characters");
        }
        self.part(&azure.client_secret, &format!("{path}.client_secret"), findings);
    }

    /// What follows from the provider's type and address as well as from what the file says of its credential.
    fn derived(&self, findings: &mut Findings) {
        if let Credential::Aws(signer) = credentials::of(self.provider)
            && signer.region.is_empty()
        {
            let text = "has no region, and its host's name tells none: set aws.region";
            findings.mistake(&self.path, text);
        }
        let block = if self.provider.azure.is_some() { "azure" } else { "google" };
        let at = format!("{}.{block}.token_url", self.path);
        match credentials::token_url(self.provider) {
            Some(Err(mistake)) => findings.mistake(&at, mistake),
            // Whoever reads along on the way gets the token, or what it is got with.
            Some(Ok(url)) if !url.tls && !is_near(&url.host) => {
                findings.mistake(&at, "must begin with https://");
            }
            _ => {}
        }
    }

    fn part(&self, part: &Part, at: &str, findings: &mut Findings) {
        match (&part.env, &part.value) {
            (Some(name), None) => providers::env(name, &format!("{at}.env"), self.around, findings),
            (None, Some(value)) if value.is_empty() => findings.mistake(&format!("{at}.value"), "is empty"),
            (None, Some(_)) => {}
            _ => findings.mistake(at, "needs exactly one of env and value"),
        }
    }

    fn envoys_file(&self, file: &str, at: &str, findings: &mut Findings) {
        if !is_config_path(file) {
            findings.mistake(at, format!("{file:?} is no path that Envoy's configuration can hold"));
        } else if !self.around.has_file(file) {
            findings.warning(
                at,
                format!("{file} is not on this machine: requests would go out unsigned, and be refused"),
            );
        }
    }
}

/// The key of a service account. `what` it is called; nothing of it is told.
fn account(key: &str, google: &Google, at: &str, what: &str, findings: &mut Findings) {
    match Account::read(key) {
        Err(why) => findings.mistake(at, format!("{what} {why}")),
        Ok(account) => {
            // A key file is not to say where the assertion made with it is sent: gateway.yaml does.
            let wanted = google.token_url.as_deref().unwrap_or(GOOGLE_TOKENS);
            if account.token_uri().is_some_and(|uri| uri != wanted) {
                findings.mistake(
                    at,
                    format!("{what} names another token_uri than {wanted}: set google.token_url"),
                );
            }
        }
    }
}

/// Hosts that are reached without leaving the machine: its own addresses, and those of Google's metadata server.
fn is_near(host: &str) -> bool {
    let loopback = host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    loopback || matches!(host, "localhost" | "metadata.google.internal" | "169.254.169.254")
}
