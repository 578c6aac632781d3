//! [`Refusal`]: every way a request can fail on this plane, and its one translation into an HTTP answer.

use super::availability::{self, Code};
use axum::body::Body;
use axum::response::Response;
use dialect::chat::request::InvalidRequest;
use dialect::inbound::{self, Asked, Dialect, Problem};
use domain::error_kind::ErrorKind;
use domain::id::GenerationId;
use domain::time::Timestamp;
use edge::access_log::AccessFacts;
use http::{HeaderName, HeaderValue, header};
use serde_json::{Map, Value, json};

/// A request that is not answered, or no further.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Public type; decides the status.
    pub kind: ErrorKind,
    /// Our own words; never a provider's raw text.
    pub message: String,
    /// Everything else, on the heap: most answers are no refusals.
    details: Box<Details>,
}

#[derive(Debug, Clone, Default)]
struct Details {
    provider_code: Option<String>,
    metadata: Map<String, Value>,
    availability: Option<Value>,
    retry_after: Option<u64>,
    rate_limit: Option<(u32, Timestamp)>,
    must_retry: bool,
    router_metadata: Option<Value>,
    asked: Option<Asked>,
}

impl Refusal {
    /// A refusal of this kind with this text.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), details: Box::default() }
    }

    /// 401 with one of the texts that clients know.
    #[must_use]
    pub fn authentication(message: &str) -> Self {
        Self::new(ErrorKind::Authentication, message)
    }

    /// Adds a text to the error's metadata.
    #[must_use]
    pub fn meta(self, name: &str, value: &str) -> Self {
        self.meta_value(name, Value::from(value))
    }

    /// Adds a value to the error's metadata.
    #[must_use]
    pub fn meta_value(mut self, name: &str, value: Value) -> Self {
        self.details.metadata.insert(name.to_owned(), value);
        self
    }

    /// Adds the provider's code.
    #[must_use]
    pub fn provider_code(mut self, code: Option<String>) -> Self {
        self.details.provider_code = code;
        self
    }

    /// Says when to try again, in seconds.
    #[must_use]
    pub fn retry_in(mut self, seconds: u64) -> Self {
        self.details.retry_after = Some(seconds);
        self
    }

    /// Tells clients to try again although the status usually means "do not".
    #[must_use]
    pub fn should_retry(mut self) -> Self {
        self.details.must_retry = true;
        self
    }

    /// Adds the rate-limit headers of a window that is full.
    #[must_use]
    pub fn rate_limit(mut self, limit: u32, resets_at: Timestamp) -> Self {
        self.details.rate_limit = Some((limit, resets_at));
        self
    }

    /// A refusal because no endpoint serves.
    #[must_use]
    pub fn unavailable(code: Code, message: impl Into<String>, details: &availability::Details) -> Self {
        Self::new(code.kind(), message).availability(code, details)
    }

    /// Adds the `availability` object.
    #[must_use]
    pub fn availability(mut self, code: Code, details: &availability::Details) -> Self {
        self.details.availability = Some(details.object(code));
        self
    }

    /// Adds `openrouter_metadata` beside the error.
    #[must_use]
    pub fn router_metadata(mut self, metadata: Option<Value>) -> Self {
        self.details.router_metadata = metadata;
        self
    }

    /// Adds what the answer repeats of the request.
    #[must_use]
    pub fn asked(mut self, asked: Option<Asked>) -> Self {
        self.details.asked = asked;
        self
    }

    /// The text for the caller; our own mistakes are not explained to strangers.
    fn public_message(&self) -> &str {
        if self.kind == ErrorKind::Server { "Internal Server Error" } else { &self.message }
    }

    /// The body in the caller's dialect.
    #[must_use]
    pub fn body_in(&self, dialect: Dialect, id: Option<&GenerationId>) -> Value {
        self.told(id, |problem| inbound::problem(dialect, problem))
    }

    /// The events that report it in a stream whose head had gone out before any content.
    #[must_use]
    pub fn event(&self, dialect: Dialect, id: &GenerationId) -> Vec<u8> {
        self.told(Some(id), |problem| inbound::problem_event(dialect, problem))
    }

    /// The status in the caller's dialect.
    fn status_in(&self, dialect: Dialect) -> u16 {
        self.told(None, |problem| inbound::status(dialect, problem))
    }

    fn told<T>(&self, id: Option<&GenerationId>, tell: impl FnOnce(&Problem<'_>) -> T) -> T {
        let (id, envelope) = (id.map(GenerationId::to_string), self.body());
        tell(&Problem { kind: self.kind, message: self.public_message(), id: id.as_deref(), envelope: &envelope })
    }

    /// The body in the OpenRouter envelope.
    #[must_use]
    pub fn body(&self) -> Value {
        let is_masked = self.kind == ErrorKind::Server;
        let mut metadata = self.details.metadata.clone();
        metadata.insert("error_type".to_owned(), json!(self.kind.as_str()));
        if let (Some(code), false) = (&self.details.provider_code, is_masked) {
            metadata.insert("provider_code".to_owned(), json!(code));
        }
        if let Some((limit, resets_at)) = self.details.rate_limit {
            metadata.insert(
                "headers".to_owned(),
                json!({
                    "X-RateLimit-Limit": limit.to_string(),
                    "X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": (resets_at.micros() / 1000).to_string(),
                }),
            );
        }
        let mut error = json!({"code": self.kind.status(), "message": self.public_message(), "metadata": metadata});
        if let (Some(object), Some(availability)) = (error.as_object_mut(), &self.details.availability) {
            object.insert("availability".to_owned(), availability.clone());
        }
        let mut body = json!({"error": error});
        if let (Some(object), Some(metadata), false) = (body.as_object_mut(), &self.details.router_metadata, is_masked)
        {
            object.insert("openrouter_metadata".to_owned(), metadata.clone());
        }
        body
    }
}

impl From<InvalidRequest> for Refusal {
    fn from(invalid: InvalidRequest) -> Self {
        let refusal = Self::new(invalid.kind, invalid.message);
        match invalid.param {
            Some(param) => refusal.meta("param", &param),
            None => refusal,
        }
    }
}

/// Answers a refusal of a request whose generation has an id.
#[must_use]
pub fn respond_with_id(refusal: &Refusal, dialect: Dialect, id: &GenerationId) -> Response {
    let id_text = id.to_string();
    let instead = refusal.details.asked.as_ref().and_then(|asked| asked.answer(&id_text, refusal.kind));
    let mut response = match instead {
        Some((body, is_stream)) => answer(refusal, 200, if is_stream { EVENTS } else { JSON }, body),
        None => {
            answer(refusal, refusal.status_in(dialect), JSON, refusal.body_in(dialect, Some(id)).to_string().into())
        }
    };
    let id = id_text;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-generation-id"), value);
    }
    let facts = AccessFacts { generation: Some(id), error_type: Some(refusal.kind.as_str()), ..AccessFacts::default() };
    response.extensions_mut().insert(facts);
    response
}

/// Answers a refusal of a request that has no dialect.
#[must_use]
pub fn respond(refusal: &Refusal) -> Response {
    answer(refusal, refusal.kind.status(), JSON, refusal.body().to_string().into())
}

const JSON: &str = "application/json; charset=utf-8";
const EVENTS: &str = "text/event-stream; charset=utf-8";

/// The one translation from a refusal to HTTP.
fn answer(refusal: &Refusal, status: u16, content_type: &'static str, body: Vec<u8>) -> Response {
    if refusal.kind == ErrorKind::Server {
        tracing::error!(message = %refusal.message, "request failed by our own fault");
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = refusal.details.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some((limit, resets_at)) = refusal.details.rate_limit {
        headers.insert("x-ratelimit-limit", HeaderValue::from(limit));
        headers.insert("x-ratelimit-remaining", HeaderValue::from_static("0"));
        headers.insert("x-ratelimit-reset", HeaderValue::from(resets_at.micros() / 1000));
    }
    if refusal.kind == ErrorKind::Authentication {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    // SDKs retry some statuses by themselves, Claude Code even 401: permanent conditions say so.
    if refusal.details.must_retry {
        headers.insert("x-should-retry", HeaderValue::from_static("true"));
    } else if (400..=404).contains(&status) {
        headers.insert("x-should-retry", HeaderValue::from_static("false"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::{Refusal, respond};
    use domain::error_kind::ErrorKind;

    #[test]
    fn our_own_mistakes_are_masked() {
        let refusal = Refusal::new(ErrorKind::Server, "index 7 out of range").provider_code(Some("secret".to_owned()));
        let text = refusal.body().to_string();
        assert!(!text.contains("index 7") && !text.contains("secret"));
        assert_eq!(respond(&refusal).status(), 500);
    }

    #[test]
    fn permanent_conditions_forbid_retries_and_temporary_ones_do_not() {
        let header =
            |refusal: &Refusal| respond(refusal).headers().get("x-should-retry").map(|value| value.as_bytes().to_vec());
        assert_eq!(header(&Refusal::authentication("x")), Some(b"false".to_vec()));
        assert_eq!(header(&Refusal::new(ErrorKind::PaymentRequired, "x").should_retry()), Some(b"true".to_vec()));
        assert_eq!(header(&Refusal::new(ErrorKind::RateLimitExceeded, "x")), None);
    }
}
