//! [`JsonLine`]: an event as one line of JSON, written straight into the line's buffer.

use domain::time::{Clock as _, Timestamp};
use edge::clock::SystemClock;
use std::cell::RefCell;
use std::fmt::{self, Debug, Write as _};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

/// `timestamp`, `level`, the event's fields in their order, `target`.
#[derive(Debug, Default)]
pub(super) struct JsonLine {
    clock: SystemClock,
}

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        out.write_str("{\"timestamp\":\"")?;
        write_moment(&mut out, self.clock.now())?;
        out.write_str("\",\"level\":\"")?;
        out.write_str(event.metadata().level().as_str())?;
        out.write_char('"')?;
        let mut fields = Fields { out: &mut out, result: Ok(()) };
        event.record(&mut fields);
        fields.result?;
        out.write_str(",\"target\":\"")?;
        Escaped(&mut out).write_str(event.metadata().target())?;
        out.write_str("\"}\n")
    }
}

thread_local! {
    /// The last second that a line of this thread named, and its text: a calendar is asked once a second, not once a line.
    static SECOND: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
}

/// RFC 3339 with microseconds, UTC.
fn write_moment(out: &mut impl fmt::Write, moment: Timestamp) -> fmt::Result {
    const MICROS: i64 = 1_000_000;
    let second = moment.micros().div_euclid(MICROS);
    let micros = moment.micros().rem_euclid(MICROS);
    SECOND.with_borrow_mut(|(known, text)| {
        if *known != second {
            *text = Timestamp::from_micros(second * MICROS).to_rfc3339();
            text.truncate(text.len() - usize::from(text.ends_with('Z')));
            *known = second;
        }
        out.write_str(text)
    })?;
    // A one in front keeps the zeros behind it.
    let mut digits = itoa::Buffer::new();
    out.write_char('.')?;
    out.write_str(digits.format(MICROS + micros).get(1..).unwrap_or_default())?;
    out.write_char('Z')
}

/// Writes fields as they come; the first failure stops it.
struct Fields<'a, W> {
    out: &'a mut W,
    result: fmt::Result,
}

impl<W: fmt::Write> Fields<'_, W> {
    /// A field whose value is a number or a word of JSON.
    fn bare(&mut self, field: &Field, value: &str) {
        if self.result.is_ok() {
            self.result = self.try_bare(field.name(), value);
        }
    }

    fn try_bare(&mut self, name: &str, value: &str) -> fmt::Result {
        self.try_name(name)?;
        self.out.write_str(value)
    }

    fn try_name(&mut self, name: &str) -> fmt::Result {
        self.out.write_str(",\"")?;
        // Raw identifiers (`r#type`) are a matter of the source, not of the line.
        self.out.write_str(name.strip_prefix("r#").unwrap_or(name))?;
        self.out.write_str("\":")
    }

    /// A field whose value is written between quotation marks, or bare.
    fn put(&mut self, field: &Field, is_text: bool, value: fmt::Arguments<'_>) {
        if self.result.is_ok() {
            self.result = self.try_put(field.name(), is_text, value);
        }
    }

    fn try_put(&mut self, name: &str, is_text: bool, value: fmt::Arguments<'_>) -> fmt::Result {
        self.try_name(name)?;
        if !is_text {
            return self.out.write_fmt(value);
        }
        self.out.write_char('"')?;
        match value.as_str() {
            Some(text) => Escaped(self.out).write_str(text)?,
            None => Escaped(self.out).write_fmt(value)?,
        }
        self.out.write_char('"')
    }
}

impl<W: fmt::Write> Visit for Fields<'_, W> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if self.result.is_ok() {
            self.result = self.try_text(field.name(), value);
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, if value { "true" } else { "false" });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, itoa::Buffer::new().format(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, itoa::Buffer::new().format(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.bare(field, itoa::Buffer::new().format(value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.bare(field, itoa::Buffer::new().format(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinity.
        self.put(field, !value.is_finite(), format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, true, format_args!("{value:?}"));
    }
}

impl<W: fmt::Write> Fields<'_, W> {
    fn try_text(&mut self, name: &str, value: &str) -> fmt::Result {
        self.try_name(name)?;
        self.out.write_char('"')?;
        Escaped(self.out).write_str(value)?;
        self.out.write_char('"')
    }
}

/// Passes text on with the escapes that JSON demands.
struct Escaped<'a, W>(&'a mut W);

impl<W: fmt::Write> fmt::Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
            let (plain, special) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut characters = special.chars();
            match characters.next() {
                Some('"') => self.0.write_str("\\\"")?,
                Some('\\') => self.0.write_str("\\\\")?,
                Some('\n') => self.0.write_str("\\n")?,
                Some(other) => write!(self.0, "\\u{:04x}", u32::from(other))?,
                None => {}
            }
            rest = characters.as_str();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::JsonLine;
    use parking_lot::Mutex;
    use serde_json::{Value, json};
    use std::io;
    use std::sync::Arc;
    use tracing_subscriber::fmt::MakeWriter;

    #[derive(Clone, Default)]
    struct Sheet(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sheet {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Sheet {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn every_kind_of_value_becomes_one_line_of_json_that_reads_back() {
        let sheet = Sheet::default();
        let subscriber =
            tracing_subscriber::fmt().with_writer(sheet.clone()).event_format(JsonLine::default()).finish();
        let hostile = "a \"quote\" \\ and\nlines \u{1} \u{1f600}";
        tracing::subscriber::with_default(subscriber, || {
            let shown = io::Error::other(hostile);
            tracing::warn!(
                target: "access",
                text = hostile, error = %shown, debug = ?Some("x"), yes = true, small = -1_i64, large = u64::MAX,
                ratio = 0.5, endless = f64::INFINITY, "request \"answered\""
            );
        });
        let text = String::from_utf8(sheet.0.lock().clone()).expect("text");
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let mut line: Value = serde_json::from_str(&text).expect("JSON");
        let moment = line["timestamp"].take();
        assert!(domain::time::Timestamp::parse_rfc3339(moment.as_str().expect("text")).is_some(), "{moment}");
        let expected = json!({
            "timestamp": null, "level": "WARN", "message": "request \"answered\"", "text": hostile, "error": hostile,
            "debug": "Some(\"x\")", "yes": true, "small": -1, "large": u64::MAX, "ratio": 0.5, "endless": "inf",
            "target": "access",
        });
        assert_eq!(line, expected);
    }
}
