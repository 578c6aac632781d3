//! Makes a prompt fit a context: what is said in the middle goes first.
//!
//! Instructions at the beginning, the first turn and the last turn stay. A call of a tool and its answers go together or not
//! at all. When that is not enough, the longest texts that are left lose their middle. The same request gives the same result.

use crate::canonical::request::{Message, Role};
use crate::chat::request::{ChatRequest, InvalidRequest, Shape};
use serde_json::Value;
use serde_json::value::RawValue;
use std::ops::Range;

/// What an endpoint takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Tokens of the prompt.
    pub tokens: u64,
    /// Messages.
    pub messages: usize,
}

/// What was taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Whole messages.
    pub messages: usize,
    /// Bytes out of the middle of texts.
    pub bytes: usize,
}

/// Stands where text was taken out.
const GAP: &str = "\n[…]\n";
/// A text is not made shorter than this, in bytes.
const TEXT_MIN: usize = 256;
/// Tokens that an image is taken for.
const IMAGE_TOKENS: u64 = 1600;
/// Tokens that other media are taken for.
const MEDIA_TOKENS: u64 = 8000;
/// Tokens around each message.
const MESSAGE_TOKENS: u64 = 4;

/// Tokens that a prompt of this shape is taken for here: three for every ten bytes of text, between what usual prose needs and
/// what a hold is placed for.
#[must_use]
pub fn tokens(shape: &Shape) -> u64 {
    let media = u64::from(shape.audio) + u64::from(shape.files) + u64::from(shape.videos);
    (shape.text_bytes.saturating_mul(3).div_ceil(10))
        .saturating_add(u64::from(shape.images) * IMAGE_TOKENS)
        .saturating_add(media * MEDIA_TOKENS)
        .saturating_add(u64::from(shape.messages) * MESSAGE_TOKENS)
}

/// Whether a prompt of this shape fits.
#[must_use]
pub fn fits(shape: &Shape, room: Room) -> bool {
    tokens(shape) <= room.tokens && usize::try_from(shape.messages).unwrap_or(usize::MAX) <= room.messages
}

/// The request made to fit `room`, as far as that goes; `None` when it fits already or nothing can be taken out.
///
/// # Errors
/// When the shortened messages are no request; not seen for a request that was read without error.
pub fn compress(request: &ChatRequest, room: Room) -> Result<Option<(ChatRequest, Removed)>, InvalidRequest> {
    if fits(request.shape(), room) {
        return Ok(None);
    }
    let messages = request.messages();
    let raw: Vec<&RawValue> =
        request.field("messages").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let mut shape = *request.shape();
    let mut is_kept = vec![true; messages.len()];
    for unit in middle_out(&messages) {
        if fits(&shape, room) {
            break;
        }
        for at in unit {
            if let (Some(is_kept), Some(message)) = (is_kept.get_mut(at), messages.get(at)) {
                *is_kept = false;
                shape = without(shape, message);
            }
        }
    }
    let kept: Vec<&RawValue> = raw.iter().zip(&is_kept).filter(|(_, is_kept)| **is_kept).map(|(raw, _)| *raw).collect();
    let mut written: Vec<String> = kept.iter().map(|raw| raw.get().to_owned()).collect();
    let mut removed = Removed { messages: messages.len() - kept.len(), bytes: 0 };
    if tokens(&shape) > room.tokens {
        removed.bytes = shorten(&mut written, shape, room.tokens);
    }
    if removed == Removed::default() {
        return Ok(None);
    }
    let whole = request.with_messages(&format!("[{}]", written.join(",")))?;
    Ok(Some((whole, removed)))
}

fn without(shape: Shape, message: &Message<'_>) -> Shape {
    let mut gone = Shape::default();
    gone.add_message(message);
    Shape {
        text_bytes: shape.text_bytes.saturating_sub(gone.text_bytes),
        messages: shape.messages.saturating_sub(1),
        images: shape.images.saturating_sub(gone.images),
        audio: shape.audio.saturating_sub(gone.audio),
        files: shape.files.saturating_sub(gone.files),
        videos: shape.videos.saturating_sub(gone.videos),
        ..shape
    }
}

/// The messages that may go, in groups that go together, the middle one first.
fn middle_out(messages: &[Message<'_>]) -> Vec<Range<usize>> {
    let mut units: Vec<Range<usize>> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        match units.last_mut() {
            // Answers of tools belong to the call before them.
            Some(unit) if message.role == Role::Tool => unit.end = at + 1,
            _ => units.push(at..at + 1),
        }
    }
    let is_instruction = |unit: &Range<usize>| {
        messages.get(unit.start).is_some_and(|message| matches!(message.role, Role::System | Role::Developer))
    };
    let leading = units.iter().take_while(|unit| is_instruction(unit)).count();
    let last = units.len().saturating_sub(1);
    // The first turn after the instructions and the last one stay.
    let movable: Vec<Range<usize>> = units.get(leading + 1..last).unwrap_or_default().to_vec();
    let middle = movable.len() / 2;
    let mut order: Vec<usize> = (0..movable.len()).collect();
    order.sort_by_key(|at| (at.abs_diff(middle), *at));
    order.into_iter().filter_map(|at| movable.get(at).cloned()).collect()
}

/// Takes the middle out of the longest texts until the prompt is at most `most` tokens, or no text is long enough. Returns the
/// bytes taken. Messages that lose nothing stay as the caller wrote them.
fn shorten(written: &mut [String], shape: Shape, most: u64) -> usize {
    let mut shape = shape;
    let mut messages: Vec<Value> =
        written.iter().map(|message| serde_json::from_str(message).unwrap_or_default()).collect();
    let mut texts: Vec<(usize, &mut String)> = messages
        .iter_mut()
        .enumerate()
        .flat_map(|(at, message)| texts_of(message).into_iter().map(move |text| (at, text)))
        .filter(|(_, text)| text.len() > TEXT_MIN)
        .collect();
    // Longest first; the order in the conversation decides between equals.
    texts.sort_by_key(|(_, text)| std::cmp::Reverse(text.len()));
    let mut changed = Vec::new();
    let mut taken = 0;
    for (at, text) in texts {
        let excess = tokens(&shape).saturating_sub(most);
        if excess == 0 {
            break;
        }
        let excess = usize::try_from(excess.saturating_mul(10).div_ceil(3)).unwrap_or(usize::MAX);
        let before = text.len();
        cut_middle(text, before.saturating_sub(excess).max(TEXT_MIN));
        let gone = before.saturating_sub(text.len());
        taken += gone;
        shape.text_bytes = shape.text_bytes.saturating_sub(u64::try_from(gone).unwrap_or(0));
        changed.push(at);
    }
    for at in changed {
        if let (Some(written), Some(message)) = (written.get_mut(at), messages.get(at)) {
            *written = message.to_string();
        }
    }
    taken
}

/// The texts of a message that may be shortened.
fn texts_of(message: &mut Value) -> Vec<&mut String> {
    match message.get_mut("content") {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(parts)) => parts
            .iter_mut()
            .filter_map(|part| if let Some(Value::String(text)) = part.get_mut("text") { Some(text) } else { None })
            .collect(),
        _ => Vec::new(),
    }
}

/// Leaves at most `most` bytes: the beginning, a mark, the end.
fn cut_middle(text: &mut String, most: usize) {
    let half = most.saturating_sub(GAP.len()) / 2;
    let mut head = half.min(text.len());
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    let mut tail = text.len().saturating_sub(half);
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    if head + GAP.len() < tail {
        text.replace_range(head..tail, GAP);
    }
}

#[cfg(test)]
mod tests;
