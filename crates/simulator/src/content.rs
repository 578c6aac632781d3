//! Wrong content with a right status.

use bytes::Bytes;

use crate::delivery::count_chars;
use crate::event::Event;
use crate::family::{Family, Meta, Refusal};
use crate::framing::with_invalid_utf8;
use crate::scenario::{PlainFault, Scenario};

/// What some proxy in front of a provider likes to answer with.
const PAGE: &str = "<!DOCTYPE html><html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>";

/// Content that is sent as it is, whatever was asked for.
#[derive(Debug)]
pub(crate) struct Foreign {
    /// Content type.
    pub kind: &'static str,
    /// Body.
    pub body: Bytes,
}

/// Content that replaces plain answers and streams alike, if the scenario has such a fault.
pub(crate) fn foreign(scenario: &Scenario) -> Option<Foreign> {
    let (kind, body) = match scenario.body.fault? {
        PlainFault::Html => ("text/html; charset=utf-8", PAGE),
        PlainFault::Text => ("text/plain; charset=utf-8", "upstream connect error"),
        PlainFault::Empty => ("application/json", ""),
        _ => return None,
    };
    Some(Foreign { kind, body: Bytes::from_static(body.as_bytes()) })
}

/// Bends a plain body; also returns the length to state in its head.
pub(crate) fn bend_plain(body: String, said: &str, family: Family, meta: &Meta, scenario: &Scenario) -> (Bytes, usize) {
    let fault = scenario.body.fault;
    let mut bytes = match fault {
        Some(PlainFault::ErrorObject) => family.error(&error(scenario), meta).to_string().into_bytes(),
        Some(PlainFault::InvalidUtf8) => with_invalid_utf8(body.into_bytes(), said),
        Some(fault) => bend_json(&body, fault).into_bytes(),
        None => body.into_bytes(),
    };
    if fault == Some(PlainFault::TruncatedJson) || scenario.body.end_after.is_some() {
        bytes.truncate(bytes.len() / 2);
    }
    let surplus = if fault == Some(PlainFault::LengthBeyondBody) { 64 } else { 0 };
    let length = bytes.len() + surplus;
    (bytes.into(), length)
}

/// Bends the events of a stream.
pub(crate) fn bend_events(events: &mut Vec<Event>, family: Family, meta: &Meta, scenario: &Scenario) {
    let Some(fault) = scenario.body.fault else { return };
    match fault {
        PlainFault::ErrorObject => *events = vec![family.error_event(&error(scenario), meta, 0)],
        PlainFault::TruncatedJson => {
            if let Some(at) = events.iter().position(Event::is_content) {
                events.truncate(at + 1);
            }
            if let Some(event) = events.last_mut() {
                let half = event.data.floor_char_boundary(event.data.len() / 2);
                event.data.truncate(half);
            }
        }
        fault => {
            if let Some(event) = events.iter_mut().find(|event| event.is_content()) {
                event.data = bend_json(&event.data, fault);
            }
        }
    }
}

fn error(scenario: &Scenario) -> Refusal {
    let status = scenario.body.error_status.unwrap_or(500);
    Refusal { message: scenario.headers.error_message.clone(), ..Refusal::status(status) }
}

/// Puts something unwieldy at the beginning of a JSON object.
fn bend_json(body: &str, fault: PlainFault) -> String {
    let extra = match fault {
        PlainFault::Deep => format!("\"padding\":{}{}", "[".repeat(10_000), "]".repeat(10_000)),
        PlainFault::HugeNumber => "\"padding\":1e400".to_owned(),
        PlainFault::DuplicateKeys => "\"model\":\"another\",\"id\":\"another\"".to_owned(),
        PlainFault::NineMib => format!("\"padding\":\"{}\"", "x".repeat(9 * 1024 * 1024)),
        _ => return body.to_owned(),
    };
    match body.strip_prefix('{') {
        Some(rest) => format!("{{{extra},{rest}"),
        None => body.to_owned(),
    }
}

/// Characters of an answer's text, reasoning and arguments.
pub(crate) fn chars_of(answer: &crate::answer::Answer) -> u64 {
    let called: u64 = answer.calls.iter().map(|call| count_chars(&call.arguments.to_string())).sum();
    count_chars(&answer.text) + answer.reasoning.as_deref().map_or(0, count_chars) + called
}
