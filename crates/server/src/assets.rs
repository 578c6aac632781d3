//! The console: files embedded at build time, the page itself for every client-side route.

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/console"]
struct Console;

/// Only our own files, no inline script or style, no frames, no other host.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
/// Paths at which the console's page answers.
const PAGES: &[&str] = &[
    "/",
    "/models",
    "/models/{*rest}",
    "/chat",
    "/keys",
    "/generations",
    "/generations/{*rest}",
    "/presets",
    "/presets/{*rest}",
    "/routing",
    "/setup",
    "/login",
    "/docs",
    "/docs/api",
];

/// Every file and every page of the console.
pub fn router() -> Router {
    let mut router = Router::new();
    for path in PAGES {
        router = router.route(path, get(page));
    }
    router.fallback(file)
}

async fn page(headers: HeaderMap) -> Response {
    serve("index.html", &headers)
}

async fn file(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let is_read = matches!(*request.method(), http::Method::GET | http::Method::HEAD);
    if is_read && !path.is_empty() && Console::get(path).is_some() {
        return serve(path, request.headers());
    }
    not_found()
}

/// 404 in the API's envelope: most unknown paths are mistyped API calls.
fn not_found() -> Response {
    let refusal = gateway::Refusal::new(domain::error_kind::ErrorKind::NotFound, "No such path");
    gateway::respond_to_refusal(&refusal)
}

fn serve(name: &str, headers: &HeaderMap) -> Response {
    let Some(file) = Console::get(name) else { return not_found() };
    let tag = format!(
        "\"{}\"",
        file.metadata.sha256_hash().iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>()
    );
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { whole(name, &file) };
    let answer = response.headers_mut();
    // Hashed names never change; everything else is asked for again.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    answer.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    answer.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn whole(name: &str, file: &EmbeddedFile) -> Response {
    let kind = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "json" => "application/json; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "png" => "image/png",
        "ico" => "image/x-icon",
        _ => "application/octet-stream",
    };
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], file.data.to_vec()).into_response()
}
