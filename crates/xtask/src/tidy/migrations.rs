//! Both engines are migrated alike: every migration has its twin.

use super::{Finding, Tree};
use std::collections::BTreeSet;

const FOLDER: &str = "crates/store/migrations/";

/// Compares the two folders.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let names = |engine: &str| -> BTreeSet<&str> {
        let folder = format!("{FOLDER}{engine}/");
        tree.files.iter().filter_map(|file| file.path.strip_prefix(folder.as_str())).collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    if sqlite.is_empty() {
        return vec![Finding::new(FOLDER, 0, "no migrations found")];
    }
    let missing = |from: &BTreeSet<&str>, there: &BTreeSet<&str>, engine: &str| -> Vec<Finding> {
        from.difference(there)
            .map(|name| Finding::new(&format!("{FOLDER}{engine}/{name}"), 0, "the twin of this migration is missing"))
            .collect()
    };
    [missing(&sqlite, &postgres, "postgres"), missing(&postgres, &sqlite, "sqlite")].concat()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::Tree;

    #[test]
    fn a_migration_without_twin_is_found() {
        let one = ("crates/store/migrations/sqlite/0001_a.sql", "");
        let two = ("crates/store/migrations/postgres/0001_a.sql", "");
        let three = ("crates/store/migrations/postgres/0002_b.sql", "");
        assert!(check(&Tree::of(&[one, two])).is_empty());
        assert_eq!(check(&Tree::of(&[one, two, three])).len(), 1);
        assert_eq!(check(&Tree::of(&[])).len(), 1, "an empty folder must not pass");
    }
}
