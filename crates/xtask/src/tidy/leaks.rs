//! What must not stand in the project: paths of somebody's machine and the hosts that packages come from.

use super::{Finding, Tree};

/// Looks at every text but the lock files, whose format names hosts.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let marks = marks();
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| !file.path.ends_with("Cargo.lock")) {
        for (at, line) in file.text.lines().enumerate() {
            for (mark, problem) in &marks {
                if let Some(found) = line.find(mark.as_str()).filter(|found| starts_here(line, *found, mark)) {
                    findings.push(Finding::new(
                        &file.path,
                        at + 1,
                        format!("{problem}: {}", &line[found..found + mark.len()]),
                    ));
                }
            }
        }
    }
    findings
}

/// Put together here, so that this file does not find itself.
fn marks() -> Vec<(String, &'static str)> {
    let path = |name: &str| (format!("/{name}/"), "a path of one machine");
    let host = |parts: &[&str]| (parts.join("."), "a package host");
    vec![
        path("work"),
        path("root"),
        host(&["registry", "npmjs", "org"]),
        host(&["index", "crates", "io"]),
        host(&["static", "crates", "io"]),
        host(&["files", "pythonhosted", "org"]),
        host(&["pypi", "org"]),
        host(&["proxy", "golang", "org"]),
    ]
}

/// A path counts only where it is absolute: not as the tail of an address or of another path.
fn starts_here(line: &str, at: usize, mark: &str) -> bool {
    let before = line[..at].chars().next_back();
    !mark.starts_with('/')
        || before.is_none_or(|letter| {
            !letter.is_alphanumeric() && !matches!(letter, '.' | '_' | '-' | '~' | '}' | '$' | '*')
        })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::Tree;

    #[test]
    fn machine_paths_and_package_hosts_are_found() {
        let path = format!("see /{}/main\nhttps://example.org/{}/x\n", "work", "work");
        let host = format!("https://{}.org/simple\n", "pypi");
        let found = check(&Tree::of(&[("docs/a.md", &path), ("docs/b.md", &host)]));
        assert_eq!(
            found.iter().map(|found| (found.path.as_str(), found.line)).collect::<Vec<_>>(),
            [("docs/a.md", 1), ("docs/b.md", 1)]
        );
    }
}
