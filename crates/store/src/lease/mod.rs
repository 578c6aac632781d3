//! The lease: the budgets that this node may spend from, in memory.
//!
//! On one node the lease is the whole balance: no rows, no expiry. Admission compares and holds here and nowhere else, so a
//! request needs no database. Several nodes will get shares granted by the durable store behind the same calls
//! ([`Key::hold`], [`KeyHold::extend`], [`KeyHold::settle`]); nothing above this module can tell.
//!
//! Truth and copies: what was granted comes from the store and may change at any time; what is posted is counted here
//! from the last start on (the store's sums plus every settlement since), so a refresh never races with the drain.

mod account;
mod book;
mod hold;
mod key;
mod keyring;
mod rules;
#[cfg(test)]
mod tests;

pub use account::{Account, AccountSeed};
pub use book::LeaseBook;
pub use hold::{HoldRefusal, KeyHold};
pub use key::{Key, KeyFigures, KeySeed, KeySettings, OutputHistory};
pub use keyring::{Keyring, KeyringError, OtherChanges};
pub use rules::Rules;
