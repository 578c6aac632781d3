//! [`Pattern`]: text with `*` for any run of characters.

/// Text with `*` for any run of characters, compared without regard to case: `anthropic/*`, `openai/gpt-5*`, `*/claude-*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern from its text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole of `text` matches. Takes time linear in text times stars.
    ///
    /// ```
    /// use domain::route::policy::Pattern;
    ///
    /// assert!(Pattern::new("openai/gpt-5*").matches("openai/gpt-5-mini"));
    /// assert!(!Pattern::new("*/claude").matches("anthropic/claude-3"));
    /// ```
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        // Most patterns of a list fail at their first letter.
        if let (Some(wanted), Some(first)) = (self.0.bytes().next(), text.bytes().next())
            && wanted != b'*'
            && !wanted.eq_ignore_ascii_case(&first)
        {
            return false;
        }
        let mut pieces = self.0.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = strip_prefix(text, first) else { return false };
        let mut pieces = pieces.peekable();
        if pieces.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() {
                return ends_with(rest, piece);
            }
            match find(rest, piece) {
                Some(after) => rest = rest.get(after..).unwrap_or_default(),
                None => return false,
            }
        }
        true
    }
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

fn ends_with(text: &str, suffix: &str) -> bool {
    let start = text.len().checked_sub(suffix.len());
    start.and_then(|start| text.get(start..)).is_some_and(|tail| tail.eq_ignore_ascii_case(suffix))
}

/// The place after the first occurrence of `piece`.
fn find(text: &str, piece: &str) -> Option<usize> {
    let length = piece.len();
    (0..=text.len().checked_sub(length)?)
        .find(|start| text.get(*start..start + length).is_some_and(|part| part.eq_ignore_ascii_case(piece)))
        .map(|start| start + length)
}
