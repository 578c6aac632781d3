//! An account's credit in memory.

use super::rules::Rules;
use arc_swap::ArcSwap;
use domain::id::{AccountId, WorkspaceId};
use domain::ledger::Budget;
use domain::limit::{FreeLimits, FreeRefusal, FreeWindow};
use domain::money::Amount;
use domain::time::Timestamp;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::Notify;

/// What the store knows about an account.
#[derive(Debug, Clone)]
pub struct AccountSeed {
    /// Its id.
    pub id: AccountId,
    /// Its display name.
    pub name: String,
    /// Its default workspace.
    pub workspace: Option<WorkspaceId>,
    /// Demo credit only.
    pub is_demo: bool,
    /// All grants, promotions and adjustments.
    pub granted: Amount,
    /// Credit ever bought or granted by an operator (promotions excluded).
    pub bought: Amount,
    /// All charges.
    pub posted: Amount,
    /// Free-model requests on the current UTC day.
    pub free_requests_today: u32,
}

/// An account's budget, shared by all its keys.
#[derive(Debug)]
pub struct Account {
    id: AccountId,
    name: Mutex<String>,
    workspace: Option<WorkspaceId>,
    is_demo: bool,
    pub(super) budget: Mutex<Budget>,
    bought: Mutex<Amount>,
    free: Mutex<FreeWindow>,
    rules: ArcSwap<Rules>,
    /// Woken when a hold ends, for requests that wait for room.
    pub(super) released: Notify,
}

impl Account {
    pub(super) fn new(seed: &AccountSeed, now: Timestamp) -> Self {
        Self {
            id: seed.id,
            name: Mutex::new(seed.name.clone()),
            workspace: seed.workspace,
            is_demo: seed.is_demo,
            budget: Mutex::new(Budget::new(seed.granted, seed.posted)),
            bought: Mutex::new(seed.bought),
            free: Mutex::new(FreeWindow::restored(now, seed.free_requests_today)),
            rules: ArcSwap::default(),
            released: Notify::new(),
        }
    }

    /// Takes over grants and names from the store. What is posted stays: memory is ahead of the store.
    pub(super) fn refresh(&self, seed: &AccountSeed) {
        self.budget.lock().set_granted(seed.granted);
        *self.bought.lock() = seed.bought;
        self.name.lock().clone_from(&seed.name);
        self.released.notify_waiters();
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> AccountId {
        self.id
    }

    /// Its display name.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.lock().clone()
    }

    /// Its default workspace.
    #[must_use]
    pub const fn workspace(&self) -> Option<WorkspaceId> {
        self.workspace
    }

    /// Its presets and routing settings as they stand.
    #[must_use]
    pub fn rules(&self) -> Arc<Rules> {
        self.rules.load_full()
    }

    /// Takes over presets and routing settings from the store.
    pub(super) fn set_rules(&self, rules: Rules) {
        self.rules.store(Arc::new(rules));
    }

    /// Whether it only has demo credit.
    #[must_use]
    pub const fn is_demo(&self) -> bool {
        self.is_demo
    }

    /// A copy of the budget as it stands.
    #[must_use]
    pub fn budget(&self) -> Budget {
        *self.budget.lock()
    }

    /// Credit ever bought or granted, promotions excluded; decides the free-model limits.
    #[must_use]
    pub fn bought(&self) -> Amount {
        *self.bought.lock()
    }

    /// Counts one free-model request, account-wide.
    ///
    /// # Errors
    /// [`FreeRefusal`] when a window is full.
    pub fn admit_free(&self, now: Timestamp, limits: &FreeLimits) -> Result<(), FreeRefusal> {
        let bought = self.bought();
        self.free.lock().admit(now, bought, limits)
    }

    /// Free-model requests on the UTC day of `now`.
    #[must_use]
    pub fn free_used_today(&self, now: Timestamp) -> u32 {
        self.free.lock().used_today(now)
    }

    /// Completes when some hold of this account has ended or credit has arrived since the future was made.
    pub fn room(&self) -> tokio::sync::futures::Notified<'_> {
        self.released.notified()
    }
}
