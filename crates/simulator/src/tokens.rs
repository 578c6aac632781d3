//! Counting and cutting tokens by a rule simple enough to check by hand: four bytes of UTF-8 are one token.

/// Tokens charged for one image, whatever its size.
pub const IMAGE_TOKENS: u64 = 256;

/// Words of a generated text: three letters each, so that with its space each is one token.
const WORDS: [&str; 16] = [
    "sea ", "map ", "oar ", "bay ", "fog ", "sun ", "net ", "rig ", "sky ", "tar ", "ebb ", "log ", "fin ", "cod ",
    "eel ", "mud ",
];

/// Tokens of `text`: its bytes divided by four, rounded up, at least one.
#[must_use]
pub fn count(text: &str) -> u64 {
    count_bytes(text.len())
}

/// Tokens of a text of that many bytes.
#[must_use]
pub fn count_bytes(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX).max(1)
}

/// A text of exactly `tokens` tokens, the same for the same `seed`.
#[must_use]
pub fn words(tokens: u64, seed: u64) -> String {
    let start = usize::try_from(seed % 16).unwrap_or(0);
    let length = usize::try_from(tokens).unwrap_or(usize::MAX);
    WORDS.iter().cycle().skip(start).take(length).copied().collect()
}

/// `text` cut down to at most `tokens` tokens, and whether anything was cut off.
#[must_use]
pub fn truncate(text: &str, tokens: u64) -> (&str, bool) {
    let bytes = usize::try_from(tokens.saturating_mul(4)).unwrap_or(usize::MAX);
    match head(text, bytes) {
        kept if kept.len() == text.len() => (text, false),
        kept => (kept, true),
    }
}

/// Cuts `text` into pieces of about `bytes` bytes, never inside a character.
#[must_use]
pub fn pieces(text: &str, bytes: usize) -> Vec<&str> {
    let mut rest = text;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let mut piece = head(rest, bytes.max(1));
        if piece.is_empty() {
            // One character is longer than a piece: it goes whole.
            piece = rest.char_indices().nth(1).map_or(rest, |(end, _)| head(rest, end));
        }
        pieces.push(piece);
        rest = rest.get(piece.len()..).unwrap_or("");
    }
    pieces
}

fn head(text: &str, bytes: usize) -> &str {
    let end = text.floor_char_boundary(bytes.min(text.len()));
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_text_has_exactly_the_tokens_asked_for() {
        for tokens in [1, 2, 15, 16, 17, 800] {
            assert_eq!(count(&words(tokens, tokens)), tokens);
        }
    }

    #[test]
    fn pieces_join_to_the_whole_and_never_cut_a_character() {
        for size in 1..9 {
            assert_eq!(pieces("añ漢🦀 end", size).concat(), "añ漢🦀 end");
        }
    }

    #[test]
    fn truncation_says_whether_it_cut() {
        assert_eq!(truncate("abcdefgh", 2), ("abcdefgh", false));
        assert_eq!(truncate("abcdefghi", 2), ("abcdefgh", true));
    }
}
