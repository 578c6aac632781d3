//! `GET /models?use_rss=true`: the same list as a feed, newest first.

use crate::error::ControlError;
use crate::state::Control;
use axum::response::{IntoResponse, Response};
use domain::catalog::Model;
use domain::time::Timestamp;
use http::{HeaderValue, header};
use std::cmp::Reverse;
use std::sync::Arc;

/// Most models of a feed.
const ITEMS_MAX: usize = 200;
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The models as an RSS 2.0 document, newest first, without those whose age is unknown and without ids that only lead to a model.
pub(super) fn feed(control: &Control, mut models: Vec<Arc<Model>>) -> Result<Response, ControlError> {
    models.retain(|model| model.created > 0 && model.stands_for.is_none());
    models.sort_by_key(|model| Reverse(model.created));
    let base = control.settings.public_url.trim_end_matches('/');
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\">\n<channel>\n");
    text.push_str("<title>Models</title>\n<description>New models of this server</description>\n");
    text.push_str(&format!("<link>{}/models</link>\n", escape(base)));
    if let Some(newest) = models.first() {
        text.push_str(&format!("<lastBuildDate>{}</lastBuildDate>\n", date(newest.created)));
    }
    for model in models.iter().take(ITEMS_MAX) {
        text.push_str(&format!(
            "<item><title>{}</title><link>{}/models/{}</link><guid isPermaLink=\"false\">{}</guid>\
             <description>{}</description><pubDate>{}</pubDate></item>\n",
            escape(&model.name),
            escape(base),
            escape(&model.id),
            escape(&model.id),
            escape(&model.description),
            date(model.created)
        ));
    }
    text.push_str("</channel>\n</rss>\n");
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/rss+xml; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// Text inside an element; what XML cannot hold is left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            '\u{FFFE}' | '\u{FFFF}' => {}
            other if other.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

/// A moment as RFC 822 writes it, e.g. `Sat, 21 Nov 2026 12:00:00 GMT`.
fn date(seconds: i64) -> String {
    let moment = Timestamp::from_micros(seconds.saturating_mul(1_000_000));
    let text = moment.to_rfc3339();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    let weekday = usize::try_from(seconds.div_euclid(86_400).rem_euclid(7)).ok().and_then(|day| DAYS.get(day));
    let (weekday, month) = (weekday.copied().unwrap_or_default(), month.copied().unwrap_or_default());
    format!("{weekday}, {} {month} {} {} GMT", part(8, 10), part(0, 4), part(11, 19))
}

#[cfg(test)]
mod tests {
    use super::{date, escape};

    #[test]
    fn moments_are_written_as_feeds_want_them() {
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_795_262_400, "Sat, 21 Nov 2026 12:00:00 GMT"),
            (1_709_208_000, "Thu, 29 Feb 2024 12:00:00 GMT"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }

    #[test]
    fn text_cannot_leave_its_element() {
        assert_eq!(escape("</title>&\"\u{0}\u{1b}\u{FFFE}é"), "&lt;/title&gt;&amp;&quot;é");
    }
}
