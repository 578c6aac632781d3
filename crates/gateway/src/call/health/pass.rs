//! [`Pass`]: the admission of one call to one endpoint, and how the call reports back.

use super::Shared;
use super::breaker::{Breaker, Gate};
use super::entry::{Change, Entry};
use crate::call::verdict::{self, Mark};
use dialect::decode::FailureClass;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// The admission of one call. Dropped without a report it releases what it holds and says nothing about the endpoint.
#[derive(Debug)]
pub struct Pass {
    parts: Parts,
    started: Duration,
    /// Content has arrived.
    has_begun: bool,
    /// The endpoint's answer has been judged.
    is_judged: bool,
    /// The last moment that was reported; a drop knows no other.
    last: Duration,
}

/// What a pass is made of.
#[derive(Debug)]
pub(super) struct Parts {
    pub shared: Arc<Shared>,
    pub entry: Arc<Entry>,
    pub account: Arc<Mutex<Breaker>>,
    pub credential: u64,
    pub workload: usize,
    pub is_probe: bool,
    pub is_credential_probe: bool,
}

/// How an attempt failed, as far as the book is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Failed {
    /// What it is.
    pub class: FailureClass,
    /// The provider's status, if one arrived.
    pub status: Option<u16>,
    /// How long the provider asked to wait, uncapped.
    pub wait: Option<Duration>,
    /// The first token did not come within a deadline from the endpoint's own history.
    pub is_stall: bool,
}

impl Pass {
    pub(super) fn new(parts: Parts, now: Duration) -> Self {
        Self { parts, started: now, has_begun: false, is_judged: false, last: now }
    }

    /// The first content of a stream has arrived.
    pub fn begun(&mut self, now: Duration) {
        let latency = Some((self.parts.workload, now.saturating_sub(self.started)));
        self.good(latency, now);
    }

    /// A whole answer of `tokens` tokens has arrived at once: nothing is known of its first token.
    pub fn arrived(&mut self, tokens: u64, now: Duration) {
        self.good(None, now);
        self.ended(tokens, now);
    }

    fn good(&mut self, latency: Option<(usize, Duration)>, now: Duration) {
        (self.has_begun, self.is_judged, self.last) = (true, true, now);
        let parts = &self.parts;
        let change = parts.entry.record().succeeded(parts.is_probe, latency, &parts.shared.settings, now);
        parts.account.lock().succeeded(parts.is_credential_probe);
        self.tell(change);
    }

    /// A streamed answer of `tokens` tokens has ended.
    pub fn ended(&mut self, tokens: u64, now: Duration) {
        self.last = now;
        self.parts.entry.record().finished(tokens, now.saturating_sub(self.started), now);
    }

    /// The call failed, before or after its first content.
    pub fn failed(&mut self, failed: Failed, now: Duration) {
        (self.is_judged, self.last) = (true, now);
        let parts = &self.parts;
        if failed.is_stall {
            let waited = now.saturating_sub(self.started);
            parts.entry.record().stalled(parts.workload, waited, parts.is_probe, &parts.shared.settings, now);
            parts.account.lock().inconclusive(true, now);
            parts.shared.metrics.stalled(&parts.entry.provider);
            return;
        }
        let mark = verdict::of(failed.class).mark;
        if mark == Mark::Refused {
            self.refused(failed.status, now);
        } else if parts.is_credential_probe {
            parts.account.lock().inconclusive(mark == Mark::Nothing, now);
        }
        let mut record = parts.entry.record();
        if matches!(mark, Mark::Limited | Mark::Overloaded | Mark::Bad)
            && let Some(wait) = failed.wait.map(|wait| wait.min(parts.shared.settings.hint_max))
        {
            record.told_to_wait = Some((parts.credential, now + wait));
        }
        let change = record.failed(mark, parts.is_probe, self.has_begun, &parts.shared.settings, now);
        drop(record);
        self.tell(change);
    }

    /// The provider refused our credential. 403 may concern this model only; anything else concerns all it serves.
    fn refused(&self, status: Option<u16>, now: Duration) {
        let parts = &self.parts;
        tracing::error!(
            provider = parts.entry.provider,
            model = parts.entry.model,
            status,
            "provider refused our credential or its quota is spent"
        );
        parts.shared.metrics.refused(&parts.entry.provider);
        let mut account = parts.account.lock();
        if status != Some(403) {
            account.open_for(parts.shared.settings.refused_interval, now);
        } else if parts.is_credential_probe {
            account.inconclusive(false, now);
        }
    }

    fn tell(&self, change: Change) {
        let (provider, model) = (self.parts.entry.provider.as_str(), self.parts.entry.model.as_str());
        match change {
            Change::None => {}
            Change::Opened => {
                tracing::warn!(provider, model, "endpoint taken out after failures");
                self.parts.shared.metrics.opened(provider);
            }
            Change::Closed => {
                tracing::info!(provider, model, "endpoint is back");
                self.parts.shared.metrics.closed(provider);
            }
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut record = self.parts.entry.record();
        record.capacity.end();
        if self.is_judged {
            return;
        }
        // The client left before there was an answer: the next request may probe at once.
        if self.parts.is_probe {
            record.breaker.inconclusive(true, self.last);
        }
        drop(record);
        if self.parts.is_credential_probe {
            let mut account = self.parts.account.lock();
            if account.gate(self.last) != Gate::Closed {
                account.inconclusive(true, self.last);
            }
        }
    }
}
