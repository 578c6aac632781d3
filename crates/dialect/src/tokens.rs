//! How many input tokens a request has, where nobody can be asked.
//!
//! The count follows the habits that byte-pair tokenizers of the large providers share: a short word with its space is
//! one token, long words are split, digits go in groups of three, most Asian characters stand alone. It is meant for
//! people and clients that plan a conversation, never for a bill.

use crate::canonical::request::{Content, Message, Part, Tool};
use crate::chat::request::ChatRequest;

/// Tokens around every message, and around the whole conversation.
const FRAMING: u64 = 4;
/// Tokens around every tool.
const TOOL_FRAMING: u64 = 12;
/// Tokens of a picture of common size.
const IMAGE: u64 = 1_100;
/// Tokens of a document, a recording or a film, of which nothing is known but that it is there.
const MEDIA: u64 = 2_500;
/// Letters that one token holds after the first piece of a word.
const WORD_PIECE: u64 = 6;

/// Estimates the input tokens of a request.
#[must_use]
pub fn estimate(request: &ChatRequest) -> u64 {
    let messages: u64 = request.messages().iter().map(of_message).sum();
    let tools: u64 = request.tools().iter().map(of_tool).sum();
    let format = request.field("response_format").map_or(0, of_text);
    messages + tools + format + FRAMING
}

fn of_message(message: &Message<'_>) -> u64 {
    let content = match &message.content {
        Content::Absent => 0,
        Content::Text(text) => of_text(text),
        Content::Parts(parts) => parts.iter().map(of_part).sum(),
    };
    let functions = message.calls().iter().filter_map(|call| call.function.as_ref());
    let calls: u64 = functions.map(|function| of_text(&function.name) + of_text(&function.arguments) + FRAMING).sum();
    let thoughts: u64 = message.details().iter().filter_map(|detail| detail.text.as_deref()).map(of_text).sum();
    content + calls + thoughts + FRAMING
}

fn of_part(part: &Part<'_>) -> u64 {
    match part.as_text() {
        Some(text) => of_text(text),
        None if part.image_url.is_some() => IMAGE,
        None => MEDIA,
    }
}

fn of_tool(tool: &Tool<'_>) -> u64 {
    let Some(function) = &tool.function else { return TOOL_FRAMING };
    let schema = function.parameters.map_or(0, |schema| of_text(schema.get()));
    of_text(&function.name) + function.description.as_deref().map_or(0, of_text) + schema + TOOL_FRAMING
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Latin,
    Digit,
    Space,
    Line,
    Mark,
    Letter,
    Ideograph,
}

fn class_of(character: char) -> Class {
    match character {
        'a'..='z' | 'A'..='Z' => Class::Latin,
        '0'..='9' => Class::Digit,
        '\n' | '\r' => Class::Line,
        // Kana, Han and Hangul: the blocks whose characters are words or syllables.
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' => Class::Ideograph,
        other if other.is_whitespace() => Class::Space,
        other if other.is_alphabetic() => Class::Letter,
        _ => Class::Mark,
    }
}

/// Estimates the tokens of a text.
#[must_use]
pub fn of_text(text: &str) -> u64 {
    let mut tokens = 0;
    let mut run: Option<(Class, u64)> = None;
    for character in text.chars() {
        let class = class_of(character);
        run = match run {
            Some((same, length)) if same == class => Some((class, length + 1)),
            ended => {
                tokens += ended.map_or(0, of_run);
                Some((class, 1))
            }
        };
    }
    tokens + run.map_or(0, of_run)
}

const fn of_run((class, length): (Class, u64)) -> u64 {
    match class {
        Class::Latin => 1 + (length - 1) / WORD_PIECE,
        Class::Digit | Class::Letter => length.div_ceil(3),
        // One space belongs to the word that follows it.
        Class::Space => {
            if length > 1 {
                1
            } else {
                0
            }
        }
        Class::Line => 1,
        Class::Mark => length.div_ceil(2),
        Class::Ideograph => length,
    }
}

#[cfg(test)]
mod tests {
    use super::of_text;

    /// Counts of the o200k vocabulary for short texts, as published examples give them; a quarter off is near enough.
    #[test]
    fn common_texts_come_out_near_what_tokenizers_count() {
        for (text, counted) in [
            ("Hello, world!", 4_u64),
            ("The quick brown fox jumps over the lazy dog.", 10),
            ("internationalization", 3),
            ("1234567890", 4),
            ("fn main() {\n    println!(\"hi\");\n}", 12),
            ("今天天气很好", 6),
        ] {
            let estimate = of_text(text);
            assert!(estimate.abs_diff(counted) <= counted.div_ceil(4) + 1, "{text}: {estimate} for {counted}");
        }
        assert_eq!(of_text(""), 0);
    }
}
