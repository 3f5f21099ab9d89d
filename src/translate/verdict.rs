use crate::{
    config::plugin::Elsewhere,
    ir::{ApiError, ErrorKind},
};

/// What a provider's failure means: the filter classifies, Envoy acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Another target may do better: the reply is marked for Envoy's retry.
    pub elsewhere: bool,
    /// The provider itself is unwell: the reply is marked for Envoy's outlier detection.
    pub unwell: bool,
    /// The same target may do better in a moment: where it is the only one, it is asked a second time.
    pub again: bool,
}

impl Verdict {
    /// Classifies `error`. `sole_model`: the configuration uses one model of this provider only, so that a limit of
    /// the model is a limit of all that the provider is used for. `allowed`: which refusals of the request are no last
    /// word, as the configuration says.
    pub fn of(error: &ApiError, sole_model: bool, allowed: Elsewhere) -> Self {
        let (elsewhere, unwell, again) = match error.kind {
            // The same request fails everywhere.
            ErrorKind::InvalidRequest | ErrorKind::MethodNotAllowed => (false, false, false),
            // Policy is not evaded by asking someone else, unless the configuration says that it is another's to judge.
            ErrorKind::ContentPolicy => (allowed.content_policy, false, false),
            // Another model may have the room, or the rights; this one's provider is well.
            ErrorKind::ContextLength | ErrorKind::TooLarge => (allowed.context_length, false, false),
            ErrorKind::NotFound | ErrorKind::Permission => (true, false, false),
            // Limits are counted for each model: one model's limit must not eject its provider for all.
            ErrorKind::RateLimit => (true, sole_model, false),
            // No credential, no money: nothing else it is asked will go better, now or in a moment.
            ErrorKind::Authentication | ErrorKind::Billing => (true, true, false),
            // No capacity, no sense.
            ErrorKind::Timeout | ErrorKind::Overloaded | ErrorKind::Server => (true, true, true),
        };
        Self { elsewhere, unwell, again }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_models_limit_ejects_a_provider_only_where_it_has_no_other() {
        let error = ApiError::new(ErrorKind::RateLimit, "slow down");
        let verdict = |sole| Verdict::of(&error, sole, Elsewhere::default());
        assert_eq!(verdict(false), Verdict { elsewhere: true, unwell: false, again: false });
        assert_eq!(verdict(true), Verdict { elsewhere: true, unwell: true, again: false });
    }

    #[test]
    fn a_wrong_request_is_not_tried_elsewhere() {
        for kind in [ErrorKind::InvalidRequest, ErrorKind::ContentPolicy] {
            let verdict = Verdict::of(&ApiError::new(kind, "no"), true, Elsewhere::default());
            assert_eq!(verdict, Verdict { elsewhere: false, unwell: false, again: false }, "{kind:?}");
        }
    }

    #[test]
    fn the_configuration_says_which_refusals_are_no_last_word() {
        let elsewhere = |kind, context_length, content_policy| {
            let allowed = Elsewhere { context_length, content_policy };
            Verdict::of(&ApiError::new(kind, "no"), true, allowed).elsewhere
        };
        assert!(elsewhere(ErrorKind::ContextLength, true, false));
        assert!(!elsewhere(ErrorKind::ContextLength, false, true));
        assert!(elsewhere(ErrorKind::ContentPolicy, false, true));
        assert!(!elsewhere(ErrorKind::ContentPolicy, true, false));
    }
}
