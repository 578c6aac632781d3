//! Names that say nothing about what is inside.

use super::{Finding, Tree};

const BANNED: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "misc"];

/// Looks at every file and folder of the code.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let code = |path: &str| [".rs", ".ts", ".tsx", ".mjs", ".py", ".sh"].iter().any(|end| path.ends_with(end));
    tree.files
        .iter()
        .filter(|file| code(&file.path))
        .filter_map(|file| {
            let word = file.path.split(['/', '.', '_', '-']).find(|word| BANNED.contains(word))?;
            Some(Finding::new(&file.path, 0, format!("{word:?} says nothing: name the file after what it holds")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::Tree;

    #[test]
    fn empty_names_are_found_in_files_and_folders() {
        let tree = Tree::of(&[
            ("crates/a/src/utils.rs", ""),
            ("console/src/common/x.ts", ""),
            ("crates/a/src/money.rs", ""),
            ("docs/util.md", ""),
        ]);
        assert_eq!(check(&tree).len(), 2);
    }
}
