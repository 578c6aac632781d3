//! What the documentation says is shown by a test is shown by one: tables with a column `test` name tests that exist.

use super::rust::Source;
use super::{Finding, Tree};
use std::collections::BTreeSet;

/// Looks at every table of `docs/` that has a column `test`.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let names = tests(tree);
    let pages = tree.files.iter().filter(|file| file.path.starts_with("docs/") && file.path.ends_with(".md"));
    pages.flat_map(|page| rows(&page.path, &page.text, &names)).collect()
}

/// Names of all functions of the Rust files.
fn tests(tree: &Tree) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in tree.files.iter().filter(|file| file.is_rust()) {
        let code = Source::new(&file.text).code;
        let starts = code.match_indices("fn ").map(|(at, mark)| &code[at + mark.len()..]);
        names.extend(starts.filter_map(|rest| rest.split_once('(')).map(|(name, _)| name.to_owned()));
    }
    names
}

fn rows(path: &str, text: &str, names: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut column = None;
    for (at, line) in text.lines().enumerate() {
        let Some(cells) = cells(line) else {
            column = None;
            continue;
        };
        if let Some(found) = cells.iter().position(|cell| *cell == "test") {
            column = Some(found);
            continue;
        }
        let Some(cell) = column.and_then(|column| cells.get(column)) else { continue };
        if cell.chars().all(|character| matches!(character, '-' | ':')) && !cell.is_empty() {
            continue;
        }
        let named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            findings.push(Finding::new(path, at + 1, "this row names no test"));
        }
        let missing = named.into_iter().filter(|name| !names.contains(*name));
        findings.extend(missing.map(|name| Finding::new(path, at + 1, format!("there is no test {name}"))));
    }
    findings
}

/// The cells of a line of a table.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inside = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inside.split('|').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::Tree;

    #[test]
    fn rows_must_name_tests_that_exist() {
        let code = ("crates/server/tests/e2e/a.rs", "async fn it_holds() {}\n// fn not_code()\n");
        let found = |rows: &str| {
            let page = format!("| feature | test |\n|---|---|\n{rows}\n\n| other | words |\n|---|---|\n| a | b |\n");
            check(&Tree::of(&[code, ("docs/a.md", &page)]))
        };
        assert_eq!(found("| a | `it_holds` |"), []);
        assert_eq!(found("| a | `it_holds`, `it_does_not` |").len(), 1);
        assert_eq!(found("| a | `not_code` |").len(), 1);
        assert_eq!(found("| a | some day |").len(), 1);
        assert_eq!(found("| a |  |").len(), 1);
        assert_eq!(found("| a | |\n| b | `nothing` |").iter().map(|found| found.line).collect::<Vec<_>>(), [3, 4]);
    }
}
