//! OpenAI and everything that imitates it: the base already names the version.

/// Base and path, joined.
pub(super) fn address(base_url: &str, path: &str) -> String {
    format!("{}{path}", base_url.trim_end_matches('/'))
}
