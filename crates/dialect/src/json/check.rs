//! One pass over a JSON text: grammar, depth, size and escapes, and where the top-level fields lie.

use super::string::walk;
use smallvec::SmallVec;
use std::ops::Range;

/// What a text is held to beyond the grammar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// Nested objects and lists, the outermost included.
    pub(crate) depth: usize,
    /// Values, counted roughly: commas, objects and lists.
    pub(crate) nodes: usize,
    /// Bytes of one object key.
    pub(crate) key_bytes: usize,
    /// Top-level fields whose places are kept; further ones are only counted.
    pub(crate) fields: usize,
    /// Whether an escape that is half a surrogate pair is refused, be it where nobody reads it.
    pub(crate) refuses_halves: bool,
    /// Whether a number with an exponent must be within the range of 64-bit floating point.
    pub(crate) refuses_endless_numbers: bool,
}

/// Which of the rules a text breaks. The grammar is not among them: see [`Checked::is_json`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is nested too deep.
    Depth,
    /// It holds too many values.
    Nodes,
    /// A key is too long.
    Key,
    /// An escape is half a surrogate pair.
    Half,
    /// A number is too large for 64-bit floating point.
    EndlessNumber,
}

/// What the pass found in a text that keeps the rules.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Whether the text is one JSON value. If not, the rest means nothing.
    pub(crate) is_json: bool,
    /// The fields of the outermost object, as far as they are kept.
    pub(crate) fields: Vec<FieldPlace>,
    /// How many fields there are.
    pub(crate) field_count: usize,
    /// Where strings, objects and lists end, in order of their beginnings: of the first ones all, then of long strings.
    pub(crate) ends: Vec<End>,
}

/// Strings, objects and lists of which the end is kept, whatever their size. A table for all would be larger than the text.
const ENDS_MAX: usize = 1_024;
/// Strings of at least so many bytes are kept beyond that.
const LONG_BYTES: usize = 256;

/// A string, an object or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// Its first byte, which is a quotation mark or a bracket.
    pub(super) start: usize,
    /// The place behind its last one.
    pub(super) end: usize,
    /// How many bytes shorter a string's text is, being free of escapes.
    pub(super) saved: usize,
}

/// Where a top-level field lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldPlace {
    /// Its name, without quotation marks.
    pub(crate) name: Range<usize>,
    /// Whether the name is written with escapes.
    pub(crate) has_escapes: bool,
    /// Its value.
    pub(crate) value: Range<usize>,
}

/// Passes over `text`. The rules are looked at even where the grammar is broken, so what is reported does not depend on
/// which of the two comes first.
///
/// # Errors
/// The first rule that is broken.
pub(crate) fn check(text: &str, rules: &Rules) -> Result<Checked, Fault> {
    let mut pass = Pass {
        text,
        bytes: text.as_bytes(),
        rules,
        at: 0,
        depth: 0,
        nodes: 0,
        opens: SmallVec::new(),
        is_object: false,
        expects: Expects::Value,
        field: None,
        found: Checked { is_json: true, ends: Vec::with_capacity(ends_for(text)), ..Checked::default() },
    };
    while let Some(&byte) = pass.bytes.get(pass.at) {
        match byte {
            b'"' => pass.string()?,
            b',' => pass.comma()?,
            b':' => pass.colon(),
            b'{' | b'[' => pass.open(byte)?,
            b'}' | b']' => pass.close(byte),
            b' ' | b'\n' | b'\r' | b'\t' => pass.at += 1,
            _ => pass.scalar()?,
        }
    }
    pass.found.is_json &= pass.expects == Expects::Nothing;
    Ok(pass.found)
}

/// Room for the ends in a text of common shape.
fn ends_for(text: &str) -> usize {
    (text.len() / 24 + 4).min(ENDS_MAX / 8)
}

/// What the grammar allows next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expects {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    Nothing,
}

/// An object or a list that is open: where it begins, and its place among the ends.
struct Open {
    start: usize,
    entry: usize,
}

struct Pass<'t> {
    text: &'t str,
    bytes: &'t [u8],
    rules: &'t Rules,
    at: usize,
    depth: usize,
    nodes: usize,
    /// The objects and lists that are open; as long as the grammar holds, as many as `depth` says.
    opens: SmallVec<[Open; 16]>,
    /// Whether the innermost of them is an object.
    is_object: bool,
    expects: Expects,
    /// Name of the top-level field whose value comes next.
    field: Option<(Range<usize>, bool)>,
    found: Checked,
}

impl Pass<'_> {
    const fn takes_value(&self) -> bool {
        matches!(self.expects, Expects::Value | Expects::ValueOrEnd)
    }

    fn string(&mut self) -> Result<(), Fault> {
        let start = self.at + 1;
        let walk = walk(self.bytes, start);
        if walk.has_half && self.rules.refuses_halves {
            return Err(Fault::Half);
        }
        let size = walk.end - start;
        if size > self.rules.key_bytes && self.is_followed_by_colon(walk.end + 1) {
            return Err(Fault::Key);
        }
        self.found.is_json &= walk.is_json;
        self.at = walk.end + 1;
        if self.found.ends.len() < ENDS_MAX || size >= LONG_BYTES {
            self.found.ends.push(End { start: start - 1, end: self.at, saved: walk.saved });
        }
        match self.expects {
            Expects::Value | Expects::ValueOrEnd => self.end_value(start - 1),
            Expects::Key | Expects::KeyOrEnd => {
                self.expects = Expects::Colon;
                if self.depth == 1 {
                    self.field = Some((start..walk.end, walk.saved > 0));
                }
            }
            _ => self.found.is_json = false,
        }
        Ok(())
    }

    /// Any string in front of a colon is taken for a key, also where none may stand.
    fn is_followed_by_colon(&self, at: usize) -> bool {
        let rest = self.bytes.get(at..).unwrap_or_default();
        rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
    }

    fn comma(&mut self) -> Result<(), Fault> {
        self.at += 1;
        self.found.is_json &= self.expects == Expects::CommaOrEnd;
        self.expects = if self.is_object { Expects::Key } else { Expects::Value };
        self.count()
    }

    fn colon(&mut self) {
        self.at += 1;
        self.found.is_json &= self.expects == Expects::Colon;
        self.expects = Expects::Value;
    }

    fn count(&mut self) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > self.rules.nodes { Err(Fault::Nodes) } else { Ok(()) }
    }

    fn open(&mut self, byte: u8) -> Result<(), Fault> {
        self.found.is_json &= self.takes_value();
        self.depth += 1;
        if self.depth > self.rules.depth {
            return Err(Fault::Depth);
        }
        if self.found.is_json {
            let entry = self.found.ends.len();
            if entry < ENDS_MAX {
                self.found.ends.push(End { start: self.at, end: self.at, saved: 0 });
            }
            self.opens.push(Open { start: self.at, entry });
        }
        self.is_object = byte == b'{';
        self.expects = if self.is_object { Expects::KeyOrEnd } else { Expects::ValueOrEnd };
        self.at += 1;
        self.count()
    }

    fn close(&mut self, byte: u8) {
        self.at += 1;
        self.depth = self.depth.saturating_sub(1);
        if !self.found.is_json {
            return;
        }
        let may_end = match self.expects {
            Expects::CommaOrEnd => true,
            Expects::KeyOrEnd => self.is_object,
            Expects::ValueOrEnd => !self.is_object,
            _ => false,
        };
        match self.opens.pop() {
            Some(open) if may_end && self.is_object == (byte == b'}') => {
                self.is_object = self.opens.last().is_some_and(|outer| self.bytes.get(outer.start) == Some(&b'{'));
                if open.entry < ENDS_MAX
                    && let Some(entry) = self.found.ends.get_mut(open.entry)
                {
                    entry.end = self.at;
                }
                self.end_value(open.start);
            }
            _ => self.found.is_json = false,
        }
    }

    /// A value has ended in front of `at`.
    fn end_value(&mut self, start: usize) {
        self.expects = if self.depth == 0 { Expects::Nothing } else { Expects::CommaOrEnd };
        if self.depth == 1
            && let Some((name, has_escapes)) = self.field.take()
        {
            self.found.field_count += 1;
            if self.found.fields.len() < self.rules.fields {
                self.found.fields.push(FieldPlace { name, has_escapes, value: start..self.at });
            }
        }
    }

    /// A number or a word, or whatever stands in its place.
    fn scalar(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let known = if self.found.is_json && self.takes_value() { Scalar::read(rest) } else { None };
        let Some(scalar) = known else {
            self.found.is_json = false;
            self.at += 1;
            return self.check_exponent(start);
        };
        self.at += scalar.bytes;
        if let Some(exponent) = scalar.exponent {
            self.check_exponent(start + exponent)?;
        }
        self.end_value(start);
        Ok(())
    }

    /// Checks the range of the number that has its exponent at `at`, if it is one.
    fn check_exponent(&self, at: usize) -> Result<(), Fault> {
        let is_exponent = matches!(self.bytes.get(at), Some(b'e' | b'E'))
            && at.checked_sub(1).and_then(|before| self.bytes.get(before)).is_some_and(u8::is_ascii_digit);
        if !is_exponent || !self.rules.refuses_endless_numbers {
            return Ok(());
        }
        let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+');
        let (before, after) = self.bytes.split_at_checked(at).unwrap_or_default();
        let start = at - before.iter().rev().take_while(|byte| is_part(**byte)).count();
        let end = at + 1 + after.iter().skip(1).take_while(|byte| is_part(**byte)).count();
        match self.text.get(start..end).and_then(|number| number.parse::<f64>().ok()) {
            Some(number) if !number.is_finite() => Err(Fault::EndlessNumber),
            _ => Ok(()),
        }
    }
}

/// A number or a word.
struct Scalar {
    bytes: usize,
    /// Where a number has its exponent.
    exponent: Option<usize>,
}

impl Scalar {
    /// What `rest` begins with; `None` when that is neither a number nor a word.
    fn read(rest: &[u8]) -> Option<Self> {
        let word = |word: &[u8]| rest.starts_with(word).then_some(Self { bytes: word.len(), exponent: None });
        match rest.first()? {
            b't' => word(b"true"),
            b'f' => word(b"false"),
            b'n' => word(b"null"),
            _ => Self::number(rest),
        }
    }

    fn number(rest: &[u8]) -> Option<Self> {
        let mut at = usize::from(rest.first() == Some(&b'-'));
        at = match rest.get(at)? {
            b'0' => at + 1,
            _ => after_digits(rest, at)?,
        };
        if rest.get(at) == Some(&b'.') {
            at = after_digits(rest, at + 1)?;
        }
        let mut exponent = None;
        if matches!(rest.get(at), Some(b'e' | b'E')) {
            exponent = Some(at);
            let sign = usize::from(matches!(rest.get(at + 1), Some(b'+' | b'-')));
            at = after_digits(rest, at + 1 + sign)?;
        }
        // A digit that follows a leading zero is found where a comma should be.
        Some(Self { bytes: at, exponent })
    }
}

/// The place behind one or more digits.
fn after_digits(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    (at > start).then_some(at)
}
