use std::borrow::Cow;

/// What went wrong, in no one's dialect: each dialect has its own words and status codes for these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request itself is wrong; the same request will fail again.
    InvalidRequest,
    /// No credentials, or wrong ones.
    Authentication,
    /// The credentials do not allow this.
    Permission,
    /// The account has no money or quota left.
    Billing,
    /// No such model, endpoint or object.
    NotFound,
    /// The method is not one that this path answers.
    MethodNotAllowed,
    /// The body is larger than what is accepted.
    TooLarge,
    /// The prompt does not fit the model's context window.
    ContextLength,
    /// The provider refused the content by policy.
    ContentPolicy,
    /// Too many requests or tokens.
    RateLimit,
    /// Nothing came in time.
    Timeout,
    /// The provider is overloaded or down, or no provider is left.
    Overloaded,
    /// The provider failed in another way, or sent what cannot be read.
    Server,
}

impl ErrorKind {
    /// Whether a provider's status speaks of how the gateway asks (its method, media type and headers, where it asks)
    /// or of a state that passes, and not of what the client asked for. A body that calls it an invalid request says
    /// nothing else.
    pub(crate) fn is_no_fault_of_the_request(status: u16) -> bool {
        // 424: a model that failed (Bedrock); 425: too early; 498: no capacity (Groq); 499: cancelled (Google).
        matches!(status, 405..=407 | 409 | 411 | 414 | 415 | 421 | 424..=426 | 428 | 431 | 498 | 499)
    }
}

/// One error, on its way to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// For a person to read. Never holds a secret.
    pub message: String,
    /// Machine-readable detail (`model_not_found`, a provider's own code); `None` lets the dialect choose.
    pub code: Option<Cow<'static, str>>,
    /// The request's field that is to blame, as the client spelled it: `messages[2].content[0].type`.
    pub param: Option<String>,
    /// The status that the provider answered with, if a provider answered.
    pub upstream_status: Option<u16>,
    /// After how many milliseconds the provider wants to be asked again, where its body tells.
    pub retry_after: Option<u64>,
}

impl ApiError {
    /// An error of this kind with nothing but a message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            code: None,
            param: None,
            upstream_status: None,
            retry_after: None,
        }
    }

    /// A request that is wrong at `param`.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..Self::new(ErrorKind::InvalidRequest, message) }
    }

    /// The same error with a machine-readable code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The same error with the field that is to blame.
    #[must_use]
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The same error with the status that the provider answered with.
    #[must_use]
    pub fn with_upstream_status(mut self, status: u16) -> Self {
        self.upstream_status = Some(status);
        self
    }

    /// A provider's error as the client is to see it: what a provider says of the *gateway's* credentials or money is
    /// not about the client's key, must not make a client's SDK think so, and may name the operator's account; nor is
    /// anything else of its words to hold a key or the id of an account. `provider` is its name, where it is known.
    #[must_use]
    pub fn for_client(self, provider: Option<&str>) -> Self {
        let said = match self.kind {
            ErrorKind::Authentication => "refused the gateway's credentials",
            ErrorKind::Permission => "does not allow the gateway's account to do this",
            ErrorKind::Billing => "says that the gateway's account has no quota left",
            _ => return Self { message: without_account(self.message), ..self },
        };
        let name = provider.map_or_else(String::new, |name| format!(" `{name}`"));
        Self::new(ErrorKind::Server, format!("The provider{name} {said}.")).with_code("upstream_account")
    }
}

/// The shortest text that can be a secret: shorter ones are parts of words.
const SHORTEST_SECRET: usize = 8;

impl ApiError {
    /// Removes a secret from the message, whatever form it has.
    pub fn remove(&mut self, secret: &str) {
        if secret.len() >= SHORTEST_SECRET && self.message.contains(secret) {
            self.message = self.message.replace(secret, "[removed]");
        }
    }
}

/// What ids of organisations, projects and keys begin with: OpenAI's, and of others the keys (Anthropic's begin as
/// OpenAI's do) and the access tokens.
const ACCOUNT: [&str; 15] = [
    "org-", "proj_", "sk-", "AIza", "ya29.", "eyJ", "AKIA", "ASIA", "gsk_", "xai-", "pplx-", "csk-", "hf_",
    "nvapi-", "fw_",
];

/// The message without ids of the operator's account and without what looks like a key. OpenAI names the account in
/// messages about limits, and a provider may quote what it was shown: neither is a matter of the client's.
fn without_account(message: String) -> String {
    if !ACCOUNT.iter().any(|prefix| message.contains(prefix)) {
        return message;
    }
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '.');
    let mut out = String::with_capacity(message.len());
    for piece in message.split_inclusive(|c: char| !is_id(c)) {
        let word = piece.trim_end_matches(|c: char| !is_id(c));
        let (word, stop) = word.strip_suffix('.').map_or((word, ""), |word| (word, "."));
        let rest = ACCOUNT.iter().find_map(|prefix| word.strip_prefix(prefix));
        // Digits tell an id from a word like `sk-learn`.
        if rest.is_some_and(|rest| rest.len() >= 8 && rest.contains(|c: char| c.is_ascii_digit() || c == '*'))
        {
            out.push_str("[removed]");
            out.push_str(stop);
            out.push_str(piece.trim_start_matches(is_id));
        } else {
            out.push_str(piece);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateways_own_credentials_are_not_the_clients_matter() {
        let error =
            ApiError::new(ErrorKind::Authentication, "Incorrect API key sk-secret").with_upstream_status(401);
        let seen = error.for_client(Some("openai"));
        assert_eq!((seen.kind, seen.upstream_status), (ErrorKind::Server, None));
        assert_eq!(seen.message, "The provider `openai` refused the gateway's credentials.");
        let other = ApiError::new(ErrorKind::RateLimit, "slow down");
        assert_eq!(other.clone().for_client(None), other);
    }

    #[test]
    fn the_operators_account_is_not_named() {
        for (said, told) in [
            (
                "Rate limit reached for gpt-4o in organization org-Ab12Cd34Ef56 (project `proj_Zx98Yw76Vu`) on tokens. See sk-models-guide.",
                "Rate limit reached for gpt-4o in organization [removed] (project `[removed]`) on tokens. See sk-models-guide.",
            ),
            ("Key sk-ant-api03-Ab_12-x: slow down.", "Key [removed]: slow down."),
            ("API key AIzaSyA1b2C3d4E5 of project 7.", "API key [removed] of project 7."),
            ("token \"ya29.a0AfB_by1-C2\"", "token \"[removed]\""),
            ("Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln,gsk_Ab12Cd34Ef", "Bearer [removed],[removed]"),
            ("the model eyJ is hf_hub", "the model eyJ is hf_hub"),
        ] {
            for kind in [ErrorKind::RateLimit, ErrorKind::Server, ErrorKind::InvalidRequest] {
                let error = ApiError::new(kind, said);
                assert_eq!(error.for_client(None), ApiError::new(kind, told));
            }
        }
    }
}
