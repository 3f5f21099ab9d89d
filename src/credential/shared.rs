//! What the workers share of one token, and who gets the next one, and when.
//!
//! The state lies in the host's shared data and is changed by compare-and-swap only: of the workers that see that a token
//! is due, the one whose change goes through asks for it, and the others see its claim.

/// How long a claim to ask holds, in milliseconds: longer than the call itself may take. It ends by itself, for a worker
/// that asks may be gone before its answer comes.
const CLAIM: u64 = 15_000;
/// The longest wait after failures, in milliseconds; it begins with one second and doubles.
const LONGEST_WAIT: u64 = 30_000;
/// A token is renewed this long before its end, in milliseconds, or for a short one a quarter of its time before.
/// Google's metadata server gives a new one only in the last five minutes, so later is of more use than earlier.
const EARLY: u64 = 240_000;
/// A token is not used in its last moments, in milliseconds, or for a short one in its last eighth: clocks differ, and the
/// request takes a while.
const MARGIN: u64 = 15_000;
/// A token that a provider refused is renewed, but none that is newer than this, in milliseconds: it is not the token then.
const YOUNG: u64 = 60_000;

/// What is shared. Times are milliseconds of Unix time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// The token; empty: none yet.
    token: String,
    /// When it was got.
    since: u64,
    /// When it ends.
    until: u64,
    /// Nobody asks before this time: someone has just asked, or failed.
    quiet: u64,
    /// Failures since the last token.
    failures: u32,
}

impl Shared {
    /// Reads what [`Self::write`] wrote. Anything else is as if there were nothing.
    pub fn read(bytes: &[u8]) -> Self {
        Self::parse(bytes).unwrap_or_default()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(bytes).ok()?.split(' ');
        let mut number = || words.next()?.parse::<u64>().ok();
        let (since, until, quiet) = (number()?, number()?, number()?);
        let failures = u32::try_from(number()?).ok()?;
        Some(Shared { since, until, quiet, failures, token: words.next()?.to_owned() })
    }

    /// As bytes for the host.
    pub fn write(&self) -> Vec<u8> {
        let Shared { token, since, until, quiet, failures } = self;
        format!("{since} {until} {quiet} {failures} {token}").into_bytes()
    }

    /// The token, while it can be used.
    pub fn usable(&self, now: u64) -> Option<&str> {
        let margin = MARGIN.min(self.lifetime() / 8);
        (!self.token.is_empty() && now < self.until.saturating_sub(margin)).then_some(self.token.as_str())
    }

    /// Whether it is time to ask for a token. `refused`: a provider has refused the one there is.
    pub fn is_due(&self, now: u64, refused: bool) -> bool {
        let early = EARLY.min(self.lifetime() / 4);
        let old = self.token.is_empty() || now >= self.until.saturating_sub(early);
        now >= self.quiet && (old || (refused && now >= self.since.saturating_add(YOUNG)))
    }

    /// The state after someone has said that they ask.
    #[must_use]
    pub fn claimed(&self, now: u64) -> Self {
        Shared { quiet: now.saturating_add(CLAIM), ..self.clone() }
    }

    /// The state after a token has come. `lifetime` in seconds.
    #[must_use]
    pub fn renewed(token: String, lifetime: u64, now: u64) -> Self {
        let until = now.saturating_add(lifetime.saturating_mul(1000));
        // One that ends at once would be asked for without a pause.
        Shared { token, since: now, until, quiet: now.saturating_add(1000), failures: 0 }
    }

    /// The state after nothing has come. The old token stays, for as long as it holds.
    #[must_use]
    pub fn failed(&self, now: u64) -> Self {
        let wait = 1000u64.checked_shl(self.failures).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
        Shared {
            quiet: now.saturating_add(wait),
            failures: self.failures.saturating_add(1).min(30),
            ..self.clone()
        }
    }

    fn lifetime(&self) -> u64 {
        self.until.saturating_sub(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    #[test]
    fn one_asks_and_the_others_see_it() {
        let none = Shared::read(b"");
        assert!(none.is_due(NOW, false) && none.usable(NOW).is_none());
        let claimed = none.claimed(NOW);
        assert!(!claimed.is_due(NOW + CLAIM - 1, false));
        assert!(claimed.is_due(NOW + CLAIM, false), "whoever asked may be gone");
    }

    #[test]
    fn a_token_is_renewed_before_it_ends_and_not_used_at_its_end() {
        let got = Shared::renewed("t".into(), 3600, NOW);
        let end = NOW + 3_600_000;
        assert!(!got.is_due(end - EARLY - 1, false) && got.is_due(end - EARLY, false));
        assert_eq!((got.usable(end - MARGIN - 1), got.usable(end - MARGIN)), (Some("t"), None));
        // While it is renewed, the old one is used.
        assert_eq!(got.claimed(end - EARLY).usable(end - EARLY), Some("t"));
        assert_eq!(got.failed(end - EARLY).usable(end - EARLY), Some("t"));
        let short = Shared::renewed("t".into(), 8, NOW);
        assert!(!short.is_due(NOW + 5_999, false) && short.is_due(NOW + 6_000, false));
        assert_eq!((short.usable(NOW + 6_999), short.usable(NOW + 7_000)), (Some("t"), None));
        let none = Shared::renewed("t".into(), 0, NOW);
        assert!(none.usable(NOW).is_none() && !none.is_due(NOW, false));
    }

    #[test]
    fn failures_wait_longer_and_longer_up_to_a_limit() {
        let mut state = Shared::default();
        let waits: Vec<u64> = (0..40)
            .map(|_| {
                state = state.failed(NOW);
                state.quiet - NOW
            })
            .collect();
        assert_eq!(&waits[..6], [1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
        assert_eq!(waits[39], 30_000);
        assert!(!state.is_due(NOW + 29_999, false) && state.is_due(NOW + 30_000, false));
    }

    #[test]
    fn a_refused_token_is_renewed_unless_it_is_young() {
        let got = Shared::renewed("t".into(), 3600, NOW);
        assert!(!got.is_due(NOW + YOUNG - 1, true) && got.is_due(NOW + YOUNG, true));
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        let got = Shared::renewed("ya29.a-b_c".into(), 3600, NOW).failed(NOW);
        assert_eq!(Shared::read(&got.write()), got);
        assert_eq!(Shared::read(&Shared::default().write()), Shared::default());
        for wrong in [&b"1 2"[..], b"a b c d e", b"\xff", b"1 2 3 99999999999 t"] {
            assert_eq!(Shared::read(wrong), Shared::default());
        }
    }
}
