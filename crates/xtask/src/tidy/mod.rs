//! Rules of the house that a machine can check, one file per subject.
//!
//! Each check is a pure function over the tree's texts, so that its tests can show it a tree in which it must trip.

mod comments;
mod imports;
mod journey;
mod leaks;
mod length;
mod migrations;
mod names;
mod places;
mod reference;
mod rust;
mod shown;
mod tree;

pub use tree::{File, Tree};

use std::fmt;

/// One broken rule at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path of the file, from the root of the project.
    pub path: String,
    /// 1-based line; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl Finding {
    /// A finding at a line of a file.
    pub fn new(path: &str, line: usize, problem: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, problem: problem.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.problem)
    }
}

/// A check looks at the whole tree and tells what it found.
pub type Check = fn(&Tree) -> Vec<Finding>;

/// Every check.
pub const CHECKS: &[(&str, Check)] = &[
    ("imports", imports::check),
    ("sql", places::sql),
    ("environment", places::environment),
    ("providers", places::providers),
    ("names", names::check),
    ("file length", length::files),
    ("function length", length::functions),
    ("module docs", comments::modules),
    ("doc comments", comments::sentences),
    ("open ends", comments::open_ends),
    ("journey", journey::check),
    ("migrations", migrations::check),
    ("error kinds", reference::errors),
    ("settings", reference::settings),
    ("routes", reference::routes),
    ("named tests", shown::check),
    ("leaks", leaks::check),
];

/// Everything that is wrong with the tree, in the order of paths.
#[must_use]
pub fn tidy(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|(_, check)| check(tree)).collect();
    findings.sort();
    findings
}
