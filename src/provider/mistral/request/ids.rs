//! Ids of tool calls as Mistral takes them: nine letters and digits (the validator of its open tokenizer,
//! mistral-common, and the API's error 3280 "Tool call id has to be defined" of models up to 2024).

use std::borrow::Cow;

const LENGTH: usize = 9;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The id that stands for a client's: itself where it is legal, else nine digits of its hash. The same id has the same
/// one always, so that calls and results meet, and prompt caches hold. Of a million ids two meet with a chance of 1 in
/// 27,000.
pub(super) fn legal(id: &str) -> Cow<'_, str> {
    if id.len() == LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Cow::Borrowed(id);
    }
    // FNV-1a, and the finalizer of MurmurHash3, so that every bit counts in the low digits.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mix = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mut rest = mix ^ (mix >> 33);
    let digit = |_| {
        let digit = DIGITS.get((rest % 62) as usize).copied().unwrap_or(b'0');
        rest /= 62;
        char::from(digit)
    };
    Cow::Owned((0..LENGTH).map(digit).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_become_legal_and_stay_apart() {
        assert!(matches!(legal("gSIMJiOkT"), Cow::Borrowed("gSIMJiOkT")));
        let ids: Vec<String> =
            (0..10_000).map(|count| format!("call_{count}")).chain(["".into(), "gSIMJiOk_".into()]).collect();
        let found: HashSet<_> = ids.iter().map(|id| legal(id)).collect();
        assert_eq!(found.len(), ids.len());
        assert!(found.iter().all(|id| legal(id) == *id && id.len() == 9));
        assert_eq!(legal("call_1"), legal("call_1"));
    }
}
