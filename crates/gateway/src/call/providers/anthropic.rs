//! Anthropic Messages: operators write the base with or without `/v1`, as the official SDKs and the documentation differ.

/// Base and path, joined below `/v1`.
pub(super) fn address(base_url: &str, path: &str) -> String {
    let host = base_url.trim_end_matches('/').trim_end_matches("/v1");
    let path = path.strip_prefix("/v1").unwrap_or(path);
    format!("{host}/v1{path}")
}
