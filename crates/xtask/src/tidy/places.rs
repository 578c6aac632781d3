//! Things that may stand in one place only: SQL, the environment, providers' names.

use super::rust::Source;
use super::{File, Finding, Tree};

/// SQL stands in `store`.
pub fn sql(tree: &Tree) -> Vec<Finding> {
    let outside = |file: &&File| file.krate() != Some("store") && file.krate() != Some("xtask");
    tree.rust("crates/")
        .filter(outside)
        .flat_map(|file| strings(file, "SQL belongs in store", |source, at| is_sql(&source.strings[at].text)))
        .collect()
}

fn is_sql(text: &str) -> bool {
    let text = text.trim_start().to_ascii_lowercase();
    let has = |word: &str| text.contains(word);
    (text.starts_with("select ") && has(" from "))
        || (text.starts_with("update ") && has(" set "))
        || (text.starts_with("with ") && has(" as (select"))
        || ["insert into ", "delete from ", "create table ", "create index ", "alter table ", "drop table ", "pragma "]
            .iter()
            .any(|start| text.starts_with(start))
}

/// Environment variables are read in the server's configuration.
pub fn environment(tree: &Tree) -> Vec<Finding> {
    let product = |file: &&File| !file.is_test() && !file.path.starts_with("crates/server/src/config/");
    tree.rust("crates/").filter(product).flat_map(reads_environment).collect()
}

fn reads_environment(file: &File) -> Vec<Finding> {
    let source = Source::new(&file.text);
    let calls = source.code.match_indices("env::var").map(|(at, _)| at);
    let attributes = source.code.match_indices("#[arg(").filter_map(|(at, _)| {
        let end = source.code[at..].find(")]").map_or(source.code.len(), |end| at + end);
        super::rust::words(&source.code[at..end], "env").next().map(|inside| at + inside)
    });
    calls
        .chain(attributes)
        .filter(|at| !source.is_test(*at))
        .map(|at| Finding::new(&file.path, source.line(at), "the environment is read in crates/server/src/config only"))
        .collect()
}

/// No branch on a provider's name outside the folders that are about providers.
pub fn providers(tree: &Tree) -> Vec<Finding> {
    let slugs = slugs(tree);
    if slugs.is_empty() {
        return vec![Finding::new("catalog/providers.json", 0, "names no provider: nothing to look for")];
    }
    let about_providers = [
        "crates/dialect/",
        "crates/simulator/",
        "crates/gateway/src/call/providers/",
        "crates/server/src/catalog/import",
        "crates/server/src/import",
        // Names of the wire format families, which three providers share.
        "crates/domain/src/catalog/",
    ];
    let elsewhere = |file: &&File| !file.is_test() && !about_providers.iter().any(|place| file.path.starts_with(place));
    tree.rust("crates/")
        .filter(elsewhere)
        .flat_map(|file| {
            strings(file, "no branch on a provider's name here: make it catalogue data or a quirk", |source, at| {
                let literal = &source.strings[at];
                slugs.contains(&literal.text) && is_branch(&source.code, literal.span.start, literal.span.end)
            })
        })
        .collect()
}

fn slugs(tree: &Tree) -> Vec<String> {
    let list: Vec<serde_json::Value> =
        tree.text("catalog/providers.json").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    list.iter().filter_map(|entry| Some(entry.get("slug")?.as_str()?.to_owned())).collect()
}

/// Whether a literal is compared or matched.
fn is_branch(code: &str, start: usize, end: usize) -> bool {
    let before = code[..start].trim_end();
    let after = code[end..].trim_start();
    let compared =
        before.ends_with("==") || before.ends_with("!=") || after.starts_with("==") || after.starts_with("!=");
    let matched =
        after.starts_with("=>") || (after.starts_with('|') && !after.starts_with("||")) || before.ends_with('|');
    compared || matched
}

/// Findings at the string literals of a file's product code that a rule picks by their index.
fn strings(file: &File, problem: &str, rule: impl Fn(&Source, usize) -> bool) -> Vec<Finding> {
    let source = Source::new(&file.text);
    (0..source.strings.len())
        .filter(|at| !file.is_test() && !source.is_test(source.strings[*at].span.start) && rule(&source, *at))
        .map(|at| Finding::new(&file.path, source.line(source.strings[at].span.start), problem))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{environment, providers, sql};
    use crate::tidy::Tree;

    #[test]
    fn sql_outside_the_store_is_found() {
        let text = "const A: &str = \"select id from keys\";\nconst B: &str = \"select one\";\n";
        assert_eq!(sql(&Tree::of(&[("crates/control/src/a.rs", text)])).len(), 1);
        assert_eq!(sql(&Tree::of(&[("crates/server/src/a.rs", "f(r#\"\n  INSERT INTO keys\"#)")])).len(), 1);
        assert!(sql(&Tree::of(&[("crates/store/src/a.rs", text), ("crates/server/tests/a.rs", text)])).is_empty());
    }

    #[test]
    fn the_environment_outside_the_configuration_is_found() {
        let text = "fn a() {\n    std::env::var(\"X\");\n}\n#[arg(long, env = \"Y\")]\nx: u8,\n#[cfg(test)]\nmod t {\n fn b() { std::env::vars(); }\n}\n";
        let found =
            environment(&Tree::of(&[("crates/gateway/src/a.rs", text), ("crates/server/src/config/env.rs", text)]));
        assert_eq!(found.iter().map(|found| found.line).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn branches_on_providers_are_found_and_mentions_are_not() {
        let catalog = ("catalog/providers.json", "[{\"slug\":\"groq\"}]");
        let text =
            "fn a() {\n if slug == \"groq\" {}\n let b = (\"groq\", 1);\n match c { \"groq\" => 1,\n _ => 2 }\n}\n";
        let found = providers(&Tree::of(&[
            catalog,
            ("crates/gateway/src/plan/mod.rs", text),
            ("crates/dialect/src/a.rs", text),
        ]));
        assert_eq!(found.iter().map(|found| found.line).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(providers(&Tree::of(&[])).len(), 1, "without a catalogue the check must not pass");
    }
}
