//! [`JsonLine`]: an event as one line of JSON, written straight into the line's buffer.

use domain::time::{Clock as _, Timestamp};
use edge::clock::SystemClock;
use std::cell::{Cell, RefCell};
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
        // A value that logs while it is shown finds the thread's memory taken, and gets some of its own.
        let mut line = LINE.take();
        self.write(&mut line, event)?;
        let written = out.write_str(&line);
        // Emptied first: a long line would keep its memory until the next one.
        line.clear();
        line.shrink_to(KEPT_MAX);
        LINE.set(line);
        written
    }
}

impl JsonLine {
    fn write(&self, line: &mut String, event: &Event<'_>) -> fmt::Result {
        line.push_str("{\"timestamp\":\"");
        write_moment(line, self.clock.now())?;
        line.push_str("\",\"level\":\"");
        line.push_str(event.metadata().level().as_str());
        line.push('"');
        let mut fields = Fields { line, result: Ok(()) };
        event.record(&mut fields);
        fields.result?;
        line.push_str(",\"target\":\"");
        push_escaped(line, event.metadata().target());
        line.push_str("\"}\n");
        Ok(())
    }
}

/// Bytes of memory that a thread keeps for its next line.
const KEPT_MAX: usize = 4 << 10;

thread_local! {
    /// Where lines of this thread are put together: the writer behind the formatter is called through a table, which costs more
    /// than most of the pieces of a line.
    static LINE: Cell<String> = const { Cell::new(String::new()) };
    /// The last second that a line of this thread named, and its text: a calendar is asked once a second, not once a line.
    static SECOND: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
}

/// RFC 3339 with microseconds, UTC.
fn write_moment(line: &mut String, moment: Timestamp) -> fmt::Result {
    const MICROS: i64 = 1_000_000;
    let second = moment.micros().div_euclid(MICROS);
    let micros = moment.micros().rem_euclid(MICROS);
    SECOND.with_borrow_mut(|(known, text)| {
        if *known != second {
            *text = Timestamp::from_micros(second * MICROS).to_rfc3339();
            text.truncate(text.len() - usize::from(text.ends_with('Z')));
            *known = second;
        }
        line.push_str(text);
    });
    // A one in front keeps the zeros behind it.
    let mut digits = itoa::Buffer::new();
    line.push('.');
    line.push_str(digits.format(MICROS + micros).get(1..).ok_or(fmt::Error)?);
    line.push('Z');
    Ok(())
}

/// Writes fields as they come; the first failure stops it.
struct Fields<'a> {
    line: &'a mut String,
    result: fmt::Result,
}

impl Fields<'_> {
    fn name(&mut self, field: &Field) {
        self.line.push_str(",\"");
        // Raw identifiers (`r#type`) are a matter of the source, not of the line.
        let name = field.name();
        self.line.push_str(name.strip_prefix("r#").unwrap_or(name));
        self.line.push_str("\":");
    }

    /// A field whose value is a number or a word of JSON.
    fn bare(&mut self, field: &Field, value: &str) {
        if self.result.is_ok() {
            self.name(field);
            self.line.push_str(value);
        }
    }

    /// A field whose value is written between quotation marks, or bare.
    fn put(&mut self, field: &Field, is_text: bool, value: fmt::Arguments<'_>) {
        if self.result.is_err() {
            return;
        }
        if let Some(text) = value.as_str().filter(|_| is_text) {
            return self.record_str(field, text);
        }
        self.name(field);
        if !is_text {
            self.result = self.line.write_fmt(value);
            return;
        }
        self.line.push('"');
        self.result = Escaped(self.line).write_fmt(value);
        self.line.push('"');
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if self.result.is_ok() {
            self.name(field);
            self.line.push('"');
            push_escaped(self.line, value);
            self.line.push('"');
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

/// Takes what a formatter writes, with the escapes that JSON demands.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_escaped(self.0, text);
        Ok(())
    }
}

/// Whether a byte cannot stand in a JSON string as it is.
const fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// Appends text with the escapes that JSON demands.
fn push_escaped(line: &mut String, text: &str) {
    // Almost always nothing is there, and a look at every byte without a way out is many bytes at a time.
    if !text.bytes().fold(false, |found, byte| found | is_special(byte)) {
        return line.push_str(text);
    }
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_special) {
        let (plain, special) = rest.split_at(at);
        line.push_str(plain);
        let mut characters = special.chars();
        match characters.next() {
            Some('"') => line.push_str("\\\""),
            Some('\\') => line.push_str("\\\\"),
            Some('\n') => line.push_str("\\n"),
            Some(other) => {
                line.push_str("\\u00");
                line.push_str(&hex::encode([other as u8]));
            }
            None => {}
        }
        rest = characters.as_str();
    }
    line.push_str(rest);
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
