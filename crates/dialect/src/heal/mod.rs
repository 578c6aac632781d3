//! Repairs answers that were meant to be JSON and are not quite.
//!
//! [`heal`] takes off fences and prose around a JSON document and sets right what models get wrong inside it: quotes, commas,
//! brackets, comments, the literals of other languages. It never invents a value: what cannot be read stays as it was.

mod parser;
mod scalar;

use parser::Parser;
use serde::de::IgnoredAny;

/// Places of a text at which a document is looked for.
const STARTS_MAX: usize = 32;
/// Longest text that is looked at, in bytes.
const TEXT_MAX: usize = 1 << 20;

/// The document inside `text` as valid JSON, when `text` itself is not valid JSON and a document can be made out.
///
/// `None` for text that is valid already, for text above 1 MiB, and for text without a recognisable object or list. Takes time in proportion to the
/// text, whatever it holds.
#[must_use]
pub fn heal(text: &str) -> Option<String> {
    if text.len() > TEXT_MAX || is_json(text) {
        return None;
    }
    if let Some(inside) = fenced(text)
        && let Some(healed) = document(inside)
    {
        return Some(healed);
    }
    document(text)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// What stands in the first fence, up to the closing fence or the end.
fn fenced(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("```")?;
    let (_label, inside) = after.split_once('\n')?;
    Some(inside.rsplit_once("```").map_or(inside, |(inside, _)| inside))
}

/// The first object or list that can be read.
fn document(text: &str) -> Option<String> {
    let starts = text.char_indices().filter(|(_, character)| matches!(character, '{' | '['));
    for (at, _) in starts.take(STARTS_MAX) {
        let rest = text.get(at..)?;
        let healed = Parser::new(rest).document();
        if let Some(healed) = healed.filter(|healed| is_json(healed)) {
            return Some(healed);
        }
    }
    None
}

#[cfg(test)]
mod tests;
