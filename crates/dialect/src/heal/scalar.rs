//! Texts, numbers and literals, written as JSON.

use serde::de::IgnoredAny;

/// The quote that closes what `opening` opens; `None` for what opens nothing.
pub(super) const fn closing(opening: char) -> Option<char> {
    match opening {
        '"' | '\'' | '`' => Some(opening),
        '“' => Some('”'),
        '‘' => Some('’'),
        _ => None,
    }
}

/// Appends `text` as a JSON string.
pub(super) fn push_string(out: &mut String, text: &str) {
    // A string is always JSON.
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// Appends a bare word: a number, a literal of JSON or of a language close to it, or else a text.
pub(super) fn push_word(out: &mut String, word: &str) {
    match word {
        "true" | "True" | "TRUE" => out.push_str("true"),
        "false" | "False" | "FALSE" => out.push_str("false"),
        "null" | "None" | "NULL" | "nil" | "undefined" | "NaN" | "Infinity" | "-Infinity" => out.push_str("null"),
        word => match number(word) {
            Some(number) => out.push_str(&number),
            None => push_string(out, word),
        },
    }
}

/// A number in JSON's spelling: without plus sign, with digits on both sides of the point, without underscores.
fn number(word: &str) -> Option<String> {
    let plain = word.strip_prefix('+').unwrap_or(word).replace('_', "");
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("-", digits));
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    if !is_number || !digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte)) {
        return None;
    }
    let mut text = digits.to_owned();
    if text.starts_with('.') {
        text.insert(0, '0');
    }
    if text.ends_with('.') {
        text.push('0');
    }
    let text = format!("{sign}{text}");
    serde_json::from_str::<IgnoredAny>(&text).is_ok().then_some(text)
}

/// The character after `\u`, and how many characters it takes; both halves of a pair count as one.
pub(super) fn unicode(ahead: &str) -> Option<(char, usize)> {
    let unit = |at: usize| ahead.get(at..at + 4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let first = unit(0)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return Some((character, 4));
    }
    let second = ahead.get(4..6).filter(|mark| *mark == "\\u").and_then(|_| unit(6))?;
    let character = char::decode_utf16([first, second]).next()?.ok()?;
    Some((character, 10))
}
