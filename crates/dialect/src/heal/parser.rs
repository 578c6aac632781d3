//! Reads what looks like JSON and writes what is JSON, in one pass.

use super::scalar;
use std::iter::Peekable;
use std::str::CharIndices;

/// Deepest nesting that is repaired.
const DEPTH_MAX: usize = 64;

/// A tolerant reader that writes as it reads.
pub(super) struct Parser<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
    out: String,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, rest: text.char_indices().peekable(), out: String::with_capacity(text.len() + 16) }
    }

    /// Reads the object or list that the text begins with; what follows it is ignored.
    pub(super) fn document(mut self) -> Option<String> {
        self.value(0)?;
        Some(self.out)
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, character)| *character)
    }

    fn take(&mut self) -> Option<char> {
        self.rest.next().map(|(_, character)| character)
    }

    /// What is not read yet.
    fn ahead(&mut self) -> &'a str {
        let at = self.rest.peek().map_or(self.text.len(), |(at, _)| *at);
        self.text.get(at..).unwrap_or_default()
    }

    /// Passes blanks and comments.
    fn skip(&mut self) {
        loop {
            match self.peek() {
                Some(character) if character.is_whitespace() || character == '\u{feff}' => {
                    self.take();
                }
                Some('/') if self.ahead().starts_with("//") => while self.take().is_some_and(|c| c != '\n') {},
                Some('/') if self.ahead().starts_with("/*") => {
                    let mut last = ' ';
                    self.take();
                    self.take();
                    while let Some(character) = self.take() {
                        if last == '*' && character == '/' {
                            break;
                        }
                        last = character;
                    }
                }
                _ => return,
            }
        }
    }

    /// `None` when this is no value.
    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.skip();
        match self.peek()? {
            '{' => self.object(depth),
            '[' => self.list(depth),
            quote if scalar::closing(quote).is_some() => self.string(quote),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.take();
        self.out.push('{');
        let mut is_first = true;
        loop {
            self.skip_commas();
            match self.peek() {
                None => break,
                Some('}') => {
                    self.take();
                    break;
                }
                // The brace is missing: the list around it goes on.
                Some(']') => break,
                Some(_) => {}
            }
            let before = self.out.len();
            if !is_first {
                self.out.push(',');
            }
            self.key()?;
            self.skip();
            if self.peek().is_none() {
                // Cut off after a name: an entry without value is no entry.
                self.out.truncate(before);
                break;
            }
            if !matches!(self.take(), Some(':' | '=')) {
                return None;
            }
            self.skip_arrow();
            self.out.push(':');
            self.skip();
            match self.peek() {
                None => {
                    self.out.truncate(before);
                    break;
                }
                Some(',' | '}' | ']') => self.out.push_str("null"),
                Some(_) => self.value(depth + 1)?,
            }
            is_first = false;
        }
        self.out.push('}');
        Some(())
    }

    fn list(&mut self, depth: usize) -> Option<()> {
        self.take();
        self.out.push('[');
        let mut is_first = true;
        loop {
            self.skip_commas();
            match self.peek() {
                None => break,
                Some(']') => {
                    self.take();
                    break;
                }
                // The bracket is missing: the object around it goes on.
                Some('}') => break,
                Some(_) => {}
            }
            if !is_first {
                self.out.push(',');
            }
            self.value(depth + 1)?;
            is_first = false;
        }
        self.out.push(']');
        Some(())
    }

    fn skip_commas(&mut self) {
        self.skip();
        while matches!(self.peek(), Some(',' | ';')) {
            self.take();
            self.skip();
        }
    }

    /// The second half of `=>` and `:=`.
    fn skip_arrow(&mut self) {
        if matches!(self.peek(), Some('>' | '=')) {
            self.take();
        }
    }

    fn key(&mut self) -> Option<()> {
        match self.peek()? {
            quote if scalar::closing(quote).is_some() => self.string(quote),
            first if first.is_alphanumeric() || matches!(first, '_' | '$') => {
                let mut name = String::new();
                while let Some(character) =
                    self.peek().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | '.'))
                {
                    name.push(character);
                    self.take();
                }
                scalar::push_string(&mut self.out, &name);
                Some(())
            }
            _ => None,
        }
    }

    /// A text in any kind of quotes; it ends at a quote after which JSON could go on.
    fn string(&mut self, opening: char) -> Option<()> {
        let closing = scalar::closing(opening)?;
        self.take();
        let mut text = String::new();
        while let Some(character) = self.take() {
            match character {
                '\\' => self.escape(&mut text),
                quote if quote == closing || (opening == '“' && quote == '"') => {
                    if self.can_go_on() {
                        break;
                    }
                    text.push(quote);
                }
                character => text.push(character),
            }
        }
        scalar::push_string(&mut self.out, &text);
        Some(())
    }

    /// Whether what follows is what can follow a text.
    fn can_go_on(&mut self) -> bool {
        let next = self.ahead().trim_start().chars().next();
        next.is_none_or(|next| matches!(next, ',' | ':' | '}' | ']' | '=' | ';' | '/')) || self.starts_next_line()
    }

    /// A quote at the end of a line whose successor begins with a quote: only the comma is missing.
    fn starts_next_line(&mut self) -> bool {
        let ahead = self.ahead();
        let line = ahead.trim_start_matches([' ', '\t', '\r']);
        line.starts_with('\n') && line.trim_start().starts_with(['"', '\'', '{', '['])
    }

    fn escape(&mut self, text: &mut String) {
        match self.take() {
            None => {}
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('u') => match scalar::unicode(self.ahead()) {
                Some((character, length)) => {
                    text.push(character);
                    for _ in 0..length {
                        self.take();
                    }
                }
                None => text.push_str("\\u"),
            },
            Some(plain @ ('"' | '\'' | '\\' | '/' | '`')) => text.push(plain),
            // A line that goes on, in the manner of other languages.
            Some('\n') => {}
            Some(other) => {
                text.push('\\');
                text.push(other);
            }
        }
    }

    /// A number, a literal, or a text without quotes.
    fn word(&mut self) -> Option<()> {
        let mut word = String::new();
        while let Some(character) = self.peek().filter(|c| !matches!(c, ',' | '}' | ']' | '\n' | '{' | '[' | '"' | ':'))
        {
            word.push(character);
            self.take();
        }
        let word = word.split(" //").next().unwrap_or_default().trim();
        if word.is_empty() {
            return None;
        }
        scalar::push_word(&mut self.out, word);
        Some(())
    }
}
