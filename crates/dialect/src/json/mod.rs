//! JSON that others wrote: one pass that checks it, and a reader for what has been checked.
//!
//! [`check()`] looks at every byte once: grammar, depth, size, escapes. It remembers where the top-level fields lie and where
//! strings and objects end, so the [`Reader`] behind it neither checks again nor looks for an end that is known. The reader is a
//! [`serde::Deserializer`] with the errors of `serde_json`; texts with escapes are left as they are until somebody looks.

mod check;
mod raw;
mod reader;
mod string;
mod text;

pub(crate) use check::{Checked, Fault, FieldPlace, Rules, check};
pub use raw::Raw;
pub(crate) use reader::{Reader, range_in, read};
pub(crate) use string::{special, unescaped};
pub(crate) use text::NAME as TEXT;
pub use text::Text;

#[cfg(test)]
mod tests;
