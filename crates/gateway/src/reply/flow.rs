//! [`Flow`]: the body of a streamed answer.
//!
//! Hyper polls it; in the poll it reads the provider, decodes, meters, extends the hold, writes what the client sees and,
//! before the last event leaves, settles. It owns the admission through its trip: dropped at any point, the answer is
//! still settled exactly once. There is no task and no channel.

use crate::accept::Taken;
use crate::call::{self, Live, Opened, Opening, Step};
use crate::reply::Refusal;
use crate::state::Gateway;
use bytes::Bytes;
use dialect::canonical::reply::{Delta, FailureClass, Finish, FinishReason, UpstreamError};
use dialect::chat::reply::Envelope;
use dialect::inbound::{Dialect, Encoder};
use dialect::outgoing::Outgoing;
use domain::error_kind::ErrorKind;
use domain::generation::Ending;
use domain::id::GenerationId;
use edge::access_log::AccessFacts;
use http_body::{Body, Frame};
use serde_json::value::RawValue;
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// Bytes of text after which a MARK is due.
const MARK_BYTES: u64 = 16 * 1024;
/// Time after which a MARK is due.
const MARK_TIME: Duration = Duration::from_secs(2);
/// Room for a usual event, so that writing one allocates once.
const EVENT_BYTES: usize = 512;
/// How often a silent stream asks whether it may go on; one whose key was revoked, or whose server ends, ends within five
/// seconds.
const KEY_CHECK: Duration = Duration::from_secs(4);
/// What a client reads whose answer does not end before the server does.
const ENDING: &str = "The server is shutting down";
/// How long late usage is waited for after the provider's end mark.
const LATE_USAGE: Duration = Duration::from_secs(2);

/// A streamed answer.
pub struct Flow {
    gateway: Arc<Gateway>,
    dialect: Dialect,
    id: GenerationId,
    phase: Phase,
    /// What is written for the client and not handed out yet. The provider is not listened to while there is any of it.
    leaving: Outgoing,
    /// Wakes for the nearer of keep-alive and deadline.
    timer: Pin<Box<Sleep>>,
    keep_alive_at: Instant,
    key_check_at: Instant,
    /// When the provider must have said something.
    silent_until: Instant,
    /// When the provider's last event came.
    last_event: Instant,
    /// When the answer must be over.
    ends_by: Instant,
    marked_bytes: u64,
    marked_at: Option<Instant>,
    /// The last that was handed to the connection and has not been marked.
    handed: Option<Handed>,
    /// The connection was busy with what it had; nobody listened to the provider meanwhile.
    was_away: bool,
}

/// Generated text that was handed to the connection, which may not have passed it on yet.
struct Handed {
    bytes: u64,
    tokens: u64,
    /// The connection's [`Taken::now`] at that time.
    moment: u64,
    /// The connection was asked to come back for the MARK.
    has_woken: bool,
}

enum Phase {
    /// Still looking for a provider; the head is already out.
    Opening(Opening),
    /// A provider answers.
    Live(Box<Live>, Encoder),
    /// The last bytes wait until the charge is on disk.
    Securing(Secured),
    /// Nothing more comes.
    Over,
}

/// The wait of the journal's strict mode.
type Secured = Pin<Box<dyn Future<Output = ()> + Send>>;

impl fmt::Debug for Flow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &self.phase {
            Phase::Opening(_) => "opening",
            Phase::Live(..) => "live",
            Phase::Securing(_) => "securing",
            Phase::Over => "over",
        };
        formatter.debug_struct("Flow").field("phase", &phase).finish_non_exhaustive()
    }
}

impl Flow {
    /// The body of an answer that has begun.
    pub fn live(gateway: &Arc<Gateway>, mut live: Box<Live>) -> Self {
        let encoder = encoder(&mut live);
        let (dialect, id) = (live.trip.ask.dialect, live.trip.id());
        Self::new(gateway, dialect, id, Phase::Live(live, encoder))
    }

    /// The body of an answer that is still looking for a provider.
    pub fn opening(gateway: &Arc<Gateway>, dialect: Dialect, id: GenerationId, opening: Opening) -> Self {
        Self::new(gateway, dialect, id, Phase::Opening(opening))
    }

    fn new(gateway: &Arc<Gateway>, dialect: Dialect, id: GenerationId, phase: Phase) -> Self {
        let now = Instant::now();
        let keep_alive_at = now + gateway.settings.keep_alive;
        Self {
            dialect,
            id,
            phase,
            leaving: Outgoing::default(),
            timer: Box::pin(tokio::time::sleep_until(keep_alive_at)),
            keep_alive_at,
            key_check_at: now + KEY_CHECK,
            silent_until: now + gateway.settings.idle,
            last_event: now,
            ends_by: now + gateway.settings.total,
            marked_bytes: 0,
            marked_at: None,
            handed: None,
            was_away: false,
            gateway: Arc::clone(gateway),
        }
    }

    /// Adds who serves and after how many attempts, once that is known.
    pub fn facts(&self, facts: AccessFacts) -> AccessFacts {
        let Some(live) = self.live_ref() else { return facts };
        let served = live.trip.planned.get(live.at).map(|planned| &planned.candidate);
        AccessFacts {
            model: served.map(|candidate| candidate.model.id.clone()),
            provider: served.map(|candidate| candidate.endpoint.provider.slug.clone()),
            attempts: Some(live.trip.tried()),
            overhead: Some(live.trip.overhead),
            ..facts
        }
    }

    fn live_ref(&self) -> Option<&Live> {
        if let Phase::Live(live, _) = &self.phase { Some(live) } else { None }
    }

    /// Produces the next bytes for the client.
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.mark();
        self.resume();
        loop {
            if let Phase::Securing(secured) = &mut self.phase {
                ready!(secured.as_mut().poll(context));
                self.phase = Phase::Over;
            }
            if let Some(piece) = self.leaving.next_piece() {
                // Of a large event only its last piece makes it delivered.
                if self.leaving.is_empty() {
                    self.hand_out();
                }
                self.was_away = true;
                self.keep_alive_at = Instant::now() + self.gateway.settings.keep_alive;
                return Poll::Ready(Some(piece));
            }
            let looked = match &mut self.phase {
                Phase::Over | Phase::Securing(_) => return Poll::Ready(None),
                Phase::Opening(_) => self.poll_opening(context),
                Phase::Live(..) => self.poll_live(context),
            };
            if looked.is_pending() {
                match self.poll_timer(context) {
                    Poll::Ready([]) => {}
                    Poll::Ready(comment) => return Poll::Ready(Some(Bytes::from_static(comment))),
                    Poll::Pending => {
                        self.come_back(context);
                        return Poll::Pending;
                    }
                }
            }
            self.secure();
        }
    }

    /// Holds the last bytes of an answer that has just ended back until its charge is on disk, where that is wanted.
    fn secure(&mut self) {
        if matches!(self.phase, Phase::Over) && self.gateway.journal.is_strict() {
            let gateway = Arc::clone(&self.gateway);
            self.phase = Phase::Securing(Box::pin(async move { gateway.secure().await }));
        }
    }

    /// One look at the search for a provider.
    fn poll_opening(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Phase::Opening(opening) = &mut self.phase else { return Poll::Ready(()) };
        match ready!(opening.as_mut().poll(context)) {
            Ok(Opened::Live(mut live)) => {
                let encoder = encoder(&mut live);
                self.last_event = Instant::now();
                self.silent_until = self.last_event + self.gateway.settings.idle;
                self.phase = Phase::Live(live, encoder);
            }
            Ok(Opened::Whole(whole)) => {
                self.phase = Phase::Over;
                let events = whole.into_events().map(|(events, _facts)| events);
                self.leaving = events.unwrap_or_else(|refusal| refusal.event(self.dialect, &self.id)).into();
            }
            Err(refusal) => {
                self.phase = Phase::Over;
                self.leaving = refusal.event(self.dialect, &self.id).into();
            }
        }
        Poll::Ready(())
    }

    /// One look at the provider.
    fn poll_live(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Phase::Live(live, encoder) = &mut self.phase else { return Poll::Ready(()) };
        let was_done = live.is_done();
        let step = if live.pending.is_empty() {
            match live.poll_step(context) {
                Poll::Ready(step) => step,
                Poll::Pending => return Poll::Pending,
            }
        } else {
            Step::More
        };
        self.leaving.reserve(EVENT_BYTES);
        let mut failure = if let Step::Failed(error) = &step { Some(error.clone()) } else { None };
        let mut deltas = std::mem::take(&mut live.pending);
        let now = Instant::now();
        if !deltas.is_empty() {
            self.last_event = now;
        }
        for mut delta in deltas.drain(..) {
            if let Delta::Error(error) = delta {
                failure = Some(error);
                break;
            }
            live.meter(&mut delta);
            encoder.push(delta, &mut self.leaving);
        }
        // Given back for its room: there is one such list per chunk.
        live.pending = deltas;
        // The wait for late usage is counted from the end mark, whatever trickles in after it.
        if !was_done {
            let settings = &self.gateway.settings;
            self.silent_until = if live.is_done() {
                now + LATE_USAGE
            } else {
                (now + settings.idle).min(self.last_event + live.eventless_max(settings))
            };
        }
        let is_complete = matches!(step, Step::Complete) || live.has_all();
        if let Some(error) = failure {
            self.fail(&error);
        } else if is_complete {
            self.complete(Ending::Completed);
        } else if !live.keep_covered(self.gateway.settings.extension) {
            // The budget ends in the middle: what was delivered is charged, and the client is told by the finish reason.
            let finish = Finish { reason: FinishReason::Length, native: Some("payment_required".to_owned()) };
            encoder.push(Delta::Finish { choice: 0, finish }, &mut self.leaving);
            self.complete(Ending::BudgetEnded);
        } else if let Some((kind, message)) = objection(&self.gateway, live) {
            self.break_off(kind, None, message);
        }
        Poll::Ready(())
    }

    /// Settles a complete answer, then writes its last events.
    fn complete(&mut self, ending: Ending) {
        let Phase::Live(mut live, mut encoder) = std::mem::replace(&mut self.phase, Phase::Over) else { return };
        let metadata = metadata(&live);
        if let Some(receipt) = live.end(ending, 200, None) {
            encoder.end(&call::bill(&receipt), metadata.as_deref(), &mut self.leaving);
        }
    }

    /// Settles an answer that broke, then writes the in-band error, or the ending that its dialect has in the place of one.
    fn fail(&mut self, error: &UpstreamError) {
        if let Phase::Live(live, _) = &mut self.phase {
            live.trip.attempt_breaks(error);
        }
        self.break_off(error.kind, error.provider_code.as_deref(), "Provider returned an error");
    }

    /// Settles an answer that ends here, whoever is to blame, and says so.
    fn break_off(&mut self, kind: ErrorKind, code: Option<&str>, message: &str) {
        let Phase::Live(mut live, mut encoder) = std::mem::replace(&mut self.phase, Phase::Over) else { return };
        let metadata = metadata(&live);
        let receipt = live.end(Ending::Failed, kind.status(), Some(kind));
        let out = &mut self.leaving;
        let is_told =
            receipt.is_some_and(|receipt| encoder.end_too_long(kind, &call::bill(&receipt), metadata.as_deref(), out));
        if !is_told {
            encoder.error(kind.status(), kind, message, code, out);
        }
    }

    /// Deadlines while nothing comes, and the comment that keeps the connection alive. Without one it means "look again".
    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<&'static [u8]> {
        let is_live = matches!(self.phase, Phase::Live(..));
        let deadline = if is_live { self.silent_until.min(self.ends_by) } else { self.ends_by };
        let wake = deadline.min(self.keep_alive_at).min(self.key_check_at);
        if self.timer.deadline() != wake {
            self.timer.as_mut().reset(wake);
        }
        if self.timer.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        let now = Instant::now();
        let mut comment: &[u8] = &[];
        if now >= deadline && is_live {
            let has_said_all = self.live_ref().is_some_and(Live::is_done);
            if has_said_all {
                self.complete(Ending::Completed);
            } else {
                self.fail(&UpstreamError::new(ErrorKind::Timeout, FailureClass::Unavailable, "silent"));
            }
        } else if now >= deadline || (!is_live && self.gateway.is_ending()) {
            // Dropping the search ends its trip.
            self.phase = Phase::Over;
            let refusal = if now >= deadline {
                Refusal::new(ErrorKind::Timeout, "No provider answered in time")
            } else {
                Refusal::new(ErrorKind::ProviderOverloaded, ENDING)
            };
            self.leaving = refusal.event(self.dialect, &self.id).into();
        } else if let Some((kind, message)) = self.live_ref().and_then(|live| objection(&self.gateway, live)) {
            self.break_off(kind, None, message);
        } else if now >= self.keep_alive_at {
            self.keep_alive_at = now + self.gateway.settings.keep_alive;
            comment = Encoder::keep_alive(self.dialect);
        }
        self.key_check_at = now + KEY_CHECK;
        Poll::Ready(comment)
    }

    /// The provider's silence counts only while it is listened to: a client that reads slowly must not make it look silent.
    fn resume(&mut self) {
        if std::mem::take(&mut self.was_away) && self.live_ref().is_some_and(|live| !live.is_done()) {
            self.last_event = Instant::now();
            self.silent_until = self.last_event + self.gateway.settings.idle;
        }
    }

    /// Remembers what the connection is being given.
    fn hand_out(&mut self) {
        let Phase::Live(live, _) = &self.phase else { return };
        let moment = live.trip.ask.delivery.as_ref().map_or(0, Taken::now);
        self.handed =
            Some(Handed { bytes: live.delivered_bytes(), tokens: live.delivered_tokens(), moment, has_woken: false });
    }

    /// Asks the connection to poll once more after it has sent what it holds, so that a due MARK does not wait for the
    /// provider's next words. Only once per piece: a client that does not read must not keep the connection spinning.
    fn come_back(&mut self, context: &Context<'_>) {
        let is_due = self.handed.as_ref().is_some_and(|handed| self.is_mark_due(handed.bytes));
        if let Some(handed) = self.handed.as_mut().filter(|handed| is_due && !handed.has_woken) {
            handed.has_woken = true;
            context.waker().wake_by_ref();
        }
    }

    fn is_mark_due(&self, bytes: u64) -> bool {
        let is_time = self.marked_at.is_none_or(|at| at.elapsed() >= MARK_TIME);
        bytes > self.marked_bytes && (is_time || bytes - self.marked_bytes >= MARK_BYTES)
    }

    /// Writes down how much was delivered. That the connection asks for more does not mean that it has sent what it was
    /// given: only what its socket has accepted counts, which is why MARK follows delivery and never precedes it.
    fn mark(&mut self) {
        let Phase::Live(live, _) = &self.phase else { return };
        let taken = live.trip.ask.delivery.as_ref();
        #[cfg(feature = "seeded-bugs")]
        let taken = taken.filter(|_| !store::seeded::is(store::seeded::Bug::MarkBeforeSend));
        let Some(handed) = self.handed.as_ref().filter(|handed| taken.is_none_or(|taken| taken.since(handed.moment)))
        else {
            return;
        };
        if !self.is_mark_due(handed.bytes) {
            return;
        }
        if let Err(error) = self.gateway.journal.mark(live.trip.id(), handed.tokens) {
            tracing::warn!(%error, generation_id = %live.trip.id(), "delivery could not be marked");
        }
        self.marked_bytes = handed.bytes;
        self.marked_at = Some(Instant::now());
        self.handed = None;
    }
}

impl Body for Flow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.get_mut().poll_bytes(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        if let Phase::Live(live, _) = std::mem::replace(&mut self.phase, Phase::Over)
            && !live.is_ended()
        {
            call::client_left(&self.gateway, *live);
        }
    }
}

/// Why we ourselves end a running answer now, if there is a reason.
fn objection(gateway: &Gateway, live: &Live) -> Option<(ErrorKind, &'static str)> {
    if !live.trip.is_key_usable() {
        Some((ErrorKind::Authentication, "The key is no longer valid"))
    } else if gateway.is_ending() {
        Some((ErrorKind::ProviderOverloaded, ENDING))
    } else {
        None
    }
}

/// What the last event says of how the answer came about, where it was asked for.
fn metadata(live: &Live) -> Option<Box<RawValue>> {
    live.trip.router_metadata().and_then(|value| serde_json::value::to_raw_value(&value).ok())
}

/// What writes the stream. After it nothing needs the request's text any more, so it is let go.
fn encoder(live: &mut Live) -> Encoder {
    let planned = live.trip.planned.get(live.at);
    let id = live.trip.id().to_string();
    let envelope = Envelope {
        id: &id,
        created: live.trip.ask.received_at.seconds(),
        model: planned.map_or("", |planned| planned.candidate.model.id.as_str()),
        provider: planned.map_or("", |planned| planned.candidate.endpoint.provider.name.as_str()),
        hide_reasoning: live.trip.ask.chat.wants_reasoning_hidden(),
        metadata: None,
    };
    let encoder = Encoder::new(live.trip.ask.dialect, &live.trip.ask.chat, &envelope);
    live.trip.release_request(live.at);
    encoder
}
