//! [`Budget`]: a counter that money is held on, posted to and released from.
//!
//! One structure serves the account's credit and every limit (key, later workspace and guardrail). A request holds on all
//! budgets that apply, in a fixed order, all or none; the hold is then settled or voided exactly once. The type makes a
//! second settlement impossible: [`Hold`] is neither `Clone` nor `Copy` and is consumed.

use crate::money::{Amount, Overflow};

/// A budget: what may be spent, what is spent, what is held.
///
/// Invariant: `held` is the sum of the open holds and never negative; `posted` only grows by settlements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    granted: Amount,
    posted: Amount,
    held: Amount,
}

/// Proof of a hold on one budget. Must be handed back through [`Budget::settle`] or [`Budget::void`].
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a hold that is dropped without settle or void leaks money"]
pub struct Hold {
    amount: Amount,
}

impl Hold {
    /// How much is held.
    #[must_use]
    pub const fn amount(&self) -> Amount {
        self.amount
    }
}

/// Why a hold was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    /// Even with all other holds ended the amount would not fit.
    #[error("budget is spent: {available} USD left")]
    Spent {
        /// What could be held now.
        available: Amount,
    },
    /// Only the holds of running requests are in the way.
    #[error("running requests hold the budget: {available} USD left, {held} USD held")]
    InFlight {
        /// What could be held now.
        available: Amount,
        /// What running requests hold.
        held: Amount,
    },
    /// The amount is negative or leaves the range.
    #[error("not an amount that can be held")]
    Range,
}

impl Budget {
    /// A budget of `granted` of which `posted` is already spent.
    #[must_use]
    pub const fn new(granted: Amount, posted: Amount) -> Self {
        Self { granted, posted, held: Amount::ZERO }
    }

    /// What may be spent in all.
    #[must_use]
    pub const fn granted(&self) -> Amount {
        self.granted
    }

    /// What is spent.
    #[must_use]
    pub const fn posted(&self) -> Amount {
        self.posted
    }

    /// What running requests hold.
    #[must_use]
    pub const fn held(&self) -> Amount {
        self.held
    }

    /// Granted minus posted; negative when answers cost more than was there.
    #[must_use]
    pub const fn balance(&self) -> Amount {
        self.granted.saturating_sub(self.posted)
    }

    /// What a new hold may take: balance minus holds.
    #[must_use]
    pub const fn available(&self) -> Amount {
        self.balance().saturating_sub(self.held)
    }

    /// Replaces what may be spent: a grant arrived, a limit was changed. Running holds are not touched.
    pub const fn set_granted(&mut self, granted: Amount) {
        self.granted = granted;
    }

    /// Replaces what is spent, when a new period begins. Running holds stay: they belong to the request, not the period.
    pub const fn set_posted(&mut self, posted: Amount) {
        self.posted = posted;
    }

    /// Holds `amount`.
    ///
    /// # Errors
    /// [`BudgetError`] when it does not fit; nothing has changed then.
    pub fn hold(&mut self, amount: Amount) -> Result<Hold, BudgetError> {
        self.reserve(amount)?;
        Ok(Hold { amount })
    }

    /// Grows an existing hold by `more`.
    ///
    /// # Errors
    /// [`BudgetError`] when it does not fit; nothing has changed then.
    pub fn extend(&mut self, hold: &mut Hold, more: Amount) -> Result<(), BudgetError> {
        let grown = hold.amount.checked_add(more).map_err(|Overflow| BudgetError::Range)?;
        self.reserve(more)?;
        hold.amount = grown;
        Ok(())
    }

    /// Ends a hold with a charge. The charge may be more than was held (a provider that reports more than the estimate) and
    /// may take the balance below zero; debts are kept, never forgiven.
    ///
    /// # Errors
    /// [`Overflow`] when the posted sum leaves the range; the hold is released all the same.
    pub fn settle(&mut self, hold: Hold, charge: Amount) -> Result<(), Overflow> {
        self.void(hold);
        self.post(charge)
    }

    /// Ends a hold without a charge.
    #[expect(clippy::needless_pass_by_value, reason = "taking the hold is what makes a second settlement impossible")]
    pub fn void(&mut self, hold: Hold) {
        self.held = self.held.saturating_sub(hold.amount);
    }

    /// Posts a charge that was never held (a settlement recovered from the journal).
    ///
    /// # Errors
    /// [`Overflow`] when the charge is negative or the posted sum leaves the range.
    pub fn post(&mut self, charge: Amount) -> Result<(), Overflow> {
        if charge.is_negative() {
            return Err(Overflow);
        }
        self.posted = self.posted.checked_add(charge)?;
        Ok(())
    }

    fn reserve(&mut self, amount: Amount) -> Result<(), BudgetError> {
        if amount.is_negative() {
            return Err(BudgetError::Range);
        }
        let held = self.held.checked_add(amount).map_err(|Overflow| BudgetError::Range)?;
        let available = self.available();
        // A request that costs nothing asks only that the account is not in debt; running holds do not concern it.
        let fits = if amount.is_zero() { !self.balance().is_negative() } else { amount <= available };
        if !fits {
            return Err(if amount > self.balance() || amount.is_zero() {
                BudgetError::Spent { available }
            } else {
                BudgetError::InFlight { available, held: self.held }
            });
        }
        self.held = held;
        Ok(())
    }
}
