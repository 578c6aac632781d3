//! What is said beside the code: a sentence at the head of each module, whole sentences, no loose ends.

use super::rust::Source;
use super::{File, Finding, Tree};

/// Every module says what it is.
pub fn modules(tree: &Tree) -> Vec<Finding> {
    let product = |file: &&File| file.path.contains("/src/");
    let silent = |file: &&File| !file.text.trim_start().starts_with("//!");
    let problem = "the file starts without a module doc (`//!`): what is this, what does it promise";
    tree.rust("crates/")
        .filter(|file| !file.is_test())
        .filter(product)
        .filter(silent)
        .map(|file| Finding::new(&file.path, 1, problem))
        .collect()
}

/// Doc comments start with a capital and end with a full stop, or what stands for one.
pub fn sentences(tree: &Tree) -> Vec<Finding> {
    tree.rust("crates/")
        .filter(|file| !file.is_test())
        .flat_map(|file| paragraphs(&file.text).into_iter().filter_map(|found| found.judge(&file.path)))
        .collect()
}

/// The first paragraph of one doc comment.
struct Paragraph {
    line: usize,
    text: String,
}

impl Paragraph {
    fn judge(&self, path: &str) -> Option<Finding> {
        let first = self.text.chars().next()?;
        let last = self.text.trim_end_matches(['`', ')', '"', '*', '|']).chars().next_back().unwrap_or('.');
        let problem = if first.is_lowercase() {
            "a doc comment starts with a capital"
        } else if !matches!(last, '.' | '!' | '?' | ':' | '…' | ';') {
            "a doc comment's first paragraph ends with a full stop"
        } else {
            return None;
        };
        Some(Finding::new(path, self.line, problem))
    }
}

fn paragraphs(text: &str) -> Vec<Paragraph> {
    let mut found: Vec<Paragraph> = Vec::new();
    let (mut mark_before, mut is_open) = ("", false);
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let mark =
            ["///", "//!"].into_iter().find(|mark| line.starts_with(mark) && !line.starts_with("////")).unwrap_or("");
        let content = line.get(mark.len()..).unwrap_or_default().trim();
        if line.starts_with("#[utoipa::path") && mark_before == "///" {
            // The summary of an operation is a title in the API document.
            found.pop();
        }
        if mark.is_empty() || content.is_empty() {
            is_open = false;
        } else if mark != mark_before {
            is_open = true;
            found.push(Paragraph { line: at + 1, text: content.to_owned() });
        } else if let Some(paragraph) = found.last_mut().filter(|_| is_open) {
            paragraph.text.push(' ');
            paragraph.text.push_str(content);
        }
        mark_before = mark;
    }
    found
}

/// A loose end names the issue in which it will be tied.
pub fn open_ends(tree: &Tree) -> Vec<Finding> {
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let code =
        |file: &&File| [".rs", ".ts", ".tsx", ".mjs", ".py", ".sh", ".toml"].iter().any(|end| file.path.ends_with(end));
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(code) {
        let comments: Vec<(usize, String)> = if file.is_rust() {
            let source = Source::new(&file.text);
            source.comments.iter().map(|comment| (source.line(comment.span.start), comment.text.clone())).collect()
        } else {
            file.text.lines().enumerate().map(|(at, line)| (at + 1, line.to_owned())).collect()
        };
        for (line, text) in comments {
            let is_open = marks.iter().any(|mark| super::rust::words(&text, mark).next().is_some());
            if is_open && !names_issue(&text) {
                findings.push(Finding::new(&file.path, line, "an open end without the number of its issue"));
            }
        }
    }
    findings
}

fn names_issue(text: &str) -> bool {
    text.split('#').skip(1).any(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{modules, open_ends, sentences};
    use crate::tidy::Tree;

    #[test]
    fn silent_modules_are_found() {
        let tree = Tree::of(&[
            ("crates/a/src/a.rs", "use b;\n"),
            ("crates/a/src/b.rs", "//! Said.\n"),
            ("crates/a/tests/c.rs", "use b;\n"),
        ]);
        assert_eq!(modules(&tree).len(), 1);
    }

    #[test]
    fn half_sentences_are_found() {
        let text = "//! A module.\n\n/// lower case.\nfn a() {}\n/// No end\nfn b() {}\n/// Two\n/// lines.\n///\n/// more below\nfn c() {}\n/// `code`.\nfn d() {}\n/// A title\n#[utoipa::path(get)]\nfn e() {}\n";
        let found = sentences(&Tree::of(&[("crates/a/src/a.rs", text)]));
        assert_eq!(found.iter().map(|found| found.line).collect::<Vec<_>>(), [3, 5]);
    }

    #[test]
    fn open_ends_need_an_issue() {
        let mark = ["TO", "DO"].concat();
        let text = format!("// {mark}: later\n// {mark}(#12): later\nlet a = \"{mark}\";\n");
        let found =
            open_ends(&Tree::of(&[("crates/a/src/a.rs", &text), ("console/src/a.ts", &format!("// {mark} x\n"))]));
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
