//! Whether a state change really comes from the console's own pages.
//!
//! Three independent proofs: a header that no form can set and no foreign page may add, the JSON type, and the browser's
//! own word about the origin where it gives one.

use crate::body::is_json;
use crate::error::ControlError;
use crate::state::Mount;
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method, Uri, header};

/// The header that the console's pages send with every state change.
pub(crate) const HEADER: &str = "x-portolan-csrf";

/// Extractor for state changes of visitors without session: the request comes from the console's own pages.
pub(crate) struct SameOrigin;

impl FromRequestParts<Mount> for SameOrigin {
    type Rejection = ControlError;

    async fn from_request_parts(parts: &mut Parts, _mount: &Mount) -> Result<Self, ControlError> {
        check(&parts.method, &parts.headers).map(|()| Self)
    }
}

/// Refuses a state change that another site could have caused. Reads pass.
pub(super) fn check(method: &Method, headers: &HeaderMap) -> Result<(), ControlError> {
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    if !headers.contains_key(HEADER) {
        return Err(ControlError::CrossSite("the x-portolan-csrf header is missing"));
    }
    if !is_json(headers) {
        return Err(ControlError::CrossSite("the content type must be application/json"));
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return Err(ControlError::CrossSite("sec-fetch-site is not same-origin"));
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else { return Ok(()) };
    let origin: Option<Uri> = origin.parse().ok();
    let authority = origin.as_ref().and_then(Uri::authority).map(|authority| authority.as_str());
    match (authority, text(header::HOST.as_str())) {
        (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host) => Ok(()),
        // HTTP/2 has no Host header; browsers that speak it say where the request comes from.
        (Some(_), None) if site.is_some() => Ok(()),
        _ => Err(ControlError::CrossSite("origin and host differ")),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use http::{HeaderMap, HeaderName, HeaderValue, Method};

    fn outcome(method: &Method, headers: &[(&str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("name");
            map.insert(name, HeaderValue::from_str(value).expect("value"));
        }
        check(method, &map).is_ok()
    }

    #[test]
    fn only_the_consoles_own_pages_change_anything() {
        let own = [("x-portolan-csrf", "1"), ("content-type", "application/json"), ("host", "a.example:7878")];
        let with = |more: &[(&'static str, &'static str)]| [own.as_slice(), more].concat();
        assert!(outcome(&Method::POST, &own));
        assert!(outcome(
            &Method::POST,
            &with(&[("origin", "https://a.example:7878"), ("sec-fetch-site", "same-origin")])
        ));
        assert!(outcome(
            &Method::POST,
            &[own[0], own[1], ("origin", "https://a.example"), ("sec-fetch-site", "same-origin")]
        ));
        assert!(outcome(&Method::GET, &[]));
        for refused in [
            &own[1..],
            &[own[0], own[2]],
            &[own[0], own[1], ("origin", "https://a.example:7878")],
            &with(&[("content-type", "text/plain")]),
            &with(&[("content-type", "application/x-www-form-urlencoded")]),
            &with(&[("origin", "https://evil.example")]),
            &with(&[("origin", "https://sub.a.example:7878")]),
            &with(&[("origin", "https://a.example:7879")]),
            &with(&[("origin", "null")]),
            &with(&[("sec-fetch-site", "same-site")]),
            &with(&[("sec-fetch-site", "cross-site")]),
            &with(&[("sec-fetch-site", "none")]),
        ] {
            for method in [Method::POST, Method::PATCH, Method::DELETE, Method::PUT] {
                assert!(!outcome(&method, refused), "{method} {refused:?}");
            }
        }
    }
}
