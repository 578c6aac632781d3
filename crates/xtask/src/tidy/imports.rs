//! Arrows point down, and the two planes never touch: which crate may depend on which.

use super::{Finding, Tree};

/// Our crates that each crate may use in the product. Tests and tools may use anything but `server`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("dialect", &["domain"]),
    ("store", &["domain"]),
    ("edge", &["domain"]),
    ("gateway", &["domain", "dialect", "store", "edge"]),
    ("control", &["domain", "dialect", "store", "edge"]),
    ("simulator", &[]),
    ("server", &["domain", "dialect", "store", "edge", "gateway", "control", "simulator"]),
    ("testkit", &["domain", "dialect", "store", "edge", "gateway", "control", "simulator"]),
    ("xtask", &["domain", "dialect", "store", "edge", "gateway", "control", "simulator", "testkit"]),
];

/// Libraries that would bring sockets, a runtime or a database where there must be none.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("domain", &["axum", "hyper", "http", "reqwest", "sqlx", "tokio", "tracing"]),
    ("dialect", &["axum", "hyper", "reqwest", "sqlx", "tokio"]),
    ("store", &["axum", "hyper", "reqwest"]),
    ("edge", &["sqlx"]),
    ("gateway", &["sqlx"]),
    ("control", &["sqlx"]),
    ("simulator", &["sqlx"]),
    ("server", &["sqlx"]),
];

/// Reads every manifest.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let manifests =
        tree.files.iter().filter(|file| file.path.starts_with("crates/") && file.path.ends_with("/Cargo.toml"));
    manifests.flat_map(|file| manifest(&file.path, file.krate().unwrap_or_default(), &file.text)).collect()
}

fn manifest(path: &str, name: &str, text: &str) -> Vec<Finding> {
    let Ok(table) = text.parse::<toml::Table>() else { return vec![Finding::new(path, 0, "is not TOML")] };
    let Some(allowed) = row(MAY_USE, name) else {
        return vec![Finding::new(path, 0, format!("{name} is not in the table of crates: say what it may use"))];
    };
    let forbidden = row(FORBIDDEN, name).unwrap_or_default();
    let ours: Vec<&str> = MAY_USE.iter().map(|(krate, _)| *krate).collect();
    let mut problems = Vec::new();
    for dependency in keys(&table, "dependencies") {
        if ours.contains(&dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
            problems.push(format!("{name} must not depend on {dependency}: arrows point down"));
        }
        if forbidden.contains(&dependency.as_str()) {
            problems.push(format!("{name} must do without {dependency}"));
        }
    }
    for dependency in keys(&table, "dev-dependencies") {
        if matches!(dependency.as_str(), "server" | "xtask") {
            problems.push(format!("nobody imports {dependency}"));
        }
    }
    problems.into_iter().map(|problem| Finding::new(path, line_of(text, &problem), problem)).collect()
}

fn row<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(krate, _)| *krate == name).map(|(_, list)| *list)
}

fn keys(table: &toml::Table, section: &str) -> Vec<String> {
    table.get(section).and_then(toml::Value::as_table).map(|inner| inner.keys().cloned().collect()).unwrap_or_default()
}

/// The line of the dependency that a problem names.
fn line_of(text: &str, problem: &str) -> usize {
    let named = |line: &str| {
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        !name.is_empty() && !line.starts_with(['[', '#']) && problem.split([' ', ':']).any(|word| word == name)
    };
    text.lines().position(named).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::Tree;

    fn problems(name: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(&format!("crates/{name}/Cargo.toml"), text)]))
            .into_iter()
            .map(|found| found.to_string())
            .collect()
    }

    #[test]
    fn planes_that_touch_are_found() {
        let found = problems("gateway", "[dependencies]\ndomain.workspace = true\ncontrol.workspace = true\n");
        assert_eq!(found, ["crates/gateway/Cargo.toml:3: gateway must not depend on control: arrows point down"]);
    }

    #[test]
    fn a_runtime_in_the_domain_and_an_unknown_crate_are_found() {
        assert_eq!(problems("domain", "[dependencies]\ntokio = \"1\"\n").len(), 1);
        assert_eq!(problems("novelty", "[dependencies]\n").len(), 1);
        assert_eq!(problems("store", "[dev-dependencies]\nserver = \"1\"\n").len(), 1);
    }

    #[test]
    fn arrows_down_are_fine() {
        assert!(
            problems(
                "gateway",
                "[dependencies]\nstore.workspace = true\n[dev-dependencies]\nsimulator.workspace = true\n"
            )
            .is_empty()
        );
    }
}
