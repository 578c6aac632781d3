//! From a credential text to a key, and keeping the book in step with the store.

use super::account::AccountSeed;
use super::book::LeaseBook;
use super::key::{Key, KeyFigures, KeySeed, KeySettings};
use super::rules::Rules;
use crate::durable::{AccountState, ChangeKind, KeyState};
use crate::volatile::NegativeCache;
use crate::{Store, StoreError};
use domain::id::{AccountId, KeyId};
use domain::key::{self, KeyHash};
use domain::time::{Clock, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Why a credential does not lead to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// There is no such key.
    #[error("unknown key")]
    Unknown,
    /// The key is not in memory and the store does not answer.
    #[error("keys cannot be looked up")]
    Unavailable,
}

/// Unknown keys that are looked up per second at most. A guesser cannot make the store work harder than this; a key that was
/// made elsewhere in that second is known by the next poll.
const LOOK_UPS_PER_SECOND: u64 = 100;
/// Changes that one poll takes over.
const CHANGES_PER_POLL: u32 = 1000;

/// All keys in memory, refreshed from the store's change feed; unknown keys are looked up once a second at most.
#[derive(Debug)]
pub struct Keyring {
    book: Arc<LeaseBook>,
    store: Store,
    clock: Arc<dyn Clock>,
    unknown: NegativeCache,
    seen: AtomicI64,
    look_ups: LookUps,
}

/// Counts look-ups of unknown keys in the current second.
#[derive(Debug, Default)]
struct LookUps {
    /// Second since start in the upper half, look-ups in the lower.
    state: AtomicU64,
}

impl LookUps {
    /// Whether one more look-up is allowed at monotonic time `elapsed`.
    fn admit(&self, elapsed: Duration) -> bool {
        let second = elapsed.as_secs() << 32;
        let taken = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
            let used = if state >> 32 == elapsed.as_secs() { state & u64::from(u32::MAX) } else { 0 };
            (used < LOOK_UPS_PER_SECOND).then_some(second | (used + 1))
        });
        taken.is_ok()
    }
}

/// What changed besides accounts and keys, for whoever keeps it in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OtherChanges {
    /// A provider connection.
    pub upstreams: bool,
    /// The catalogue overlay.
    pub catalog: bool,
    /// A setting.
    pub settings: bool,
}

impl Keyring {
    /// Loads every account and key.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn load(store: Store, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let now = clock.now();
        let snapshot = store.snapshot_load(now).await?;
        let book = LeaseBook::default();
        for account in &snapshot.accounts {
            book.account_put(&account_seed(account), now);
        }
        // Read after the position of the snapshot: a change in between comes again.
        for (id, stored) in store.rules_load(None).await? {
            if let Some(account) = book.account(id) {
                account.set_rules(Rules::new(stored)?);
            }
        }
        for key in snapshot.keys {
            let account = key.account;
            book.key_put(key_seed(key), account, now);
        }
        Ok(Self {
            book: Arc::new(book),
            store,
            clock,
            unknown: NegativeCache::default(),
            seen: AtomicI64::new(snapshot.seq),
            look_ups: LookUps::default(),
        })
    }

    /// The accounts and keys in memory.
    #[must_use]
    pub const fn book(&self) -> &Arc<LeaseBook> {
        &self.book
    }

    /// Finds the key of a credential text. Texts without our form are not even hashed, texts without its checksum never reach
    /// the store; a key that is known needs no checksum, which would cost it a second hash.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub async fn find(&self, text: &str, now: Timestamp) -> Result<Arc<Key>, KeyringError> {
        if !key::is_shaped(text) {
            return Err(KeyringError::Unknown);
        }
        let hash = KeyHash::of(text);
        if let Some(key) = self.book.key(&hash) {
            return if key.settings().deleted || key.settings().is_internal {
                Err(KeyringError::Unknown)
            } else {
                Ok(key)
            };
        }
        if !key::is_genuine(text) {
            return Err(KeyringError::Unknown);
        }
        if self.unknown.contains(&hash, self.clock.elapsed()) || !self.look_ups.admit(self.clock.elapsed()) {
            return Err(KeyringError::Unknown);
        }
        match self.adopt(hash, now).await {
            Ok(Some(key)) => Ok(key),
            Ok(None) => {
                self.unknown.insert(hash, self.clock.elapsed());
                Err(KeyringError::Unknown)
            }
            Err(error) => {
                tracing::warn!(%error, "unknown key could not be looked up");
                Err(KeyringError::Unavailable)
            }
        }
    }

    /// Takes a key over from the store, with its account.
    async fn adopt(&self, hash: KeyHash, now: Timestamp) -> Result<Option<Arc<Key>>, StoreError> {
        let Some(state) = self.store.key_find_by_hash(hash, now).await? else { return Ok(None) };
        if state.is_internal {
            return Ok(None);
        }
        self.take_over(state, now).await
    }

    /// Puts a key that the store has just returned, or taken, into memory, with its account.
    ///
    /// # Errors
    /// [`StoreError`] when the account cannot be loaded.
    pub async fn take_over(&self, state: KeyState, now: Timestamp) -> Result<Option<Arc<Key>>, StoreError> {
        let account = state.account;
        if self.book.account(account).is_none() {
            self.refresh_account(account, now).await?;
            self.refresh_rules(account).await?;
        }
        Ok(self.book.key_put(key_seed(state), account, now))
    }

    /// Takes over everything that changed since the last call. Call once a second and after every own change.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer; the next call catches up.
    pub async fn refresh(&self) -> Result<OtherChanges, StoreError> {
        let mut others = OtherChanges::default();
        loop {
            let seen = self.seen.load(Ordering::Acquire);
            let changes = self.store.changes_since(seen, CHANGES_PER_POLL).await?;
            let now = self.clock.now();
            for change in &changes {
                match change.kind {
                    ChangeKind::Account => {
                        if let Ok(id) = AccountId::from_bytes(&change.id) {
                            self.refresh_account(id, now).await?;
                        }
                    }
                    ChangeKind::Key => {
                        if let Ok(id) = KeyId::from_bytes(&change.id) {
                            self.refresh_key(id, now).await?;
                        }
                    }
                    ChangeKind::Upstream => others.upstreams = true,
                    ChangeKind::Catalog => others.catalog = true,
                    ChangeKind::Setting => others.settings = true,
                    ChangeKind::Rules => {
                        if let Ok(id) = AccountId::from_bytes(&change.id) {
                            self.refresh_rules(id).await?;
                        }
                    }
                    ChangeKind::Session => {}
                }
            }
            if let Some(last) = changes.last() {
                self.seen.fetch_max(last.seq, Ordering::AcqRel);
                self.unknown.clear();
            }
            if u32::try_from(changes.len()).unwrap_or(u32::MAX) < CHANGES_PER_POLL {
                return Ok(others);
            }
        }
    }

    async fn refresh_account(&self, id: AccountId, now: Timestamp) -> Result<(), StoreError> {
        if let Some(state) = self.store.account_state(id, now).await? {
            self.book.account_put(&account_seed(&state), now);
        }
        Ok(())
    }

    /// Takes over an account's presets and routing settings. Call after an own change, so that the next request sees it.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer or holds settings of a later version.
    pub async fn refresh_rules(&self, id: AccountId) -> Result<(), StoreError> {
        // An account that is not in memory brings its rules when it is loaded.
        let Some(account) = self.book.account(id) else { return Ok(()) };
        let stored = self.store.rules_load(Some(id)).await?.remove(&id).unwrap_or_default();
        account.set_rules(Rules::new(stored)?);
        Ok(())
    }

    async fn refresh_key(&self, id: KeyId, now: Timestamp) -> Result<(), StoreError> {
        match self.store.key_state(id, now).await? {
            Some(state) => {
                self.take_over(state, now).await?;
            }
            None => self.book.key_deleted(id, now),
        }
        Ok(())
    }
}

fn account_seed(state: &AccountState) -> AccountSeed {
    AccountSeed {
        id: state.id,
        name: state.name.clone(),
        workspace: Some(state.workspace),
        is_demo: state.is_demo,
        granted: state.granted,
        bought: state.bought,
        posted: state.posted,
        free_requests_today: state.free_requests_today,
    }
}

fn key_seed(state: KeyState) -> KeySeed {
    KeySeed {
        id: state.id,
        hash: state.hash,
        settings: KeySettings {
            name: state.name,
            label: state.label,
            role: state.role,
            workspace: Some(state.workspace),
            limit: state.limit,
            reset: state.reset,
            include_byok_in_limit: state.include_byok_in_limit,
            disabled: state.is_disabled,
            deleted: false,
            expires_at: state.expires_at,
            created_at: state.created_at,
            is_internal: state.is_internal,
        },
        figures: KeyFigures {
            total: state.usage_total,
            daily: state.usage_daily,
            weekly: state.usage_weekly,
            monthly: state.usage_monthly,
            last_used_at: state.last_used_at,
        },
    }
}
