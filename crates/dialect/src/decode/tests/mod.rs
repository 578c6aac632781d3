//! Faults that whole answers, streams and errors may carry.

mod calls;
mod content;
mod failures;
mod streams;
mod usage;

use super::{StreamDecoder, StreamError};
use crate::canonical::reply::{Collector, Delta, Reply};
use domain::catalog::{Family, Quirks};

const FAMILIES: [Family; 3] = [Family::OpenAi, Family::Anthropic, Family::Gemini];

fn stream(family: Family, text: &[u8]) -> (Vec<Delta>, Result<(), StreamError>) {
    let mut decoder = StreamDecoder::new(family, &Quirks::default());
    let mut deltas = Vec::new();
    let result = decoder.push(text, &mut deltas).and_then(|()| decoder.finish(&mut deltas));
    (deltas, result)
}

fn events(chunks: &[&str]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

fn collected(family: Family, chunks: &[&str]) -> Reply {
    let (deltas, result) = stream(family, events(chunks).as_bytes());
    assert_eq!(result, Ok(()), "{chunks:?}");
    let mut collector = Collector::default();
    deltas.into_iter().for_each(|delta| collector.push(delta));
    collector.finish()
}
