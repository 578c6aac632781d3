//! The body of an answer as a script of writes, waits and accidents, and the stream that performs it.
//!
//! Every write reaches the socket on its own: after each one the body yields, which makes the HTTP library flush.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;

use crate::event::Event;
use crate::family::{Family, Meta, Refusal};
use crate::framing::{Renderer, Style};
use crate::observe::Recording;
use crate::options::WAIT_MS_MAX;
use crate::scenario::Scenario;
use crate::wire::Switch;

/// Pause between the keep-alive comments of `body.comments_first`.
const COMMENT_PAUSE: Duration = Duration::from_millis(100);

/// Most keep-alive comments before the first event.
const COMMENTS_MAX: u32 = 10_000;

/// One thing a body does.
#[derive(Debug)]
enum Step {
    /// Hands bytes over; `chars` is set when they carry content.
    Write { bytes: Bytes, chars: Option<u64> },
    /// Waits.
    Wait(Duration),
    /// Does nothing more, ever.
    Hang,
    /// Resets the connection.
    Reset,
    /// Closes the connection without the end of the body.
    Close,
}

/// All that a body does, in order.
#[derive(Debug, Default)]
pub(crate) struct Script {
    steps: VecDeque<Step>,
    /// Bytes in each write; 0 for whole steps.
    split_bytes: usize,
    /// Offsets in the whole body, ascending, at which writes are cut.
    split_at: VecDeque<usize>,
    /// Pause after each cut write.
    drip: Duration,
}

/// A body broken off on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the simulator broke off the body")]
pub(crate) struct BrokenOff;

/// Bytes of text in one content event.
pub(crate) fn piece_bytes(scenario: &Scenario) -> usize {
    let tokens = scenario.body.tokens_per_chunk.unwrap_or(1).clamp(1, u64::from(u32::MAX));
    usize::try_from(tokens).unwrap_or(1).saturating_mul(4)
}

/// A wait from a knob, within bounds.
pub(crate) fn wait(ms: u64) -> Duration {
    Duration::from_millis(ms.min(WAIT_MS_MAX))
}

/// The script of a stream.
pub(crate) fn stream(events: &[Event], style: Style, family: Family, meta: &Meta, scenario: &Scenario) -> Script {
    let mut script = Script::cut_by(scenario);
    let mut renderer = Renderer::new(style, &scenario.framing);
    let body = &scenario.body;
    script.wait(body.delay_ms);
    for _ in 0..body.comments_first.min(COMMENTS_MAX) {
        if let Some(bytes) = renderer.comment() {
            script.steps.push_back(Step::Write { bytes, chars: None });
            script.steps.push_back(Step::Wait(COMMENT_PAUSE));
        }
    }
    let mut contents = 0;
    if script.ends_at(contents, &mut renderer, family, meta, scenario) {
        return script;
    }
    for event in events {
        if event.is_content() {
            script.wait(body.chunk_delay_ms);
        }
        let chars = event.piece.as_ref().map(|piece| count_chars(piece));
        script.steps.push_back(Step::Write { bytes: renderer.event(event), chars });
        if event.is_content() {
            contents += 1;
            if script.ends_at(contents, &mut renderer, family, meta, scenario) {
                return script;
            }
        }
    }
    script.steps.extend(renderer.end().map(|bytes| Step::Write { bytes, chars: None }));
    script.wait(body.linger_ms);
    script
}

/// The script of a plain body; any fault that comes "after" comes after half of it.
pub(crate) fn plain(bytes: Bytes, chars: u64, scenario: &Scenario) -> Script {
    let mut script = Script::cut_by(scenario);
    let body = &scenario.body;
    script.wait(body.delay_ms);
    let fault = match body {
        body if body.hang_after.is_some() => Some(Step::Hang),
        body if body.rst_after.is_some() => Some(Step::Reset),
        body if body.fin_after.is_some() => Some(Step::Close),
        _ => None,
    };
    match fault {
        Some(fault) => {
            let half = bytes.slice(..bytes.len() / 2);
            script.steps.push_back(Step::Write { bytes: half, chars: None });
            script.steps.push_back(fault);
        }
        None => script.steps.push_back(Step::Write { bytes, chars: Some(chars) }),
    }
    script
}

/// The script of a prepared stream with an even pace.
pub(crate) fn prepared(writes: &[Bytes], pace: Duration) -> Script {
    let mut steps = VecDeque::with_capacity(writes.len() * 2);
    for bytes in writes {
        if !pace.is_zero() {
            steps.push_back(Step::Wait(pace));
        }
        steps.push_back(Step::Write { bytes: bytes.clone(), chars: None });
    }
    Script { steps, ..Script::default() }
}

/// Characters of `text`.
pub(crate) fn count_chars(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}

impl Script {
    fn cut_by(scenario: &Scenario) -> Self {
        let body = &scenario.body;
        let mut split_at = body.split_at.clone();
        split_at.sort_unstable();
        let drips = body.drip_ms > 0 && body.split_bytes == 0;
        Self {
            steps: VecDeque::new(),
            split_bytes: if drips { 1 } else { body.split_bytes },
            split_at: split_at.into(),
            drip: wait(body.drip_ms),
        }
    }

    fn wait(&mut self, ms: u64) {
        if ms > 0 {
            self.steps.push_back(Step::Wait(wait(ms)));
        }
    }

    /// Adds the fault that is due after so many content events, if there is one, and says whether the script ends.
    fn ends_at(
        &mut self,
        contents: u64,
        renderer: &mut Renderer<'_>,
        family: Family,
        meta: &Meta,
        scenario: &Scenario,
    ) -> bool {
        let body = &scenario.body;
        let due = |knob: Option<u64>| knob == Some(contents);
        if due(body.error_after) {
            let mut refusal = Refusal::status(body.error_status.unwrap_or(500));
            refusal.message.clone_from(&scenario.headers.error_message);
            let bytes = renderer.event(&family.error_event(&refusal, meta, renderer.written()));
            self.steps.push_back(Step::Write { bytes, chars: None });
            self.steps.extend(renderer.end().map(|bytes| Step::Write { bytes, chars: None }));
            return true;
        }
        let fault = match () {
            () if due(body.hang_after) => Step::Hang,
            () if due(body.rst_after) => Step::Reset,
            () if due(body.fin_after) => Step::Close,
            () => return due(body.end_after),
        };
        self.steps.push_back(fault);
        true
    }

    /// The body that performs the script; it reports to `recording` and breaks connections through `switch`.
    pub(crate) fn perform(self, recording: Option<Recording>, switch: Option<Switch>) -> Body {
        let stage = Stage { script: self, recording, switch, current: None, position: 0, wrote: false };
        Body::from_stream(futures_util::stream::unfold(stage, Stage::next))
    }
}

/// A script while it is performed.
struct Stage {
    script: Script,
    recording: Option<Recording>,
    switch: Option<Switch>,
    /// What is left of the write under way.
    current: Option<(Bytes, Option<u64>)>,
    /// Bytes handed over so far.
    position: usize,
    /// Whether the last poll handed something over that has yet to be flushed.
    wrote: bool,
}

impl Stage {
    async fn next(mut self) -> Option<(Result<Bytes, BrokenOff>, Self)> {
        loop {
            if std::mem::take(&mut self.wrote) {
                // Pending once makes the connection flush what it has, so that one write is one packet.
                tokio::task::yield_now().await;
            }
            if let Some((rest, chars)) = self.current.take() {
                if self.position > 0 && !self.script.drip.is_zero() {
                    tokio::time::sleep(self.script.drip).await;
                }
                return Some((Ok(self.hand_over(rest, chars)), self));
            }
            match self.script.steps.pop_front() {
                None => {
                    self.finish();
                    return None;
                }
                Some(Step::Write { bytes, chars }) if !bytes.is_empty() => self.current = Some((bytes, chars)),
                Some(Step::Write { .. }) => {}
                Some(Step::Wait(time)) => tokio::time::sleep(time).await,
                Some(Step::Hang) => std::future::pending().await,
                Some(Step::Reset) => {
                    if let Some(switch) = &self.switch {
                        switch.reset();
                    }
                    return Some((Err(self.break_off()), self));
                }
                Some(Step::Close) => return Some((Err(self.break_off()), self)),
            }
        }
    }

    /// Takes the next piece of the write under way.
    fn hand_over(&mut self, mut rest: Bytes, chars: Option<u64>) -> Bytes {
        let mut size = rest.len();
        if self.script.split_bytes > 0 {
            size = size.min(self.script.split_bytes);
        }
        while self.script.split_at.front().is_some_and(|cut| *cut <= self.position) {
            self.script.split_at.pop_front();
        }
        if let Some(cut) = self.script.split_at.front() {
            size = size.min(cut - self.position);
        }
        let piece = rest.split_to(size);
        self.position += size;
        self.wrote = true;
        if !rest.is_empty() {
            self.current = Some((rest, chars));
            return piece;
        }
        if let (Some(chars), Some(recording)) = (chars, &self.recording) {
            recording.delivered(chars);
        }
        if self.script.steps.len() < 2 && matches!(self.script.steps.front(), None | Some(Step::Wait(_))) {
            // Nothing is left to send: a client that leaves now has everything.
            self.finish();
        }
        piece
    }

    fn finish(&mut self) {
        if let Some(recording) = &mut self.recording {
            recording.finish();
        }
    }

    fn break_off(&mut self) -> BrokenOff {
        if let Some(recording) = &mut self.recording {
            recording.break_off();
        }
        BrokenOff
    }
}
