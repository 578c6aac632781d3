//! What is wrong with a request's head, if anything: sizes, and whatever two servers could read in two ways.

use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Version, header};

/// Longest URI.
const URI_MAX: usize = 8 << 10;
/// Largest sum of header names and values.
const HEADERS_BYTES_MAX: usize = 32 << 10;
/// Largest single header, name and value.
const HEADER_BYTES_MAX: usize = 16 << 10;
/// Longest `Host`.
const HOST_MAX: usize = 255;
/// Names that decide something, here or at a proxy before us. Some servers take an underscore for the hyphen.
const DECIDING: [&str; 8] = [
    "authorization",
    "x-api-key",
    "content-length",
    "transfer-encoding",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// The status to refuse a head with; `None` for a good one.
pub fn objection<B>(request: &Request<B>) -> Option<StatusCode> {
    let headers = request.headers();
    let size = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len();
    if request.uri().path_and_query().map_or(0, |path| path.as_str().len()) > URI_MAX {
        return Some(StatusCode::URI_TOO_LONG);
    }
    if headers.iter().map(size).sum::<usize>() > HEADERS_BYTES_MAX
        || headers.iter().map(size).any(|size| size > HEADER_BYTES_MAX)
    {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    if has_twin_name(headers) || !has_good_host(request) || !has_good_coding(headers) {
        return Some(StatusCode::BAD_REQUEST);
    }
    let expects = headers.get(header::EXPECT);
    expects
        .filter(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
        .map(|_| StatusCode::EXPECTATION_FAILED)
}

/// A name that another server would take for one that decides something.
fn has_twin_name(headers: &HeaderMap) -> bool {
    let names = headers.keys().map(HeaderName::as_str);
    names.filter(|name| name.contains('_')).any(|name| DECIDING.contains(&name.replace('_', "-").as_str()))
}

/// One host that is a host; HTTP/1.0 and HTTP/2 may leave the header out.
fn has_good_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:[]%".contains(byte);
    let Some(host) = first.map(HeaderValue::as_bytes) else { return request.version() != Version::HTTP_11 };
    second.is_none() && !host.is_empty() && host.len() <= HOST_MAX && host.iter().all(is_plain)
}

/// `chunked` once or nothing: every other transfer coding is an invitation to read the body in two ways.
fn has_good_coding(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let is_chunked = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked");
    codings.next().is_none_or(is_chunked) && codings.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::objection;
    use http::Request;

    fn status(headers: &[(&str, &str)]) -> Option<u16> {
        let mut builder = Request::get("/");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        objection(&builder.body(()).expect("request")).map(|status| status.as_u16())
    }

    #[test]
    fn plain_heads_pass() {
        for host in ["a", "a.example:7878", "127.0.0.1", "[::1]:80", "xn--e1aybc"] {
            assert_eq!(status(&[("host", host)]), None, "{host}");
        }
        assert_eq!(
            status(&[("host", "a"), ("transfer-encoding", "Chunked"), ("expect", "100-Continue"), ("x_own", "b")]),
            None
        );
    }

    #[test]
    fn doubtful_heads_are_refused() {
        for host in ["", "a/b", "a@b", "a b", "a?b", "a#b", &"a".repeat(300)] {
            assert_eq!(status(&[("host", host)]), Some(400), "{host}");
        }
        assert_eq!(status(&[]), Some(400));
        assert_eq!(status(&[("host", "a"), ("host", "b")]), Some(400));
        for coding in ["xchunked", "gzip, chunked", "chunked, chunked", "identity"] {
            assert_eq!(status(&[("host", "a"), ("transfer-encoding", coding)]), Some(400), "{coding}");
        }
        assert_eq!(
            status(&[("host", "a"), ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")]),
            Some(400)
        );
        assert_eq!(status(&[("host", "a"), ("x_forwarded_for", "b")]), Some(400));
        assert_eq!(status(&[("host", "a"), ("expect", "x")]), Some(417));
        assert_eq!(status(&[("host", "a"), ("x", &"a".repeat(17_000))]), Some(431));
    }
}
