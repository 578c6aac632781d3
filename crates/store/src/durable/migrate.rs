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

#[cfg(test)]
mod tests {
    use super::{Migration, pending};
    use crate::durable::StoreError;

    const TWINS: &[(&str, &str, &str)] = &[(
        "0001_foundation",
        include_str!("../../migrations/sqlite/0001_foundation.sql"),
        include_str!("../../migrations/postgres/0001_foundation.sql"),
    )];

    /// The two texts may differ in the names of the three column kinds alone.
    #[test]
    fn tables_are_the_same_on_both_engines() {
        for (name, sqlite, postgres) in TWINS {
            let translated: Vec<String> = sqlite
                .lines()
                .map(|line| {
                    if line.trim_start().starts_with("--") {
                        return line.to_owned();
                    }
                    line.replace(" integer", " bigint").replace(" blob", " bytea").replace(") strict;", ");")
                })
                .collect();
            let expected: Vec<&str> = postgres.lines().collect();
            assert_eq!(translated, expected, "{name}");
        }
    }

    #[test]
    fn every_column_and_index_has_a_comment() {
        for (name, sqlite, _) in TWINS {
            let lines: Vec<&str> = sqlite.lines().collect();
            for pair in lines.windows(2) {
                let line = pair[1].trim_start();
                let is_column = [" integer", " text", " blob"].iter().any(|kind| line.contains(kind));
                let is_index = line.starts_with("create index");
                if !line.starts_with("--") && (is_column || is_index) {
                    assert!(pair[0].trim_start().starts_with("--"), "{name}: {line}");
                }
            }
        }
    }

    const KNOWN: &[Migration] = &[
        Migration { number: 1, name: "0001_a", sql: "select 1" },
        Migration { number: 2, name: "0002_b", sql: "select 2" },
    ];

    #[test]
    fn a_changed_or_newer_schema_is_refused() {
        let first = KNOWN[0].checksum();
        let numbers = |applied: &[(i64, i64)], may| {
            pending(KNOWN, applied, may).map(|list| list.iter().map(|migration| migration.number).collect::<Vec<_>>())
        };
        assert_eq!(numbers(&[], true).expect("fresh"), [1, 2]);
        assert_eq!(numbers(&[(1, first)], true).expect("half"), [2]);
        assert!(matches!(numbers(&[(1, first)], false), Err(StoreError::Migration { number: 2, .. })));
        assert!(matches!(numbers(&[(1, first + 1)], true), Err(StoreError::Migration { number: 1, .. })));
        assert!(matches!(numbers(&[(3, 0)], true), Err(StoreError::Migration { number: 3, .. })));
    }
}
