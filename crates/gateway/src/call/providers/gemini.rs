//! Gemini generateContent: `/v1beta` unless the base names a version itself.

/// Base and path, joined below a version.
pub(super) fn address(base_url: &str, path: &str) -> String {
    let base = base_url.trim_end_matches('/');
    let path = path.strip_prefix("/v1beta").unwrap_or(path);
    let has_version = base.ends_with("/v1beta") || base.ends_with("/v1") || base.ends_with("/v1alpha");
    if has_version { format!("{base}{path}") } else { format!("{base}/v1beta{path}") }
}
