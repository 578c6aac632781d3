//! Just enough of Rust's lexical grammar to tell code, strings and comments apart, and to find functions and tests.

use std::ops::Range;

/// A string literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Where it stands, quotes included, in bytes.
    pub span: Range<usize>,
    /// What stands between the quotes, escapes unresolved.
    pub text: String,
}

/// A Rust text taken apart.
#[derive(Debug, Clone)]
pub struct Source {
    /// The text with the insides of strings and comments blanked out; offsets and lines as in the original.
    pub code: String,
    /// String literals in order.
    pub strings: Vec<Literal>,
    /// Comments in order, with their marks.
    pub comments: Vec<Literal>,
    tests: Vec<Range<usize>>,
}

/// A function with its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// 1-based line of its `fn`.
    pub line: usize,
    /// Lines from its `fn` to the closing brace.
    pub lines: usize,
}

impl Source {
    /// Takes a text apart.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut source = Self { code: String::new(), strings: Vec::new(), comments: Vec::new(), tests: Vec::new() };
        let bytes = text.as_bytes();
        let mut code = bytes.to_vec();
        let mut at = 0;
        while at < bytes.len() {
            let rest = &text[at..];
            let (end, kind) = token(rest, bytes, at);
            let span = at..end;
            match kind {
                Kind::Comment => {
                    source.comments.push(Literal { text: text[span.clone()].to_owned(), span: span.clone() });
                }
                Kind::Text { open, close } => {
                    let inside = text.get(at + open..end - close).unwrap_or_default().to_owned();
                    source.strings.push(Literal { span: span.clone(), text: inside });
                }
                Kind::Letter | Kind::Code => {}
            }
            if kind != Kind::Code {
                blank(&mut code[span]);
            }
            at = end;
        }
        source.code = String::from_utf8_lossy(&code).into_owned();
        source.tests = test_spans(&source.code);
        source
    }

    /// The 1-based line of an offset.
    #[must_use]
    pub fn line(&self, at: usize) -> usize {
        self.code.as_bytes()[..at.min(self.code.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// Whether an offset stands under `#[cfg(test)]` or `#[test]`.
    #[must_use]
    pub fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|span| span.contains(&at))
    }

    /// Every function that has a body, tests left out.
    #[must_use]
    pub fn functions(&self) -> Vec<Function> {
        words(&self.code, "fn")
            .filter(|at| !self.is_test(*at))
            .filter_map(|at| {
                let rest = self.code[at + 2..].trim_start();
                let name: String =
                    rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
                let body = body(&self.code, at)?;
                let lines = self.line(body.end.saturating_sub(1)) - self.line(at) + 1;
                (!name.is_empty()).then(|| Function { name, line: self.line(at), lines })
            })
            .collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Letter,
    Text { open: usize, close: usize },
}

/// The end of the token at `at`, and what it is. Code advances by one character or one identifier.
fn token(rest: &str, bytes: &[u8], at: usize) -> (usize, Kind) {
    if rest.starts_with("//") {
        return (at + rest.find('\n').unwrap_or(rest.len()), Kind::Comment);
    }
    if rest.starts_with("/*") {
        return (at + block_comment(rest), Kind::Comment);
    }
    if let Some((length, open, close)) = string(rest) {
        return (at + length, Kind::Text { open, close });
    }
    if bytes[at] == b'\'' {
        let length = character(rest);
        return (at + length, if length > 1 { Kind::Letter } else { Kind::Code });
    }
    let word = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let step = if word > 0 { word } else { rest.chars().next().map_or(1, char::len_utf8) };
    (at + step, Kind::Code)
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    let bytes = rest.as_bytes();
    while at < bytes.len() {
        match &bytes[at..bytes.len().min(at + 2)] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Length, opening and closing marks of a string literal, raw and byte ones included.
fn string(rest: &str) -> Option<(usize, usize, usize)> {
    let prefix = rest.bytes().take_while(|byte| matches!(byte, b'r' | b'b' | b'c')).count();
    let after = &rest[prefix..];
    let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    let raw = rest[..prefix].contains('r');
    if prefix > 2 || (hashes > 0 && !raw) || !after[hashes..].starts_with('"') {
        return None;
    }
    let open = prefix + hashes + 1;
    let inside = &rest[open..];
    if raw {
        let mark = format!("\"{}", "#".repeat(hashes));
        let length = inside.find(&mark).map_or(rest.len(), |end| open + end + mark.len());
        return Some((length, open, mark.len()));
    }
    let mut escaped = false;
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((open + at + 1, open, 1)),
            _ => {}
        }
    }
    Some((rest.len(), open, 0))
}

/// Length of a character literal, or 1 for the quote of a lifetime.
fn character(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match letters.next() {
        Some((_, '\\')) => rest.get(3..).and_then(|tail| tail.find('\'')).map_or(1, |end| end + 4),
        Some((at, letter)) if rest[at + letter.len_utf8()..].starts_with('\'') => at + letter.len_utf8() + 1,
        _ => 1,
    }
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

/// Offsets of a word that stands alone.
pub fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let joins = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let bytes = code.as_bytes();
        !joins(at.checked_sub(1).and_then(|before| bytes.get(before))) && !joins(bytes.get(at + word.len()))
    })
}

/// The braces that belong to the item at `start`, or nothing when a semicolon ends it first.
fn body(code: &str, start: usize) -> Option<Range<usize>> {
    let mut round = 0_i32;
    for (at, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' => round += 1,
            b')' | b']' => round -= 1,
            b';' if round <= 0 => return None,
            b'{' if round <= 0 => return Some(at..closing(code, at)),
            _ => {}
        }
    }
    None
}

/// The offset after the brace that closes the one at `open`.
pub fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_i32;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

fn test_spans(code: &str) -> Vec<Range<usize>> {
    ["#[cfg(test)]", "#[test]", "#[tokio::test"]
        .iter()
        .flat_map(|mark| code.match_indices(mark))
        .filter_map(|(at, mark)| body(code, at + mark.len()).map(|body| at..body.end))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn strings_and_comments_are_no_code() {
        let source = Source::new(
            "let a = \"fn x() {\"; // fn y\nlet b = r#\"a \" b\"#; /* a /* b */ c */ let c = '\"'; let e = '{'; let d: &'static str = b\"z\";",
        );
        assert!(!source.code.contains("fn"));
        assert_eq!(
            source.strings.iter().map(|found| found.text.as_str()).collect::<Vec<_>>(),
            ["fn x() {", "a \" b", "z"]
        );
        assert_eq!(source.comments.len(), 2);
        assert!(!source.code.contains('{'));
        assert!(source.code.contains("let c") && source.code.contains("static str"));
    }

    #[test]
    fn functions_are_measured_and_tests_left_out() {
        let text = "fn short(a: [u8; 2]) -> u8 {\n    1\n}\ntrait T { fn none(&self); }\n#[cfg(test)]\nmod tests {\n    fn hidden() {\n    }\n}\n";
        let found = Source::new(text).functions();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].name.as_str(), found[0].line, found[0].lines), ("short", 1, 3));
    }
}
