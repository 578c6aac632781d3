//! [`StoreError`]: what can go wrong at the database.

/// A failed store operation.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is busy, or cut the connection; the same call may be repeated.
    ///
    /// After this error a transaction may or may not have been committed; every money operation is idempotent.
    #[error("the database is unavailable during {statement}")]
    Unavailable {
        /// What was being done.
        statement: &'static str,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// A uniqueness or check constraint refused the change.
    #[error("conflict with {constraint}")]
    Conflict {
        /// The constraint, as the engine names it.
        constraint: String,
    },
    /// A stored value cannot be what it should be.
    #[error("stored value {column} read by {statement} is corrupt")]
    Corrupt {
        /// The statement that read it.
        statement: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A statement was refused for another reason: a defect of the program or of the schema.
    #[error("statement {statement} was refused")]
    Refused {
        /// The statement.
        statement: &'static str,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// The schema is not what this program needs.
    #[error("migration {number}: {reason}")]
    Migration {
        /// Number of the migration.
        number: i64,
        /// What is wrong.
        reason: String,
    },
    /// The options name no database that can be opened.
    #[error("database options: {reason}")]
    Options {
        /// What is wrong.
        reason: String,
    },
    /// An amount or a sum leaves the range of 64-bit nano-dollars.
    #[error("an amount leaves the range of the ledger")]
    Range,
    /// A newer start of the same node has taken over; nothing of the batch was posted.
    #[error("boot {boot} of this node is not its current one")]
    Fenced {
        /// The generation number that was presented.
        boot: i64,
    },
    /// The database has not posted what was before the batch, which it had: it came back without its last seconds.
    #[error("the database has posted a journal up to {drained} only")]
    Lagging {
        /// Sequence up to which it has posted.
        drained: u64,
    },
    /// The account, key or user that a change refers to does not exist.
    #[error("there is no such {what}")]
    Missing {
        /// The kind of thing.
        what: &'static str,
    },
}

impl StoreError {
    /// Whether the same call may succeed later without any change.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// Sorts a driver error.
    pub(crate) fn of(statement: &'static str, source: sqlx::Error) -> Self {
        if let sqlx::Error::Database(error) = &source {
            if error.is_unique_violation() || error.is_check_violation() || error.is_foreign_key_violation() {
                let constraint = error.constraint().map_or_else(|| error.message().to_owned(), str::to_owned);
                return Self::Conflict { constraint };
            }
            let code = error.code().unwrap_or_default();
            return if is_transient(&code) {
                Self::Unavailable { statement, source }
            } else {
                Self::Refused { statement, source }
            };
        }
        match source {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable { statement, source },
            _ => Self::Refused { statement, source },
        }
    }
}

/// Codes after which the same statement may succeed: PostgreSQL's five-character SQLSTATE classes for lost connections,
/// exhausted resources, operator intervention, serialization failures and lock waits; SQLite's numeric codes for busy,
/// locked, read-only, input/output error, full and cannot open (extended codes keep the low byte).
fn is_transient(code: &str) -> bool {
    if code.len() == 5 {
        let classes = ["08", "53", "57", "58", "40"];
        return classes.iter().any(|class| code.starts_with(class)) || matches!(code, "55P03" | "25006");
    }
    code.parse::<i64>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::is_transient;

    #[test]
    fn only_codes_that_may_pass_are_retried() {
        for code in ["40001", "40P01", "57P01", "08006", "53300", "55P03", "57014", "5", "261", "13", "778"] {
            assert!(is_transient(code), "{code}");
        }
        for code in ["42601", "42P01", "22003", "23505", "1", "19", "787", ""] {
            assert!(!is_transient(code), "{code}");
        }
    }
}
