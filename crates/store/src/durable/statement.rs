//! The register of every SQL text, and the counts of their executions.
//!
//! A statement exists once, with a name; the contract suite compares the names that were executed on each engine with the
//! names that are declared here.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// One SQL text under a name. The texts differ between the engines for bulk writes only.
#[derive(Debug)]
pub struct Statement {
    /// Unique name.
    pub name: &'static str,
    /// Text for SQLite.
    pub(crate) sqlite: &'static str,
    /// Text for PostgreSQL.
    pub(crate) postgres: &'static str,
}

/// Declares the statements of a file and the list `STATEMENTS` of them.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(const $name: $crate::durable::statement::Statement = $crate::durable::statement::Statement {
            name: concat!(module_path!(), "::", stringify!($name)),
            sqlite: $sql,
            postgres: $sql,
        };)*
        /// Every statement of this file.
        pub(in crate::durable) const STATEMENTS: &[&$crate::durable::statement::Statement] = &[$(&$name),*];
    };
}

/// Declares bulk writes: a single-row text that is widened for SQLite, and an `unnest` text for PostgreSQL.
macro_rules! bulk_statements {
    ($($name:ident = { $sqlite:expr, $postgres:expr };)*) => {
        $(pub(in crate::durable) const $name: $crate::durable::statement::Statement = $crate::durable::statement::Statement {
            name: concat!(module_path!(), "::", stringify!($name)),
            sqlite: $sqlite,
            postgres: $postgres,
        };)*
        /// Every bulk write of this file.
        pub(in crate::durable) const STATEMENTS: &[&$crate::durable::statement::Statement] = &[$(&$name),*];
    };
}

pub(crate) use {bulk_statements, statements};

/// Every statement that the store can execute.
pub fn declared() -> impl Iterator<Item = &'static Statement> {
    [
        super::account::STATEMENTS,
        super::activity::STATEMENTS,
        super::catalog::STATEMENTS,
        super::change::STATEMENTS,
        super::console::STATEMENTS,
        super::generation::STATEMENTS,
        super::grant::STATEMENTS,
        super::key::STATEMENTS,
        super::preset::STATEMENTS,
        super::preset_read::STATEMENTS,
        super::routing::STATEMENTS,
        super::rules::STATEMENTS,
        super::settle::STATEMENTS,
        super::settle::bulk::STATEMENTS,
        super::settle::lots::STATEMENTS,
        super::snapshot::STATEMENTS,
        super::upstream::STATEMENTS,
        super::verify::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// How often each statement was executed. A bulk write counts once, however many rows it has.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    total: AtomicU64,
    by_name: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counts {
    pub(super) fn record(&self, statement: &Statement) {
        self.total.fetch_add(1, Ordering::Relaxed);
        *self.by_name.lock().entry(statement.name).or_default() += 1;
    }

    pub(super) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    pub(super) fn by_name(&self) -> BTreeMap<&'static str, u64> {
        self.by_name.lock().clone()
    }
}
