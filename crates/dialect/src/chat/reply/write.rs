//! Writing JSON by hand into a caller's buffer: no tree, no copy, and money without floats.

use crate::json::special;
use crate::outgoing::LARGE_BYTES;
use domain::money::Amount;

/// Room for what follows a large text in its event.
const ROOM_BEHIND: usize = 1024;

/// Appends `text` as a JSON string.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    if text.len() > LARGE_BYTES {
        // Growing by doubling would hold a large text three times.
        out.reserve_exact(text.len() + ROOM_BEHIND);
    }
    out.push(b'"');
    escaped(out, text.as_bytes());
    out.push(b'"');
}

/// Appends UTF-8 text, or any part of it, as it stands within a JSON string.
pub(crate) fn escaped(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some((plain, tail)) = special(rest).and_then(|at| rest.split_at_checked(at)) {
        out.extend_from_slice(plain);
        let Some((byte, behind)) = tail.split_first() else { break };
        rest = behind;
        match *byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => {
                out.extend_from_slice(b"\\u00");
                let digit = |digit: u8| if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
                out.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(rest);
}

/// Appends a string or `null`.
pub(crate) fn string_or_null(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => string(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends `,"name":"text"` when there is a text.
pub(crate) fn optional_string(out: &mut Vec<u8>, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        field(out, name);
        string(out, text);
    }
}

/// Appends `,"name":` for a name that is known beforehand and needs no escapes.
macro_rules! named {
    ($out:expr, $name:literal) => {
        $out.extend_from_slice(concat!(",\"", $name, "\":").as_bytes())
    };
}
pub(crate) use named;

/// Appends `,"name":` for a name that needs no escapes.
pub(crate) fn field(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends a whole number.
pub(crate) fn number(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends an amount as the exact decimal number of dollars.
pub(crate) fn amount(out: &mut Vec<u8>, amount: Amount) {
    out.extend_from_slice(amount.to_usd().as_bytes());
}

/// Appends a list of values that are JSON already.
pub(crate) fn list(out: &mut Vec<u8>, items: &[Box<serde_json::value::RawValue>]) {
    out.push(b'[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        raw(out, item);
    }
    out.push(b']');
}

/// Appends what follows the opening brace of an object, so that it continues one whose first field is written.
pub(crate) fn rest_of_object(out: &mut Vec<u8>, object: &serde_json::value::RawValue) {
    let rest = object.get().trim_start().strip_prefix('{').unwrap_or("}").trim_start();
    if !rest.starts_with('}') {
        out.push(b',');
    }
    one_line(out, rest);
}

/// Appends a value that is JSON already, on one line: line ends between tokens would break an event.
pub(crate) fn raw(out: &mut Vec<u8>, value: &serde_json::value::RawValue) {
    one_line(out, value.get());
}

fn one_line(out: &mut Vec<u8>, json: &str) {
    // Inside strings line ends are escaped, so every bare one stands between tokens.
    let mut rest = json.as_bytes();
    while let Some(at) = memchr::memchr2(b'\n', b'\r', rest) {
        let (line, more) = rest.split_at(at);
        out.extend_from_slice(line);
        rest = more.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::string;

    #[test]
    fn every_character_at_every_place_reads_back() {
        let special =
            (0..=0x24u8).chain([b'[', b'\\', b']', 0x7f]).map(char::from).chain(['é', '€', '\u{1f600}', '\u{80}']);
        for character in special {
            for before in 0..19 {
                let text = format!("{}{character}{character}behind it", "x".repeat(before));
                let mut out = Vec::new();
                string(&mut out, &text);
                assert_eq!(serde_json::from_slice::<String>(&out).ok().as_deref(), Some(&*text), "{text:?}");
                assert!(out.iter().all(|byte| *byte >= 0x20), "{text:?}");
            }
        }
    }
}
