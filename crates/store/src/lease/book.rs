//! All accounts and keys that this node knows.

use super::account::{Account, AccountSeed};
use super::key::{Key, KeySeed, KeySettings};
use domain::id::{AccountId, KeyId};
use domain::key::KeyHash;
use domain::time::Timestamp;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// Accounts and keys by id and hash. Reads take a shared lock for a map look-up; nothing waits for the store.
#[derive(Debug, Default)]
pub struct LeaseBook {
    accounts: RwLock<HashMap<AccountId, Arc<Account>>>,
    keys: RwLock<HashMap<KeyHash, Arc<Key>>>,
}

impl LeaseBook {
    /// Adds an account, or takes over its grants if it is known.
    pub fn account_put(&self, seed: &AccountSeed, now: Timestamp) -> Arc<Account> {
        let mut accounts = self.accounts.write();
        if let Some(account) = accounts.get(&seed.id) {
            account.refresh(seed);
            return Arc::clone(account);
        }
        let account = Arc::new(Account::new(seed, now));
        accounts.insert(seed.id, Arc::clone(&account));
        account
    }

    /// Adds a key, or takes over its settings if it is known. `None` when its account is not known.
    pub fn key_put(&self, seed: KeySeed, account: AccountId, now: Timestamp) -> Option<Arc<Key>> {
        let account = self.account(account)?;
        let mut keys = self.keys.write();
        if let Some(key) = keys.get(&seed.hash) {
            key.refresh(seed.settings, now);
            return Some(Arc::clone(key));
        }
        let key = Arc::new(Key::new(seed, account, now));
        keys.insert(key.hash(), Arc::clone(&key));
        Some(key)
    }

    /// Finds a key by the hash of its text.
    #[must_use]
    pub fn key(&self, hash: &KeyHash) -> Option<Arc<Key>> {
        self.keys.read().get(hash).cloned()
    }

    /// Finds an account.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<Arc<Account>> {
        self.accounts.read().get(&id).cloned()
    }

    /// Every account, in no particular order; for audits and tests.
    #[must_use]
    pub fn accounts(&self) -> Vec<Arc<Account>> {
        self.accounts.read().values().cloned().collect()
    }

    /// Marks a key as deleted. It stays known, so that its running requests can still settle.
    pub fn key_deleted(&self, id: KeyId, now: Timestamp) {
        let found = self.keys.read().values().find(|key| key.id() == id).cloned();
        if let Some(key) = found {
            let settings = KeySettings { deleted: true, ..KeySettings::clone(&key.settings()) };
            key.refresh(settings, now);
        }
    }

    /// The keys of an account, oldest first.
    #[must_use]
    pub fn keys_of(&self, account: AccountId) -> Vec<Arc<Key>> {
        let mut keys: Vec<_> = self.keys.read().values().filter(|key| key.account().id() == account).cloned().collect();
        keys.sort_by_key(|key| key.id());
        keys
    }
}
