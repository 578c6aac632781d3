//! The ledger as pure state: budgets with holds, and entries that sum to zero.

mod budget;
mod entry;
#[cfg(test)]
mod tests;

pub use budget::{Budget, BudgetError, Hold};
pub use entry::{Book, Entry, EntryKey, EntryKind, Imbalance, grant_entries, usage_entries};
