//! Gemini generateContent: `/v1beta` unless the base names a version itself.

use http::{HeaderMap, HeaderName};

/// Names the tier that serves. Source: the Gemini API's guide to priority inference, read 2026-11-21.
pub(super) const TIER: HeaderName = HeaderName::from_static("x-gemini-service-tier");

/// Base and path, joined below a version.
pub(super) fn address(base_url: &str, path: &str) -> String {
    let base = base_url.trim_end_matches('/');
    let path = path.strip_prefix("/v1beta").unwrap_or(path);
    let has_version = base.ends_with("/v1beta") || base.ends_with("/v1") || base.ends_with("/v1alpha");
    if has_version { format!("{base}{path}") } else { format!("{base}/v1beta{path}") }
}

/// The tier that serves, the ordinary one by the name that chat completions have for it.
pub(super) fn tier_of_head(head: &HeaderMap) -> Option<String> {
    let tier = head.get(TIER)?.to_str().ok()?.to_ascii_lowercase();
    match tier.as_str() {
        "" => None,
        "standard" => Some("default".to_owned()),
        _ => Some(tier),
    }
}
