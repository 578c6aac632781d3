//! When a provider says that we may come back.
//!
//! `Retry-After` in seconds or as a date, `retry-after-ms`, the reset headers of the big providers, and the retry delay in
//! Google's error bodies. Sources: the providers' public rate-limit references, seen 2026-11. Nonsense is ignored; what is
//! too long is capped by the caller.

use domain::time::Timestamp;
use http::{HeaderMap, HeaderName};
use std::time::Duration;

/// Pairs of headers: what is left, and when it is full again.
const RESETS: [(&str, &str); 10] = [
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
    ("x-ratelimit-remaining-tokens-minute", "x-ratelimit-reset-tokens-minute"),
    ("x-ratelimit-remaining-req-minute", "x-ratelimit-reset-req-minute"),
];

/// The wait that the head of a refusal asks for.
pub fn of_head(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &'static str| headers.get(HeaderName::from_static(name))?.to_str().ok().map(str::trim);
    if let Some(millis) = text("retry-after-ms").and_then(|text| text.parse().ok()) {
        return Some(Duration::from_millis(millis));
    }
    if let Some(wait) = text("retry-after").and_then(|text| retry_after(text, now)) {
        return Some(wait);
    }
    // Only what is used up had to do with the refusal; the last of those to be full again decides.
    let is_used_up = |name| text(name).is_some_and(|left| left.parse::<f64>().is_ok_and(|left| left <= 0.0));
    RESETS.into_iter().filter(|(left, _)| is_used_up(left)).filter_map(|(_, reset)| reset_in(text(reset)?, now)).max()
}

/// The retry delay in a body of Google's error format.
pub fn of_body(body: &[u8]) -> Option<Duration> {
    let document: serde_json::Value = serde_json::from_slice(body).ok()?;
    let error = document.get(0).unwrap_or(&document).get("error")?;
    let details = error.get("details")?.as_array()?;
    details.iter().find_map(|detail| spelled_out(detail.get("retryDelay")?.as_str()?))
}

/// Seconds or an HTTP date; a date in the past is no hint.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_not_a_number) => {
            let at = httpdate::parse_http_date(text).ok()?;
            let since_epoch = at.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
            Some(Duration::from_secs(since_epoch.checked_sub(u64::try_from(now.seconds()).ok()?)?))
        }
    }
}

/// A reset in any of the spellings in use: `6m0s`, an RFC 3339 date, seconds from now, or seconds or milliseconds since 1970.
fn reset_in(text: &str, now: Timestamp) -> Option<Duration> {
    if let Some(at) = Timestamp::parse_rfc3339(text) {
        return Some(at.since(now)).filter(|wait| !wait.is_zero());
    }
    let Ok(number) = text.parse::<f64>() else { return spelled_out(text) };
    let epoch_seconds = u32::try_from(now.seconds()).ok().map(f64::from)?;
    let seconds = if number > epoch_seconds * 100.0 {
        number / 1000.0 - epoch_seconds
    } else if number > epoch_seconds / 2.0 {
        number - epoch_seconds
    } else {
        number
    };
    Duration::try_from_secs_f64(seconds).ok()
}

/// `1h2m3.5s`, `20ms`, `17s`.
fn spelled_out(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number: f64 = rest.get(..digits)?.parse().ok()?;
        let tail = rest.get(digits..)?;
        let letters = tail.find(|letter: char| letter.is_ascii_digit()).unwrap_or(tail.len());
        sum += number
            * match tail.get(..letters)? {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                "us" | "µs" => 0.000_001,
                _ => return None,
            };
        rest = tail.get(letters..)?;
    }
    Duration::try_from_secs_f64(sum).ok().filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{of_body, of_head};
    use domain::time::Timestamp;
    use http::{HeaderMap, HeaderName, HeaderValue};
    use std::time::Duration;

    fn hint(headers: &[(&'static str, &str)]) -> Option<u64> {
        let now = Timestamp::parse_rfc3339("2026-11-21T12:00:00Z").unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        of_head(&map, now).map(|wait| u64::try_from(wait.as_millis()).unwrap())
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_date_and_nonsense_is_ignored() {
        for (value, expected) in [
            ("2", Some(2000)),
            ("Sat, 21 Nov 2026 12:00:30 GMT", Some(30_000)),
            ("Sat, 21 Nov 2026 11:59:00 GMT", None),
            ("soon", None),
            ("-5", None),
            ("1.5e3", None),
            ("1000000000", Some(1_000_000_000_000)),
        ] {
            assert_eq!(hint(&[("retry-after", value)]), expected, "{value}");
        }
        assert_eq!(hint(&[("retry-after-ms", "250"), ("retry-after", "1")]), Some(250));
    }

    #[test]
    fn reset_headers_count_where_nothing_is_left() {
        for (headers, expected) in [
            (&[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")][..], Some(360_000)),
            (&[("x-ratelimit-remaining-requests", "3"), ("x-ratelimit-reset-requests", "6m0s")], None),
            (&[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "20ms")], Some(20)),
            (
                &[
                    ("anthropic-ratelimit-requests-remaining", "0"),
                    ("anthropic-ratelimit-requests-reset", "2026-11-21T12:00:07Z"),
                ],
                Some(7000),
            ),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795262405")], Some(5000)),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795262405000")], Some(5000)),
            (&[("ratelimit-remaining", "0"), ("ratelimit-reset", "12")], Some(12_000)),
            (&[("ratelimit-remaining", "0"), ("ratelimit-reset", "later")], None),
        ] {
            assert_eq!(hint(headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn googles_retry_delay_is_read_from_the_body() {
        let body = br#"{"error":{"code":429,"details":[{"@type":"x"},{"retryDelay":"17.5s"}]}}"#;
        assert_eq!(of_body(body), Some(Duration::from_millis(17_500)));
        assert_eq!(of_body(&[b"[".as_slice(), body, b"]"].concat()), Some(Duration::from_millis(17_500)));
        for body in ["", "[]", "{}", r#"{"error":{"details":[{"retryDelay":"x"}]}}"#] {
            assert_eq!(of_body(body.as_bytes()), None, "{body}");
        }
    }
}
