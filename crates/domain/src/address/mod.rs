//! Addresses that a stranger names: how they may be spelled, and which machines they may mean.
//!
//! [`WebAddress`] is the only reading of such an address: whoever checks one and whoever connects to it read the same thing.
//! [`is_public`] judges one machine address. Names say nothing about the machine behind them, so whoever connects must judge
//! the machine address again, at that moment.

mod ip;
mod network;
mod web;

pub use ip::is_public;
pub use network::{Network, NetworkError};
pub use web::{Host, SpellingError, WebAddress};
