//! The eight stages of a request: folders with one public function each, called in order.

use super::rust::Source;
use super::{Finding, Tree};

const STAGES: &[&str] = &["accept", "authenticate", "plan", "admit", "prepare", "call", "settle", "record"];
const JOURNEY: &str = "crates/gateway/src/journey.rs";
const MODULES: &str = "crates/gateway/src/lib.rs";

/// Reads the stages and the journey.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = STAGES.iter().flat_map(|stage| self::stage(tree, stage)).collect();
    findings.extend(in_order(tree, JOURNEY, |stage| format!("{stage}::{stage}(")));
    findings.extend(in_order(tree, MODULES, |stage| format!("mod {stage};")));
    findings
}

fn stage(tree: &Tree, stage: &str) -> Vec<Finding> {
    let path = format!("crates/gateway/src/{stage}/mod.rs");
    let Some(text) = tree.text(&path) else { return vec![Finding::new(&path, 0, "the stage's folder is missing")] };
    let source = Source::new(text);
    let mut findings = Vec::new();
    let mut is_there = false;
    for (at, line) in source.code.lines().enumerate() {
        // Indented functions are methods of the stage's noun.
        let Some(rest) = line.strip_prefix("pub fn ").or_else(|| line.strip_prefix("pub async fn ")) else { continue };
        let name = rest.split(['(', '<']).next().unwrap_or_default();
        if name == stage {
            is_there = true;
        } else {
            findings.push(Finding::new(
                &path,
                at + 1,
                format!("a stage has one public function, {stage}: {name} belongs elsewhere"),
            ));
        }
    }
    if !is_there {
        findings.push(Finding::new(&path, 0, format!("the stage's public function {stage} is missing")));
    }
    findings
}

fn in_order(tree: &Tree, path: &str, mark: impl Fn(&str) -> String) -> Vec<Finding> {
    let Some(text) = tree.text(path) else { return vec![Finding::new(path, 0, "is missing")] };
    let code = Source::new(text).code;
    let mut findings = Vec::new();
    let mut before = 0;
    for stage in STAGES {
        match code.find(&mark(stage)) {
            None => findings.push(Finding::new(path, 0, format!("{} is missing", mark(stage)))),
            Some(at) if at < before => {
                let line = code[..at].matches('\n').count() + 1;
                findings.push(Finding::new(path, line, format!("{stage} stands before the stage that goes before it")));
            }
            Some(at) => before = at,
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{JOURNEY, MODULES, STAGES, check};
    use crate::tidy::Tree;

    fn tree(order: &[&str], extra: &str) -> Tree {
        let journey: String = order.iter().map(|stage| format!("    {stage}::{stage}();\n")).collect();
        let modules: String = STAGES.iter().map(|stage| format!("mod {stage};\n")).collect();
        let stages: Vec<(String, String)> = STAGES
            .iter()
            .map(|stage| {
                (format!("crates/gateway/src/{stage}/mod.rs"), format!("pub async fn {stage}() {{}}\n{extra}"))
            })
            .collect();
        let mut files: Vec<(&str, &str)> = stages.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        files.extend([(JOURNEY, journey.as_str()), (MODULES, modules.as_str())]);
        Tree::of(&files)
    }

    #[test]
    fn the_journey_reads_in_order() {
        assert_eq!(check(&tree(STAGES, "impl A {\n    pub fn method() {}\n}\n")), []);
    }

    #[test]
    fn swapped_missing_and_talkative_stages_are_found() {
        let mut swapped = STAGES.to_vec();
        swapped.swap(2, 3);
        assert_eq!(check(&tree(&swapped, "")).len(), 1);
        assert_eq!(check(&tree(&STAGES[1..], "")).len(), 1);
        assert_eq!(check(&tree(STAGES, "pub fn second() {}\n")).len(), STAGES.len());
        assert!(check(&Tree::of(&[])).len() > STAGES.len());
    }
}
