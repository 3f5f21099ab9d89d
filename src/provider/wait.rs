//! For how long a provider wants not to be asked again: `Retry-After` in both its forms (RFC 9110 section 10.2.3), and
//! `retry-after-ms`, which OpenAI, Azure and the vendors' SDKs know beside it and which says the same more exactly.

use std::time::{Duration, UNIX_EPOCH};

/// The header of whole seconds, or of a date.
pub const RETRY_AFTER: &str = "retry-after";
/// The header of milliseconds.
pub const RETRY_AFTER_MS: &str = "retry-after-ms";

/// Longer than this is no time to wait, but a mistake: a date far off, or seconds that are milliseconds.
const MOST: u64 = 31 * 24 * 3600 * 1000;

/// The time to wait in milliseconds, by the headers of a reply; `None` where they do not tell one. `now`: Unix time in
/// milliseconds, for dates.
pub fn of_headers<'h>(header: impl Fn(&str) -> Option<&'h [u8]>, now: u64) -> Option<u64> {
    let text = |name| std::str::from_utf8(header(name)?).ok().map(str::trim);
    text(RETRY_AFTER_MS)
        .and_then(|value| millis(value, 1))
        .or_else(|| text(RETRY_AFTER).and_then(|value| millis(value, 1000).or_else(|| date(value, now))))
}

/// A number, which some write with a fraction. Rounded up: who comes too early asks for nothing.
fn millis(value: &str, each: u64) -> Option<u64> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    // As much of the fraction as counts; Rust's own reader would take a sign.
    let thousandths = format!("{:0<3}", fraction.get(..3).unwrap_or(fraction));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then_some(());
    digits(whole).and(digits(fraction))?;
    let thousands = whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(thousandths.parse().ok()?)?;
    let millis = thousands.checked_mul(each)?.div_ceil(1000);
    (1..=MOST).contains(&millis).then_some(millis)
}

fn date(value: &str, now: u64) -> Option<u64> {
    let then = httpdate::parse_http_date(value).ok()?;
    let now = UNIX_EPOCH.checked_add(Duration::from_millis(now))?;
    let wait = u64::try_from(then.duration_since(now).ok()?.as_millis()).ok()?;
    (1..=MOST).contains(&wait).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(pairs: &[(&str, &str)]) -> Option<u64> {
        let find =
            |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes());
        // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
        of_headers(find, 784_111_777_000)
    }

    #[test]
    fn seconds_milliseconds_and_dates() {
        assert_eq!(wait(&[("retry-after", "30")]), Some(30_000));
        assert_eq!(wait(&[("retry-after", " 1.5 ")]), Some(1_500));
        assert_eq!(wait(&[("retry-after-ms", "1500")]), Some(1_500));
        assert_eq!(wait(&[("retry-after", "2"), ("retry-after-ms", "1234.2")]), Some(1_235));
        assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")]), Some(30_000));
        assert_eq!(wait(&[("retry-after", "Sunday, 06-Nov-94 08:50:07 GMT")]), Some(30_000));
    }

    #[test]
    fn what_says_nothing() {
        for value in
            ["0", "-1", "soon", "", "1e3", "inf", "NaN", "99999999999", "Sun, 06 Nov 1994 08:49:37 GMT"]
        {
            assert_eq!(wait(&[("retry-after", value)]), None, "{value}");
        }
        assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1990 08:49:37 GMT")]), None);
        assert_eq!(wait(&[("retry-after", "5"), ("retry-after-ms", "x")]), Some(5_000));
    }
}
