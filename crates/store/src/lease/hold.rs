//! Holding on the account and the key's limit together: both or neither, ended exactly once.

use super::key::Key;
use domain::ledger::{BudgetError, Hold};
use domain::money::{Amount, Overflow};
use domain::time::Timestamp;
use std::sync::Arc;

/// Which budget refused a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoldRefusal {
    /// The account's credit.
    #[error("account credit")]
    Account(#[source] BudgetError),
    /// The key's limit.
    #[error("key limit")]
    Key(#[source] BudgetError),
}

impl HoldRefusal {
    /// Whether only the holds of running requests are in the way.
    #[must_use]
    pub const fn is_in_flight(&self) -> bool {
        matches!(self, Self::Account(BudgetError::InFlight { .. }) | Self::Key(BudgetError::InFlight { .. }))
    }

    /// What could be held now.
    #[must_use]
    pub const fn available(&self) -> Amount {
        let (Self::Account(error) | Self::Key(error)) = self;
        match error {
            BudgetError::Spent { available } | BudgetError::InFlight { available, .. } => *available,
            BudgetError::Range => Amount::ZERO,
        }
    }
}

/// A hold on a key's budgets. Dropping it voids it; [`KeyHold::settle`] charges and consumes it.
#[derive(Debug)]
#[must_use = "dropping a hold voids it"]
pub struct KeyHold {
    key: Arc<Key>,
    admitted: Timestamp,
    account: Option<Hold>,
    limit: Option<(Timestamp, Hold)>,
}

impl Key {
    /// Holds `amount` on the account and, if there is one, on the key's limit.
    ///
    /// # Errors
    /// [`HoldRefusal`] naming the budget; nothing is held then.
    pub fn hold(self: &Arc<Self>, amount: Amount, now: Timestamp) -> Result<KeyHold, HoldRefusal> {
        // Both locks, in the order that extending takes them: a refusal by the limit then takes the account's part back
        // without waking those who wait for room, the refused request itself among them.
        let mut account = self.account().budget.lock();
        let mut counters = self.counters.lock();
        counters.roll(now, &self.settings());
        let period = counters.period;
        let held = account.hold(amount).map_err(HoldRefusal::Account)?;
        let limit = match counters.limit.as_mut().map(|budget| budget.hold(amount)) {
            None => None,
            Some(Ok(hold)) => Some((period, hold)),
            Some(Err(error)) => {
                account.void(held);
                return Err(HoldRefusal::Key(error));
            }
        };
        Ok(KeyHold { key: Arc::clone(self), admitted: now, account: Some(held), limit })
    }
}

impl KeyHold {
    /// How much is held on the account.
    #[must_use]
    pub fn amount(&self) -> Amount {
        self.account.as_ref().map_or(Amount::ZERO, Hold::amount)
    }

    /// When the request was admitted; limits count it in that period.
    #[must_use]
    pub const fn admitted(&self) -> Timestamp {
        self.admitted
    }

    /// The key that holds.
    #[must_use]
    pub const fn key(&self) -> &Arc<Key> {
        &self.key
    }

    /// Grows the hold by `more` on every budget that it is on, all or none.
    ///
    /// # Errors
    /// [`HoldRefusal`] naming the budget; nothing has changed then.
    pub fn extend(&mut self, more: Amount) -> Result<(), HoldRefusal> {
        let Some(account_hold) = &mut self.account else { return Ok(()) };
        let mut account = self.key.account().budget.lock();
        if let Some((_, limit_hold)) = &mut self.limit {
            let mut counters = self.key.counters.lock();
            if let Some(budget) = &mut counters.limit {
                let extra = budget.hold(more).map_err(HoldRefusal::Key)?;
                if let Err(error) = account.extend(account_hold, more) {
                    budget.void(extra);
                    return Err(HoldRefusal::Account(error));
                }
                budget.void(extra);
                return budget.extend(limit_hold, more).map_err(HoldRefusal::Key);
            }
        }
        account.extend(account_hold, more).map_err(HoldRefusal::Account)
    }

    /// Ends the hold with a charge, which may be more or less than was held.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves its range; the hold is released all the same.
    pub fn settle(mut self, charge: Amount, now: Timestamp) -> Result<(), Overflow> {
        self.end(Some((charge, now)))
    }

    /// Ends the hold without a charge.
    pub fn void(self) {
        drop(self);
    }

    fn end(&mut self, charge: Option<(Amount, Timestamp)>) -> Result<(), Overflow> {
        let mut outcome = Ok(());
        if let Some(hold) = self.account.take() {
            let mut account = self.key.account().budget.lock();
            match charge {
                Some((charge, _)) => outcome = account.settle(hold, charge),
                None => account.void(hold),
            }
        }
        let mut counters = self.key.counters.lock();
        if let Some((period, hold)) = self.limit.take() {
            let is_current = period == counters.period;
            if let Some(budget) = &mut counters.limit {
                match charge {
                    Some((charge, _)) if is_current => outcome = outcome.and(budget.settle(hold, charge)),
                    _ => budget.void(hold),
                }
            }
        } else if let (Some((charge, _)), Some(budget)) = (charge, &mut counters.limit) {
            // The limit was set while the request ran: it counts from now on.
            outcome = outcome.and(budget.post(charge));
        }
        if let Some((charge, now)) = charge {
            counters.roll(now, &self.key.settings());
            counters.book(charge, self.admitted, now);
        }
        drop(counters);
        self.key.account().released.notify_waiters();
        outcome
    }
}

impl Drop for KeyHold {
    fn drop(&mut self) {
        if self.account.is_some() || self.limit.is_some() {
            // A void cannot overflow.
            let _voided = self.end(None);
        }
    }
}
