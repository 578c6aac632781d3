//! A key in memory: its settings, its limit's budget and its figures.

use super::account::Account;
use arc_swap::ArcSwap;
use domain::id::{KeyId, WorkspaceId};
use domain::key::{KeyHash, KeyRole};
use domain::ledger::Budget;
use domain::money::Amount;
use domain::time::{ResetPeriod, Timestamp};
use parking_lot::Mutex;
use std::sync::Arc;

/// What an owner can set on a key, and what never changes about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySettings {
    /// Display name.
    pub name: String,
    /// `sk-or-v1-abc...123`.
    pub label: String,
    /// What it may do.
    pub role: KeyRole,
    /// Workspace that it belongs to.
    pub workspace: Option<WorkspaceId>,
    /// Credit limit.
    pub limit: Option<Amount>,
    /// When the limit starts again.
    pub reset: Option<ResetPeriod>,
    /// Whether own-key usage counts towards the limit.
    pub include_byok_in_limit: bool,
    /// Switched off.
    pub disabled: bool,
    /// Deleted; refused like an unknown key.
    pub deleted: bool,
    /// Refused from this moment on.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The console's own key: works only inside the server, hidden from lists.
    pub is_internal: bool,
}

/// What the store knows about a key.
#[derive(Debug, Clone)]
pub struct KeySeed {
    /// Its row id.
    pub id: KeyId,
    /// Its public handle.
    pub hash: KeyHash,
    /// Its settings.
    pub settings: KeySettings,
    /// All charges ever, and those of the current day, week and month.
    pub figures: KeyFigures,
}

/// What a key has spent, by calendar period of the admission.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyFigures {
    /// Ever.
    pub total: Amount,
    /// On the current UTC day.
    pub daily: Amount,
    /// In the current week, from Monday.
    pub weekly: Amount,
    /// In the current month.
    pub monthly: Amount,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// How long the key's answers tend to be; lets holds of streams be smaller than the worst case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutputHistory {
    seen: u32,
    high_water: u64,
}

impl OutputHistory {
    /// Answers that must have been seen before the history is trusted. Few, because a hold that proves too small grows while
    /// the answer comes; what is at stake is only an answer cut short by the very end of the credit.
    pub const TRUSTED_FROM: u32 = 2;

    /// Tokens that an answer is taken for while nothing is known about the key.
    pub const PRIOR: u64 = 4096;

    /// Takes an answer of `tokens` tokens into account. The high-water mark sinks by 1/64 per answer.
    pub const fn observe(&mut self, tokens: u64) {
        self.seen = self.seen.saturating_add(1);
        let sunk = self.high_water - self.high_water / 64;
        self.high_water = if tokens > sunk { tokens } else { sunk };
    }

    /// Tokens that the next answer will hardly exceed, or [`OutputHistory::PRIOR`] while nothing is known.
    #[must_use]
    pub const fn expected_or_prior(&self) -> u64 {
        match self.expected_max() {
            Some(expected) => expected,
            None => Self::PRIOR,
        }
    }

    /// Tokens that the next answer will hardly exceed: twice the high-water mark and 64; `None` until trusted.
    #[must_use]
    pub const fn expected_max(&self) -> Option<u64> {
        if self.seen < Self::TRUSTED_FROM { None } else { Some(self.high_water.saturating_mul(2).saturating_add(64)) }
    }
}

/// A key as admission sees it.
#[derive(Debug)]
pub struct Key {
    id: KeyId,
    hash: KeyHash,
    account: Arc<Account>,
    settings: ArcSwap<KeySettings>,
    pub(super) counters: Mutex<KeyCounters>,
    history: Mutex<OutputHistory>,
}

/// Figures and the limit's budget, each with the period that it belongs to.
#[derive(Debug)]
pub(super) struct KeyCounters {
    figures: KeyFigures,
    as_of: Timestamp,
    pub(super) period: Timestamp,
    pub(super) limit: Option<Budget>,
}

impl KeyCounters {
    /// Moves to the calendar periods of `now`. Counters are keyed by period: an old one is left, never reset in place.
    pub(super) fn roll(&mut self, now: Timestamp, settings: &KeySettings) {
        if now <= self.as_of {
            return;
        }
        if now.day_start() != self.as_of.day_start() {
            self.figures.daily = Amount::ZERO;
        }
        if now.week_start() != self.as_of.week_start() {
            self.figures.weekly = Amount::ZERO;
        }
        if now.month_start() != self.as_of.month_start() {
            self.figures.monthly = Amount::ZERO;
        }
        self.as_of = now;
        let period = period_start(settings, now);
        if period != self.period {
            self.period = period;
            if let Some(budget) = &mut self.limit {
                budget.set_posted(Amount::ZERO);
            }
        }
    }

    fn spent_in_period(&self, reset: Option<ResetPeriod>) -> Amount {
        match reset {
            None => self.figures.total,
            Some(ResetPeriod::Daily) => self.figures.daily,
            Some(ResetPeriod::Weekly) => self.figures.weekly,
            Some(ResetPeriod::Monthly) => self.figures.monthly,
        }
    }

    /// Books a charge of a request that was admitted at `admitted`; figures count it where that moment still is current.
    pub(super) fn book(&mut self, charge: Amount, admitted: Timestamp, now: Timestamp) {
        let figures = &mut self.figures;
        figures.total = figures.total.saturating_add(charge);
        figures.last_used_at = figures.last_used_at.max(Some(now));
        for (sum, is_current) in [
            (&mut figures.daily, admitted.day_start() == self.as_of.day_start()),
            (&mut figures.weekly, admitted.week_start() == self.as_of.week_start()),
            (&mut figures.monthly, admitted.month_start() == self.as_of.month_start()),
        ] {
            if is_current {
                *sum = sum.saturating_add(charge);
            }
        }
    }
}

fn period_start(settings: &KeySettings, now: Timestamp) -> Timestamp {
    settings.reset.map_or(Timestamp::from_micros(0), |reset| reset.start(now))
}

impl Key {
    pub(super) fn new(seed: KeySeed, account: Arc<Account>, now: Timestamp) -> Self {
        let mut counters =
            KeyCounters { figures: seed.figures, as_of: now, period: period_start(&seed.settings, now), limit: None };
        let spent = counters.spent_in_period(seed.settings.reset);
        counters.limit = seed.settings.limit.map(|limit| Budget::new(limit, spent));
        Self {
            id: seed.id,
            hash: seed.hash,
            account,
            settings: ArcSwap::from_pointee(seed.settings),
            counters: Mutex::new(counters),
            history: Mutex::new(OutputHistory::default()),
        }
    }

    /// Takes over settings from the store. Charges stay as counted here; running holds stay where they are.
    pub(super) fn refresh(&self, settings: KeySettings, now: Timestamp) {
        let mut counters = self.counters.lock();
        counters.roll(now, &settings);
        let old = self.settings.load();
        counters.period = period_start(&settings, now);
        counters.limit = match (settings.limit, counters.limit.take()) {
            (None, _) => None,
            (Some(limit), Some(mut budget)) => {
                budget.set_granted(limit);
                if old.reset != settings.reset {
                    budget.set_posted(counters.spent_in_period(settings.reset));
                }
                Some(budget)
            }
            (Some(limit), None) => Some(Budget::new(limit, counters.spent_in_period(settings.reset))),
        };
        self.settings.store(Arc::new(settings));
    }

    /// Its row id.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Its public handle.
    #[must_use]
    pub const fn hash(&self) -> KeyHash {
        self.hash
    }

    /// Who pays.
    #[must_use]
    pub const fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// Its settings as they stand.
    #[must_use]
    pub fn settings(&self) -> Arc<KeySettings> {
        self.settings.load_full()
    }

    /// Whether it may be used at `now`: neither disabled, deleted nor expired.
    #[must_use]
    pub fn is_usable(&self, now: Timestamp) -> bool {
        let settings = self.settings.load();
        !settings.disabled && !settings.deleted && settings.expires_at.is_none_or(|expiry| now < expiry)
    }

    /// What it has spent, as of `now`.
    #[must_use]
    pub fn figures(&self, now: Timestamp) -> KeyFigures {
        let mut counters = self.counters.lock();
        counters.roll(now, &self.settings.load());
        counters.figures
    }

    /// What its limit leaves in the current period; `None` without a limit. Never below zero.
    #[must_use]
    pub fn limit_remaining(&self, now: Timestamp) -> Option<Amount> {
        let mut counters = self.counters.lock();
        counters.roll(now, &self.settings.load());
        counters.limit.map(|budget| budget.balance().max(Amount::ZERO))
    }

    /// What running requests hold on its limit.
    #[must_use]
    pub fn limit_held(&self) -> Amount {
        self.counters.lock().limit.map_or(Amount::ZERO, |budget| budget.held())
    }

    /// How long its answers tend to be.
    #[must_use]
    pub fn output_history(&self) -> OutputHistory {
        *self.history.lock()
    }

    /// Takes an answer's length into account.
    pub fn observe_output(&self, tokens: u64) {
        self.history.lock().observe(tokens);
    }
}
