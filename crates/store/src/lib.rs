//! Everything that Portolan remembers.
//!
//! [`durable`] is the database (SQLite or PostgreSQL behind one [`Store`]), [`journal`] the node's append-only file of
//! settlements that are not yet posted, [`volatile`] what may be lost at any moment. This is the only crate with SQL. It
//! knows no HTTP and no provider; times, ids and randomness come from the caller.

pub mod durable;
pub mod journal;
pub mod lease;
#[cfg(feature = "seeded-bugs")]
pub mod seeded;
pub mod volatile;

pub use durable::{Store, StoreError, StoreOptions};
pub use journal::{Drainer, Journal, JournalError, JournalOptions};

#[cfg(test)]
mod contract;
