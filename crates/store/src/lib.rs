//! Everything remembered: durable store, journal, volatile store. The only crate with SQL.
