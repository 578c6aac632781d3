//! Where a request carries its key: one extractor for every route and dialect.

use http::{HeaderMap, HeaderName, header};

/// Why no credential could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// None was sent.
    #[error("Missing Authentication header")]
    Missing,
    /// Something was sent that is no bearer key.
    #[error("No auth credentials found")]
    Malformed,
    /// Two different keys were sent.
    #[error("Conflicting credentials: send one key")]
    Contradictory,
}

/// Longest credential that is looked at.
const LENGTH_MAX: usize = 512;

/// Headers that carry a bare key.
const BARE: [HeaderName; 2] = [HeaderName::from_static("x-api-key"), HeaderName::from_static("x-goog-api-key")];

/// Reads the key from `Authorization: Bearer`, `x-api-key` or `x-goog-api-key`; never from the query or a cookie.
///
/// # Errors
/// [`CredentialError`] when there is none, when one is malformed, or when two differ.
pub fn from_headers(headers: &HeaderMap) -> Result<&str, CredentialError> {
    let mut found: Option<&str> = None;
    let bearer = headers.get_all(header::AUTHORIZATION).iter().map(|value| {
        let text = value.to_str().ok().filter(|text| text.len() <= LENGTH_MAX)?;
        let (scheme, key) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key)
    });
    let bare = BARE
        .into_iter()
        .flat_map(|name| headers.get_all(name))
        .map(|value| value.to_str().ok().filter(|text| text.len() <= LENGTH_MAX));
    for key in bearer.chain(bare) {
        let key =
            key.filter(|key| !key.is_empty() && !key.contains([' ', '\t', ','])).ok_or(CredentialError::Malformed)?;
        if found.is_some_and(|other| other != key) {
            return Err(CredentialError::Contradictory);
        }
        found = Some(key);
    }
    found.ok_or(CredentialError::Missing)
}

/// Takes every credential out of headers that outlive the check: keys in all their places, and cookies.
pub fn strip(headers: &mut HeaderMap) {
    for name in [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE] {
        headers.remove(name);
    }
    for name in BARE {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::{CredentialError, from_headers, strip};
    use http::{HeaderMap, HeaderName, HeaderValue};

    fn check(headers: &[(&str, &str)], expected: Result<&str, CredentialError>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).expect("name"),
                HeaderValue::from_bytes(value.as_bytes()).expect("value"),
            );
        }
        assert_eq!(from_headers(&map), expected, "{headers:?}");
    }

    #[test]
    fn one_key_in_any_of_the_known_places() {
        check(&[("authorization", "Bearer k")], Ok("k"));
        check(&[("authorization", "bearer k")], Ok("k"));
        check(&[("x-api-key", "k")], Ok("k"));
        check(&[("x-goog-api-key", "k")], Ok("k"));
        check(&[("authorization", "Bearer k"), ("x-api-key", "k")], Ok("k"));
    }

    #[test]
    fn what_is_kept_of_the_headers_holds_no_credential() {
        let mut map = HeaderMap::new();
        for name in ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-goog-api-key", "x-team"] {
            map.append(HeaderName::from_static(name), HeaderValue::from_static("Bearer k"));
        }
        strip(&mut map);
        assert_eq!(map.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-team"]);
    }

    #[test]
    fn everything_else_is_refused() {
        check(&[], Err(CredentialError::Missing));
        for value in ["", "Bearer", "Bearer ", "Basic abc", "Bearer  k", "Bearer\tk", "k", "Bearer a b", "Bearer é"] {
            check(&[("authorization", value)], Err(CredentialError::Malformed));
        }
        check(&[("authorization", "Bearer a"), ("authorization", "Bearer b")], Err(CredentialError::Contradictory));
        check(&[("authorization", "Bearer a"), ("x-api-key", "b")], Err(CredentialError::Contradictory));
        check(&[("authorization", &format!("Bearer {}", "a".repeat(1000)))], Err(CredentialError::Malformed));
        check(&[("cookie", "key=sk-or-v1-x")], Err(CredentialError::Missing));
    }
}
