//! [`FreeWindows`]: how many free requests each account has made.

use domain::id::AccountId;
use domain::limit::{FreeLimits, FreeRefusal, FreeWindow};
use domain::money::Amount;
use domain::time::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// Locks that share the accounts, so that two accounts rarely wait for each other.
const SHARDS: usize = 64;

/// There is no room for another account's window today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the table of free-request windows is full")]
pub struct WindowsFull;

/// Windows of every account that used a free model today.
#[derive(Debug)]
pub struct FreeWindows {
    shards: Vec<Mutex<HashMap<AccountId, FreeWindow>>>,
    hasher: RandomState,
    per_shard_max: usize,
}

impl Default for FreeWindows {
    /// Room for a million accounts.
    fn default() -> Self {
        Self::new(1_000_000)
    }
}

impl FreeWindows {
    /// Makes room for about `accounts_max` accounts.
    #[must_use]
    pub fn new(accounts_max: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            per_shard_max: accounts_max.div_ceil(SHARDS).max(1),
        }
    }

    /// Puts back the count of the day after a start.
    ///
    /// # Errors
    /// [`WindowsFull`] when there is no room; the account then starts from zero.
    pub fn restore(&self, account: AccountId, at: Timestamp, in_day: u32) -> Result<(), WindowsFull> {
        self.with(account, at, |window| *window = FreeWindow::restored(at, in_day))
    }

    /// Counts one free request, or refuses it without counting.
    ///
    /// # Errors
    /// [`WindowsFull`] when there is no room for another account.
    pub fn admit(
        &self,
        account: AccountId,
        at: Timestamp,
        bought: Amount,
        limits: &FreeLimits,
    ) -> Result<Result<(), FreeRefusal>, WindowsFull> {
        self.with(account, at, |window| window.admit(at, bought, limits))
    }

    /// Free requests of an account on the UTC day of `at`.
    #[must_use]
    pub fn used_today(&self, account: AccountId, at: Timestamp) -> u32 {
        let shard = self.shard(account);
        shard.map_or(0, |shard| shard.lock().get(&account).map_or(0, |window| window.used_today(at)))
    }

    fn shard(&self, account: AccountId) -> Option<&Mutex<HashMap<AccountId, FreeWindow>>> {
        let place = usize::try_from(self.hasher.hash_one(account) % SHARDS as u64).ok()?;
        self.shards.get(place)
    }

    fn with<T>(
        &self,
        account: AccountId,
        at: Timestamp,
        change: impl FnOnce(&mut FreeWindow) -> T,
    ) -> Result<T, WindowsFull> {
        let mut windows = self.shard(account).ok_or(WindowsFull)?.lock();
        if windows.len() >= self.per_shard_max && !windows.contains_key(&account) {
            // Yesterday's windows count nothing any more.
            windows.retain(|_, window| window.used_today(at) > 0);
            if windows.len() >= self.per_shard_max {
                return Err(WindowsFull);
            }
        }
        Ok(change(windows.entry(account).or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::{FreeWindows, WindowsFull};
    use domain::id::AccountId;
    use domain::limit::FreeLimits;
    use domain::money::Amount;
    use domain::time::{ResetPeriod, Timestamp};

    fn account(number: u8) -> AccountId {
        AccountId::new(Timestamp::from_micros(1), [number; 10])
    }

    #[test]
    fn counts_accounts_apart_and_restores_the_day() {
        let windows = FreeWindows::default();
        let now = Timestamp::parse_date("2026-11-21").expect("date");
        let limits = FreeLimits::default();
        windows.restore(account(1), now, 49).expect("room");
        assert!(windows.admit(account(1), now, Amount::ZERO, &limits).expect("room").is_ok());
        assert!(windows.admit(account(1), now, Amount::ZERO, &limits).expect("room").is_err());
        assert!(windows.admit(account(2), now, Amount::ZERO, &limits).expect("room").is_ok());
        assert_eq!((windows.used_today(account(1), now), windows.used_today(account(3), now)), (50, 0));
    }

    #[test]
    fn a_full_table_refuses_until_the_next_day() {
        let windows = FreeWindows::new(1);
        let now = Timestamp::parse_date("2026-11-21").expect("date");
        let limits = FreeLimits::default();
        let admit = |number, at| windows.admit(account(number), at, Amount::ZERO, &limits);
        let refused = (0..=255).filter(|number| admit(*number, now) == Err(WindowsFull)).count();
        assert!(refused >= 256 - 64, "one account per shard fits, {refused} were refused");
        let tomorrow = ResetPeriod::Daily.next(now);
        assert!((0..=255).all(|number| admit(number, tomorrow) != Err(WindowsFull) || number > 0));
        assert!(admit(0, tomorrow).is_ok());
    }
}
