//! Files and functions that grew too long, with a list of exceptions that may only shrink.

use super::rust::Source;
use super::{File, Finding, Tree};
use std::collections::BTreeMap;

/// Most lines of a source file.
const FILE_MAX: usize = 600;
/// Most lines of a function, from `fn` to the closing brace.
const FUNCTION_MAX: usize = 70;
/// Where the exceptions stand: `"path" = lines` and `"path::function" = lines`.
const EXCEPTIONS: &str = "crates/xtask/exceptions.toml";

/// Files outside tests.
pub fn files(tree: &Tree) -> Vec<Finding> {
    let measured = tree
        .files
        .iter()
        .filter(|file| is_source(file))
        .map(|file| (file.path.clone(), file.path.clone(), 0, file.text.lines().count()));
    judge(tree, "files", FILE_MAX, measured.collect())
}

/// Functions outside tests.
pub fn functions(tree: &Tree) -> Vec<Finding> {
    let measured = tree.rust("crates/").filter(|file| !file.is_test()).flat_map(|file| {
        let found = Source::new(&file.text).functions();
        found.into_iter().map(|function| {
            (format!("{}::{}", file.path, function.name), file.path.clone(), function.line, function.lines)
        })
    });
    judge(tree, "functions", FUNCTION_MAX, measured.collect())
}

fn is_source(file: &File) -> bool {
    let generated = file.path.ends_with("schema.d.ts");
    let code = [".rs", ".ts", ".tsx", ".mjs", ".css"].iter().any(|end| file.path.ends_with(end));
    code && !generated && !file.is_test()
}

/// Compares (name, path, line, lines) with the limit and the exceptions of a section.
fn judge(tree: &Tree, section: &str, limit: usize, measured: Vec<(String, String, usize, usize)>) -> Vec<Finding> {
    let mut allowed = exceptions(tree, section);
    let mut findings = Vec::new();
    for (name, path, line, lines) in measured.into_iter().filter(|(.., lines)| *lines > limit) {
        match allowed.remove(&name) {
            Some(most) if lines <= most => {}
            Some(most) => findings.push(Finding::new(
                &path,
                line,
                format!("{lines} lines: the exception of {most} lines may only shrink"),
            )),
            None => findings.push(Finding::new(
                &path,
                line,
                format!("{lines} lines, more than {limit}: {name} could be two"),
            )),
        }
    }
    findings.extend(
        allowed
            .keys()
            .map(|name| Finding::new(EXCEPTIONS, 0, format!("{name} needs no exception any more: remove it"))),
    );
    findings
}

fn exceptions(tree: &Tree, section: &str) -> BTreeMap<String, usize> {
    let table = tree.text(EXCEPTIONS).and_then(|text| text.parse::<toml::Table>().ok()).unwrap_or_default();
    let entries = table.get(section).and_then(toml::Value::as_table).cloned().unwrap_or_default();
    entries.into_iter().filter_map(|(name, lines)| Some((name, usize::try_from(lines.as_integer()?).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::{EXCEPTIONS, FILE_MAX, FUNCTION_MAX, files, functions};
    use crate::tidy::Tree;

    #[test]
    fn long_files_are_found_outside_tests() {
        let long = "x\n".repeat(FILE_MAX + 1);
        let tree =
            Tree::of(&[("crates/a/src/a.rs", &long), ("console/src/a.ts", &long), ("crates/a/tests/b.rs", &long)]);
        assert_eq!(files(&tree).len(), 2);
        assert!(files(&Tree::of(&[("crates/a/src/a.rs", &"x\n".repeat(FILE_MAX))])).is_empty());
    }

    #[test]
    fn long_functions_are_found() {
        let text = format!("fn long() {{\n{}}}\n", "    x();\n".repeat(FUNCTION_MAX - 1));
        assert_eq!(functions(&Tree::of(&[("crates/a/src/a.rs", &text)])).len(), 1);
        let text = format!("fn fits() {{\n{}}}\n", "    x();\n".repeat(FUNCTION_MAX - 2));
        assert!(functions(&Tree::of(&[("crates/a/src/a.rs", &text)])).is_empty());
    }

    #[test]
    fn exceptions_only_shrink() {
        let long = "x\n".repeat(610);
        let with = |lines: usize| format!("[files]\n\"crates/a/src/a.rs\" = {lines}\n");
        assert!(files(&Tree::of(&[("crates/a/src/a.rs", &long), (EXCEPTIONS, &with(610))])).is_empty());
        assert_eq!(files(&Tree::of(&[("crates/a/src/a.rs", &long), (EXCEPTIONS, &with(605))])).len(), 1);
        assert_eq!(files(&Tree::of(&[("crates/a/src/a.rs", "x\n"), (EXCEPTIONS, &with(610))])).len(), 1);
    }
}
