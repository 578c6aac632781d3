//! JSON strings as they stand in a text: where they end, and what their escapes mean.

use wide::u8x32;

/// Bytes that are compared at once.
const BLOCK: usize = 32;

/// Marks the bytes of a block that a JSON string cannot hold as they are: control characters, quotation marks, backslashes.
#[inline]
fn marks(block: [u8; BLOCK]) -> u32 {
    let bytes = u8x32::from(block);
    let is_control = bytes.min(u8x32::splat(0x1f)).simd_eq(bytes);
    (is_control | bytes.simd_eq(u8x32::splat(b'"')) | bytes.simd_eq(u8x32::splat(b'\\'))).to_bitmask()
}

/// The block at the beginning of `bytes`, filled up with blanks where there are fewer.
#[inline]
fn block(bytes: &[u8]) -> [u8; BLOCK] {
    bytes.first_chunk().copied().unwrap_or_else(|| {
        let mut block = [b' '; BLOCK];
        if let Some(filled) = block.get_mut(..bytes.len()) {
            filled.copy_from_slice(bytes);
        }
        block
    })
}

/// The first byte that a JSON string cannot hold as it is: a control character, a quotation mark or a backslash.
pub(crate) fn special(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        let marks = marks(block(text.get(at..)?));
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize);
        }
        at += BLOCK;
    }
    None
}

/// What is known of a string after a look at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    /// The place of the closing quotation mark; that of the end of the text when there is none.
    pub(super) end: usize,
    /// How many bytes shorter the text is than what is written; nothing when it holds no escape.
    pub(super) saved: usize,
    /// It follows the grammar.
    pub(super) is_json: bool,
    /// Some escape is half a surrogate pair.
    pub(super) has_half: bool,
}

/// Looks for the end of the string whose first byte is at `start`, behind its quotation mark.
pub(super) fn walk(bytes: &[u8], start: usize) -> Walk {
    let mut walk = Walk { end: bytes.len(), saved: 0, is_json: true, has_half: false };
    let mut at = start;
    while at < bytes.len() {
        let mut marks = marks(block(bytes.get(at..).unwrap_or_default()));
        // Where the next block begins: at its own place, or behind an escape that reaches into it.
        let mut next = at + BLOCK;
        while marks != 0 {
            let found = at + marks.trailing_zeros() as usize;
            let behind = match bytes.get(found) {
                Some(b'"') => return Walk { end: found, ..walk },
                Some(b'\\') => walk.escape(bytes, found),
                _ => {
                    walk.is_json = false;
                    found + 1
                }
            };
            // What the escape holds is no mark of its own.
            marks &= u32::MAX.checked_shl(u32::try_from(behind - at).unwrap_or(u32::MAX)).unwrap_or(0);
            next = next.max(behind);
        }
        at = next;
    }
    Walk { is_json: false, ..walk }
}

impl Walk {
    /// `at` is a backslash; returns the place behind the escape, behind both halves of a pair.
    #[inline]
    fn escape(&mut self, bytes: &[u8], at: usize) -> usize {
        match bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.saved += 1;
                at + 2
            }
            Some(b'u') => self.unicode(bytes, at),
            _ => {
                self.is_json = false;
                at + 2
            }
        }
    }

    fn unicode(&mut self, bytes: &[u8], at: usize) -> usize {
        let Some(unit) = code_unit(bytes, at) else {
            self.is_json = false;
            return at + 2;
        };
        let is_pair = || code_unit(bytes, at + 6).is_some_and(|low| (0xDC00..0xE000).contains(&low));
        let (written, read) = match unit {
            0..0x80 => (6, 1),
            0x80..0x800 => (6, 2),
            0xD800..0xDC00 if is_pair() => (12, 4),
            0xD800..0xE000 => {
                self.has_half = true;
                (6, 3)
            }
            _ => (6, 3),
        };
        self.saved += written - read;
        at + written
    }
}

/// The code unit of a `\uXXXX` escape at `at`, if there is one.
fn code_unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

/// The text of a JSON string without its quotation marks; `None` when an escape means nothing.
pub(crate) fn unescaped(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at_checked(at)?;
        text.push_str(plain);
        let (character, written) = match escape.as_bytes().get(1)? {
            b'b' => ('\u{8}', 2),
            b'f' => ('\u{c}', 2),
            b'n' => ('\n', 2),
            b'r' => ('\r', 2),
            b't' => ('\t', 2),
            b'u' => unicode_escape(escape.as_bytes())?,
            same @ (b'"' | b'\\' | b'/') => (char::from(*same), 2),
            _ => return None,
        };
        text.push(character);
        rest = escape.get(written..)?;
    }
    text.push_str(rest);
    Some(text)
}

/// The character of an escape, and how many bytes it takes. Characters beyond the first plane take two escapes.
fn unicode_escape(escape: &[u8]) -> Option<(char, usize)> {
    let first = code_unit(escape, 0)?;
    if !(0xD800..0xDC00).contains(&first) {
        return Some((char::from_u32(first)?, 6));
    }
    let low = code_unit(escape, 6)?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
    Some((char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + low)?, 12))
}
