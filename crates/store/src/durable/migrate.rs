//! Schema migrations: numbered SQL files, one folder per engine with the same numbers and names.
//!
//! Each file runs once, in one transaction together with its row in `migrations`. A file that changed after it was applied
//! is refused, and so is a database that is newer than the program.

use super::StoreError;

/// One migration of one engine.
pub(super) struct Migration {
    pub(super) number: i64,
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

macro_rules! migrations {
    ($engine:literal: $($number:literal $name:literal),* $(,)?) => {
        &[$($crate::durable::migrate::Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../../migrations/", $engine, "/", $name, ".sql")),
        }),*]
    };
}

pub(super) use migrations;

/// Makes the list of what was applied; the same text on both engines.
pub(super) const CREATE: &str = "create table if not exists migrations (
    number bigint not null primary key,
    name text not null,
    checksum bigint not null
)";

/// What was applied.
pub(super) const APPLIED: &str = "select number, checksum from migrations order by number limit 10000";

/// Remembers one migration.
pub(super) const RECORD: &str = "insert into migrations (number, name, checksum) values ($1, $2, $3)";

impl Migration {
    pub(super) fn checksum(&self) -> i64 {
        i64::from(crc32c::crc32c(self.sql.as_bytes()))
    }
}

/// The migrations that are missing, after checking those that were applied.
pub(super) fn pending<'a>(
    known: &'a [Migration],
    applied: &[(i64, i64)],
    may_apply: bool,
) -> Result<Vec<&'a Migration>, StoreError> {
    for (number, checksum) in applied {
        let migration = known.iter().find(|migration| migration.number == *number).ok_or(StoreError::Migration {
            number: *number,
            reason: "the database is newer than this program".to_owned(),
        })?;
        if migration.checksum() != *checksum {
            let reason = format!("{} was changed after it had been applied", migration.name);
            return Err(StoreError::Migration { number: *number, reason });
        }
    }
    let missing: Vec<_> =
        known.iter().filter(|known| applied.iter().all(|(number, _)| *number != known.number)).collect();
    match missing.first() {
        Some(first) if !may_apply => {
            Err(StoreError::Migration { number: first.number, reason: format!("{} has not been applied", first.name) })
        }
        _ => Ok(missing),
    }
}
