//! Double-entry postings. Entries are immutable; a correction is a new entry with its own kind.

use crate::id::{AccountId, EntryId, GenerationId};
use crate::money::{Amount, Overflow};
use crate::time::Timestamp;

/// Where money can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Book {
    /// Credit that a customer may spend.
    Credit,
    /// Earned by usage.
    UsageRevenue,
    /// Where granted or bought credit comes from.
    Clearing,
    /// Promotional credit, e.g. the sign-up allowance and demo credit.
    Promotion,
    /// Adjustments by an operator.
    Adjustment,
}

impl Book {
    /// The spelling in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::UsageRevenue => "usage_revenue",
            Self::Clearing => "clearing",
            Self::Promotion => "promotion",
            Self::Adjustment => "adjustment",
        }
    }
}

/// Why an entry was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A generation was answered.
    Usage,
    /// A generation was cut by a crash and charged for what had been delivered.
    Interrupted,
    /// Credit was bought or granted; counts as "ever bought".
    Grant,
    /// Credit was given as a promotion; does not count as bought.
    Promotion,
    /// An operator corrected the balance.
    Adjustment,
}

impl EntryKind {
    /// The spelling in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Interrupted => "interrupted",
            Self::Grant => "grant",
            Self::Promotion => "promotion",
            Self::Adjustment => "adjustment",
        }
    }

    /// The book on the other side of the customer's credit.
    #[must_use]
    pub const fn counter_book(self) -> Book {
        match self {
            Self::Usage | Self::Interrupted => Book::UsageRevenue,
            Self::Grant => Book::Clearing,
            Self::Promotion => Book::Promotion,
            Self::Adjustment => Book::Adjustment,
        }
    }
}

/// What makes an entry unique: posting the same key twice changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKey {
    /// A generation's charge: generation, 1-based attempt, line.
    Generation {
        /// The generation.
        id: GenerationId,
        /// 1-based attempt that is charged.
        attempt: u16,
        /// Line within the attempt; 0 is the sum of its cost lines.
        line: u16,
    },
    /// Anything else: the id was made by whoever asked for it.
    Other {
        /// The initiator's id.
        id: EntryId,
    },
}

/// One side of a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its unique key; both sides share it.
    pub key: EntryKey,
    /// The account that it belongs to.
    pub account: AccountId,
    /// The book.
    pub book: Book,
    /// Why.
    pub kind: EntryKind,
    /// Positive into the book, negative out of it.
    pub amount: Amount,
    /// When.
    pub at: Timestamp,
}

/// A set of entries that does not sum to zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entries do not sum to zero")]
pub struct Imbalance;

fn pair(
    key: EntryKey,
    account: AccountId,
    kind: EntryKind,
    credit: Amount,
    at: Timestamp,
) -> Result<[Entry; 2], Overflow> {
    let side = |book, amount| Entry { key, account, book, kind, amount, at };
    Ok([side(Book::Credit, credit), side(kind.counter_book(), credit.negated()?)])
}

/// The two sides of a charge: out of the customer's credit, into revenue.
///
/// # Errors
/// [`Overflow`] when the charge is negative or out of range.
pub fn usage_entries(
    key: EntryKey,
    account: AccountId,
    kind: EntryKind,
    charge: Amount,
    at: Timestamp,
) -> Result<[Entry; 2], Overflow> {
    if charge.is_negative() {
        return Err(Overflow);
    }
    pair(key, account, kind, charge.negated()?, at)
}

/// The two sides of a grant, promotion or adjustment (`amount` may be negative for the latter).
///
/// # Errors
/// [`Overflow`] when the amount is out of range, or negative for anything but an adjustment.
pub fn grant_entries(
    id: EntryId,
    account: AccountId,
    kind: EntryKind,
    amount: Amount,
    at: Timestamp,
) -> Result<[Entry; 2], Overflow> {
    if amount.is_negative() && kind != EntryKind::Adjustment {
        return Err(Overflow);
    }
    pair(EntryKey::Other { id }, account, kind, amount, at)
}
