//! Where a call goes: one file per family for address and fixed headers.
//!
//! Everything else about a provider is catalogue data. Adding a provider of a known family needs no code.

mod anthropic;
mod gemini;
mod openai;

use domain::catalog::Family;
use http::HeaderMap;

/// The address of a call: the configured base and the path that the family's encoder gave.
#[must_use]
pub fn address(family: Family, base_url: &str, path: &str) -> String {
    match family {
        Family::OpenAi | Family::OpenAiResponses | Family::Unsupported => openai::address(base_url, path),
        Family::Anthropic => anthropic::address(base_url, path),
        Family::Gemini => gemini::address(base_url, path),
    }
}

/// The service tier that serves, of families that say it in the head of their answers.
#[must_use]
pub fn tier_of_head(family: Family, head: &HeaderMap) -> Option<String> {
    (family == Family::Gemini).then(|| gemini::tier_of_head(head)).flatten()
}

#[cfg(test)]
mod tests {
    use super::{address, tier_of_head};
    use domain::catalog::Family;
    use http::{HeaderMap, HeaderValue};

    #[test]
    fn the_tier_in_a_head_is_read_where_the_family_says_it_there() {
        let head = |tier| HeaderMap::from_iter([(super::gemini::TIER, HeaderValue::from_static(tier))]);
        for (family, tier, expected) in [
            (Family::Gemini, "priority", Some("priority")),
            (Family::Gemini, "Standard", Some("default")),
            (Family::Gemini, "", None),
            (Family::OpenAi, "priority", None),
        ] {
            assert_eq!(tier_of_head(family, &head(tier)).as_deref(), expected, "{family:?} {tier}");
        }
        assert_eq!(tier_of_head(Family::Gemini, &HeaderMap::new()), None);
    }

    #[test]
    fn bases_with_and_without_version_lead_to_the_same_place() {
        for (family, base, path, expected) in [
            (Family::OpenAi, "https://h/v1", "/chat/completions", "https://h/v1/chat/completions"),
            (Family::OpenAi, "https://h/openai/v1/", "/chat/completions", "https://h/openai/v1/chat/completions"),
            (Family::Anthropic, "https://h", "/messages", "https://h/v1/messages"),
            (Family::Anthropic, "https://h/v1", "/messages", "https://h/v1/messages"),
            (Family::Anthropic, "https://h/v1/", "/v1/messages", "https://h/v1/messages"),
            (Family::Gemini, "https://h", "/models/m:generateContent", "https://h/v1beta/models/m:generateContent"),
            (
                Family::Gemini,
                "https://h/v1beta",
                "/models/m:generateContent",
                "https://h/v1beta/models/m:generateContent",
            ),
        ] {
            assert_eq!(address(family, base, path), expected);
        }
    }
}
