//! S8: how much memory the largest event takes on its way from a provider to a client, counted by the allocator.
//!
//! What is counted is everything that the decoder, the steps and the encoder hold at once while pieces of 16 KiB come in and
//! pieces of the event that leaves are taken one by one, as a connection does.

#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not as expected")]
#![expect(clippy::print_stderr, reason = "the figures are worth seeing")]

use bytes::Bytes;
use dialect::canonical::reply::Delta;
use dialect::chat::reply::{Bill, Envelope};
use dialect::chat::request::Limits;
use dialect::decode::StreamDecoder;
use dialect::inbound::{Dialect, Encoder, parse};
use dialect::outgoing::Outgoing;
use domain::catalog::{Family, Quirks};
use domain::money::Amount;
use domain::usage::Usage;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The size of the large event, just below the limit.
const LARGE: usize = (8 << 20) - (64 << 10);
/// What may be held beside twice the event.
const ALLOWANCE: usize = 1 << 20;
const PIECE: usize = 16 * 1024;
const DIALECTS: [Dialect; 4] = [Dialect::Chat, Dialect::Messages, Dialect::Responses, Dialect::Completions];

/// A stream whose one large event repeats a unit.
struct Stream {
    name: &'static str,
    family: Family,
    is_quoted: bool,
    before: &'static str,
    unit: &'static str,
    after: &'static str,
    /// How often the event may be held, and how often for callers of Responses.
    times: [usize; 2],
}

const OPENAI_END: &str =
    "\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
const OPENAI_ARGUMENTS: &str = r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a\":\""#;
const OPENAI_ARGUMENTS_END: &str = "\\\"}\"}}]}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";
const ANTHROPIC: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"m\"}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"";
const ANTHROPIC_THINKING: &str = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"";
const ANTHROPIC_END: &str = "\"}}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const RESPONSES: &str =
    "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"content_index\":0,\"delta\":\"";
const RESPONSES_END: &str =
    "\"}\n\ndata: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"output\":[]}}\n\n";
const GEMINI: &str = r#"data: {"candidates":[{"content":{"parts":[{"text":""#;
const GEMINI_END: &str = "\"}]},\"finishReason\":\"STOP\"}]}\n\n";
const GEMINI_IMAGE: &str =
    r#"data: {"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":""#;
const GEMINI_IMAGE_END: &str = "\"}}]},\"finishReason\":\"STOP\"}]}\n\n";

const fn stream(name: &'static str, family: Family, parts: [&'static str; 3]) -> Stream {
    let [before, unit, after] = parts;
    Stream { name, family, is_quoted: false, before, unit, after, times: [2, 2] }
}

fn streams() -> Vec<Stream> {
    let openai = r#"data: {"choices":[{"index":0,"delta":{"content":""#;
    let escapes = r#"a\n\"é\u20ac"#;
    vec![
        stream("chat text", Family::OpenAi, [openai, "x", OPENAI_END]),
        stream("chat text with escapes", Family::OpenAi, [openai, escapes, OPENAI_END]),
        stream("chat arguments", Family::OpenAi, [OPENAI_ARGUMENTS, r#"x\\n"#, OPENAI_ARGUMENTS_END]),
        stream("anthropic text", Family::Anthropic, [ANTHROPIC, "x", ANTHROPIC_END]),
        stream("anthropic text with escapes", Family::Anthropic, [ANTHROPIC, escapes, ANTHROPIC_END]),
        Stream {
            is_quoted: true,
            ..stream("anthropic, quoted", Family::Anthropic, [ANTHROPIC, escapes, ANTHROPIC_END])
        },
        Stream {
            // Thinking is said twice, as text and in structured form, and an item of Responses keeps both until its end.
            times: [3, 5],
            ..stream("anthropic thinking", Family::Anthropic, [ANTHROPIC_THINKING, "x", ANTHROPIC_END])
        },
        stream("responses text", Family::OpenAiResponses, [RESPONSES, "x", RESPONSES_END]),
        stream("responses text with escapes", Family::OpenAiResponses, [RESPONSES, escapes, RESPONSES_END]),
        stream("gemini text", Family::Gemini, [GEMINI, "x", GEMINI_END]),
        stream("gemini text with escapes", Family::Gemini, [GEMINI, escapes, GEMINI_END]),
        stream("gemini image", Family::Gemini, [GEMINI_IMAGE, "iVBORw0K", GEMINI_IMAGE_END]),
    ]
}

/// Carries the stream to a client of the dialect; returns how many bytes the client got.
fn carry(stream: &Stream, dialect: Dialect, large: usize) -> usize {
    let asked = match dialect {
        Dialect::Responses => r#""input":"x""#,
        Dialect::Completions => r#""prompt":"x""#,
        _ => r#""messages":[{"role":"user","content":"x"}]"#,
    };
    let body = Bytes::from(format!(r#"{{"model":"a/b","max_tokens":9,{asked}}}"#));
    let request = parse(dialect, body, &Limits::default()).expect("a request");
    let envelope =
        Envelope { id: "gen-1", created: 1, model: "a/b", provider: "P", hide_reasoning: false, metadata: None };
    let mut encoder = Encoder::new(dialect, &request, &envelope);
    let mut decoder = StreamDecoder::new(stream.family, &Quirks::default());
    if stream.is_quoted {
        decoder = decoder.quoted();
    }
    let mut out = Outgoing::default();
    let mut sent = 0;
    let mut steps: Vec<Delta> = Vec::new();
    let middle = stream.unit.repeat(PIECE / stream.unit.len());
    let pieces = std::iter::once(stream.before)
        .chain(std::iter::repeat_n(middle.as_str(), large / middle.len()))
        .chain(std::iter::once(stream.after));
    for piece in pieces {
        decoder.push(piece.as_bytes(), &mut steps).expect("a stream");
        for step in steps.drain(..) {
            encoder.push(step, &mut out);
        }
        sent += std::iter::from_fn(|| out.next_piece()).map(|piece| piece.len()).sum::<usize>();
    }
    decoder.finish(&mut steps).expect("an end");
    steps.drain(..).for_each(|step| encoder.push(step, &mut out));
    let (usage, cost) = (Usage::default(), Amount::ZERO);
    let bill = Bill {
        usage: &usage,
        cost,
        upstream_cost: cost,
        prompt_cost: cost,
        completion_cost: cost,
        is_byok: false,
        ended_at: 2,
    };
    encoder.end(&bill, None, &mut out);
    sent + std::iter::from_fn(|| out.next_piece()).map(|piece| piece.len()).sum::<usize>()
}

/// Whether callers of the dialect see the large event at all.
fn is_shown(stream: &Stream, dialect: Dialect) -> bool {
    let is_text = stream.name.contains("text");
    if stream.is_quoted { dialect == Dialect::Messages } else { is_text || dialect != Dialect::Completions }
}

#[test]
fn the_largest_event_is_never_held_more_than_twice() {
    let mut broken = Vec::new();
    for stream in streams() {
        for dialect in DIALECTS {
            // The largest that passes is measured where that is quick; the others are a quarter of it.
            let large = if stream.unit == "x" { LARGE } else { LARGE / 4 };
            let before = ALLOCATOR.current_usage();
            ALLOCATOR.reset_peak_usage();
            let sent = carry(&stream, dialect, large);
            let peak = ALLOCATOR.peak_usage().saturating_sub(before);
            let what = format!("{}, for {dialect:?}", stream.name);
            eprintln!("S8: {what}: {} KiB of an event, {} KiB at the peak, {sent} bytes sent", large >> 10, peak >> 10);
            assert_eq!(sent > large / 2, is_shown(&stream, dialect), "{what}: {sent} bytes sent");
            let times = stream.times[usize::from(dialect == Dialect::Responses)];
            if peak > large * times + ALLOWANCE {
                broken.push(format!("{what}: {} KiB for {} KiB", peak >> 10, large >> 10));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
