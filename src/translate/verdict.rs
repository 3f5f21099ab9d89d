use crate::ir::{ApiError, ErrorKind};

/// What a provider's failure means: the filter classifies, Envoy acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Another target may do better: the reply is marked for Envoy's retry.
    pub elsewhere: bool,
    /// The provider itself is unwell: the reply is marked for Envoy's outlier detection.
    pub unwell: bool,
}

impl Verdict {
    /// Classifies `error`. `sole_model`: the configuration uses one model of this provider only, so that a limit of
    /// the model is a limit of all that the provider is used for.
    pub fn of(error: &ApiError, sole_model: bool) -> Self {
        let (elsewhere, unwell) = match error.kind {
            // The same request fails everywhere, or policy must not be evaded by asking someone else.
            ErrorKind::InvalidRequest | ErrorKind::ContentPolicy | ErrorKind::MethodNotAllowed => {
                (false, false)
            }
            // Another model may have the room, or the rights; this one's provider is well.
            ErrorKind::ContextLength | ErrorKind::TooLarge | ErrorKind::NotFound | ErrorKind::Permission => {
                (true, false)
            }
            // Limits are counted for each model: one model's limit must not eject its provider for all.
            ErrorKind::RateLimit => (true, sole_model),
            // No credential, no money, no capacity, no sense: nothing else it is asked will go better.
            ErrorKind::Authentication
            | ErrorKind::Billing
            | ErrorKind::Timeout
            | ErrorKind::Overloaded
            | ErrorKind::Server => (true, true),
        };
        Self { elsewhere, unwell }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_models_limit_ejects_a_provider_only_where_it_has_no_other() {
        let error = ApiError::new(ErrorKind::RateLimit, "slow down");
        assert_eq!(Verdict::of(&error, false), Verdict { elsewhere: true, unwell: false });
        assert_eq!(Verdict::of(&error, true), Verdict { elsewhere: true, unwell: true });
    }

    #[test]
    fn a_wrong_request_is_not_tried_elsewhere() {
        for kind in [ErrorKind::InvalidRequest, ErrorKind::ContentPolicy] {
            let verdict = Verdict::of(&ApiError::new(kind, "no"), true);
            assert_eq!(verdict, Verdict { elsewhere: false, unwell: false }, "{kind:?}");
        }
    }
}
