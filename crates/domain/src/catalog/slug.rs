//! Model ids: `author/name[:variant…]`, with the suffixes that change routing rather than the model.

use std::fmt;

/// A suffix of a model id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variant {
    /// Part of the model's identity: `:free`, `:extended`, `:thinking`, `:batch`.
    Static(String),
    /// Sort by throughput.
    Nitro,
    /// Sort by price.
    Floor,
    /// Sort by tool-calling quality.
    Exacto,
    /// Add web search.
    Online,
    /// Historic; means the plain model.
    Beta,
}

/// A model id taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slug {
    /// The id with static variants only: what the catalogue is asked for.
    pub model: String,
    /// Dynamic variants, in the order written.
    pub dynamic: Vec<Variant>,
}

/// Text that cannot be a model id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a model id")]
pub struct SlugError;

const LENGTH_MAX: usize = 200;

impl Slug {
    /// Takes a model id apart.
    ///
    /// # Errors
    /// [`SlugError`] for anything but `author/name` with optional suffixes, in ASCII letters, digits, `.`, `_`, `-`, `~`,
    /// `@` and `+`, at most 200 bytes. Such text can never change an upstream path.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'~' | b'@' | b'+');
        let word = |part: &str| !part.is_empty() && part.bytes().all(allowed) && part != "." && part != "..";
        if text.len() > LENGTH_MAX {
            return Err(SlugError);
        }
        let mut parts = text.split(':');
        let id = parts.next().unwrap_or_default();
        let (author, name) = id.split_once('/').ok_or(SlugError)?;
        if !word(author) || !name.split('/').all(word) {
            return Err(SlugError);
        }
        let mut slug = Self { model: id.to_owned(), dynamic: Vec::new() };
        for suffix in parts {
            if !word(suffix) {
                return Err(SlugError);
            }
            match suffix {
                "nitro" => slug.dynamic.push(Variant::Nitro),
                "floor" => slug.dynamic.push(Variant::Floor),
                "exacto" => slug.dynamic.push(Variant::Exacto),
                "online" => slug.dynamic.push(Variant::Online),
                "beta" => slug.dynamic.push(Variant::Beta),
                other => {
                    slug.model.push(':');
                    slug.model.push_str(other);
                }
            }
        }
        Ok(slug)
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.model)
    }
}

/// The `limit` candidates nearest to `wanted` by shared three-letter pieces, best first.
pub(super) fn similar<'a>(candidates: impl Iterator<Item = &'a str>, wanted: &str, limit: usize) -> Vec<&'a str> {
    let wanted: Vec<u8> = wanted.bytes().take(LENGTH_MAX).map(|byte| byte.to_ascii_lowercase()).collect();
    let mut scored: Vec<(usize, &str)> = candidates
        .map(|candidate| {
            let lower = candidate.to_ascii_lowercase();
            let shared =
                wanted.windows(3).filter(|piece| lower.as_bytes().windows(3).any(|other| other == *piece)).count();
            (shared, candidate)
        })
        .filter(|(shared, _)| *shared >= 3)
        .collect();
    scored.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.len().cmp(&right.1.len())).then(left.1.cmp(right.1)));
    scored.into_iter().take(limit).map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::{Slug, Variant, similar};

    #[test]
    fn static_suffixes_stay_and_dynamic_ones_are_taken_off() {
        for (text, model, dynamic) in [
            ("openai/gpt-4o", "openai/gpt-4o", vec![]),
            ("openai/gpt-oss-20b:free:online", "openai/gpt-oss-20b:free", vec![Variant::Online]),
            ("a/b:nitro", "a/b", vec![Variant::Nitro]),
            ("portolan/demo-echo", "portolan/demo-echo", vec![]),
        ] {
            assert_eq!(Slug::parse(text), Ok(Slug { model: model.to_owned(), dynamic }), "{text}");
        }
    }

    #[test]
    fn refuses_text_that_could_change_a_path_or_a_log() {
        for text in [
            "",
            "gpt-4o",
            "a/",
            "/b",
            "a/../b",
            "a/b c",
            "a/b\n",
            "a/😀",
            "a/b:",
            "a/b?x=1",
            "a/b#",
            "a//b",
            "a/b%2f",
            &"a/".repeat(200),
        ] {
            assert!(Slug::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn suggests_the_nearest_id() {
        let known = ["openai/gpt-4o", "openai/gpt-4o-mini", "anthropic/claude-sonnet-4.5"];
        assert_eq!(similar(known.into_iter(), "openai/gpt4o-mini", 1), ["openai/gpt-4o-mini"]);
        assert!(similar(known.into_iter(), "zzz/yyy", 3).is_empty());
    }
}
