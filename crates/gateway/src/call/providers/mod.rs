//! Where a call goes: one file per family for address and fixed headers.
//!
//! Everything else about a provider is catalogue data. Adding a provider of a known family needs no code.

mod anthropic;
mod gemini;
mod openai;

use domain::catalog::Family;

/// The address of a call: the configured base and the path that the family's encoder gave.
#[must_use]
pub fn address(family: Family, base_url: &str, path: &str) -> String {
    match family {
        Family::OpenAi | Family::OpenAiResponses | Family::Unsupported => openai::address(base_url, path),
        Family::Anthropic => anthropic::address(base_url, path),
        Family::Gemini => gemini::address(base_url, path),
    }
}

#[cfg(test)]
mod tests {
    use super::address;
    use domain::catalog::Family;

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
