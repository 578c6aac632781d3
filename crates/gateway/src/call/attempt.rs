//! One attempt: translate, send, and look at the head of what comes back.

use super::client::{Arriving, HEAD_MAX};
use super::health::hint;
use super::passthrough::with_options;
use super::providers;
use super::scrub::scrub;
use super::trip::Trip;
use crate::plan::PlannedAttempt;
use crate::state::Gateway;
use bytes::Bytes;
use dialect::decode::{self, FailureClass, UpstreamError};
use dialect::upstream::{Change, Note, Outgoing, Target, ToolNames};
use domain::catalog::Endpoint;
use domain::error_kind::ErrorKind;
use edge::upstream::Upstream;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A provider's successful head, its body still to be read.
#[derive(Debug)]
pub struct Answering {
    /// The body.
    pub body: Arriving,
    /// The status, 2xx.
    pub status: u16,
    /// Tool names to map back.
    pub names: ToolNames,
    /// The tier that serves, where the provider's head says it.
    pub service_tier: Option<String>,
    /// What encoding changed.
    pub notes: Vec<String>,
    /// When the attempt's first content must be there.
    pub deadline: Deadline,
}

/// When something must have happened, and what it means when it has not.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// The moment.
    pub at: Instant,
    /// It comes from the endpoint's own history: missing it says "slow", and somebody else is there to ask.
    pub is_own: bool,
}

impl Deadline {
    /// The failure of an attempt that missed it.
    pub fn missed(self, what: &str) -> AttemptFailure {
        AttemptFailure { is_stall: self.is_own, ..AttemptFailure::timeout(what) }
    }
}

/// Why an attempt failed before any content.
#[derive(Debug)]
pub struct AttemptFailure {
    /// What it is.
    pub error: UpstreamError,
    /// How long the provider asked to wait, uncapped.
    pub retry_after: Option<Duration>,
    /// The first token was only later than the endpoint's own history lets expect.
    pub is_stall: bool,
}

impl AttemptFailure {
    /// A failure without provider text.
    pub fn new(kind: ErrorKind, class: FailureClass, message: &str) -> Self {
        UpstreamError::new(kind, class, message).into()
    }

    /// The provider let a deadline pass.
    pub fn timeout(what: &str) -> Self {
        Self::new(ErrorKind::Timeout, FailureClass::Unavailable, what)
    }
}

impl From<UpstreamError> for AttemptFailure {
    fn from(error: UpstreamError) -> Self {
        Self { error, retry_after: None, is_stall: false }
    }
}

/// Headers of a request with the host that the client adds and a few of the provider's own: room that need not grow.
const HEADERS: usize = 12;

/// Plain answers come all at once at their end, so their first byte may take this many times longer than a stream's.
const PLAIN_PATIENCE: u32 = 10;

/// Sends the request of `trip` to the planned attempt `at` and waits for a successful head; `patience` is what the
/// endpoint's own history says about the first token, when somebody else could be asked instead.
pub async fn send(
    gateway: &Gateway,
    trip: &Trip,
    at: usize,
    upstream: &Upstream,
    patience: Option<Duration>,
) -> Result<Answering, AttemptFailure> {
    let Some(planned) = trip.planned.get(at) else {
        return Err(AttemptFailure::new(ErrorKind::Server, FailureClass::Unavailable, "attempt out of range"));
    };
    let endpoint = &planned.candidate.endpoint;
    let outgoing = encode(trip, planned)?;
    let deadline = deadline(gateway, trip, patience);
    let notes = notes(&outgoing);
    let names = outgoing.names.clone();
    let request = request(endpoint, upstream, outgoing, trip.is_stream_upstream())?;
    let response = tokio::time::timeout_at(deadline.at, gateway.client.send(request))
        .await
        .map_err(|_elapsed| deadline.missed("the provider sent no answer in time"))?
        .map_err(|error| {
            // The chain can hold addresses: it goes to our log only.
            tracing::warn!(provider = endpoint.provider.slug, error = ?error, "provider could not be reached");
            let what = if error.is_connect() {
                "the provider could not be reached"
            } else {
                "the provider broke the connection"
            };
            AttemptFailure::new(ErrorKind::ProviderUnavailable, FailureClass::Unavailable, what)
        })?;
    let status = response.status().as_u16();
    if (200..300).contains(&status) {
        check_head(&response)?;
        let service_tier = providers::tier_of_head(endpoint.provider.family, response.headers());
        return Ok(Answering { body: response.into_body(), status, names, service_tier, notes, deadline });
    }
    Err(refused(gateway, endpoint, upstream, response, deadline.at).await)
}

fn deadline(gateway: &Gateway, trip: &Trip, patience: Option<Duration>) -> Deadline {
    let now = Instant::now();
    let first_byte = gateway.settings.first_byte;
    // The end of a plain answer depends on its length, which no history tells.
    match patience.filter(|patience| trip.is_stream_upstream() && *patience < first_byte) {
        Some(patience) => Deadline { at: now + patience, is_own: true },
        None => {
            let times = if trip.is_stream_upstream() { 1 } else { PLAIN_PATIENCE };
            Deadline { at: now + first_byte * times, is_own: false }
        }
    }
}

fn encode(trip: &Trip, planned: &PlannedAttempt) -> Result<Outgoing, AttemptFailure> {
    let endpoint = &planned.candidate.endpoint;
    let user = trip.ask.chat.user().map(|user| hashed_user(trip, user));
    let target = Target {
        family: endpoint.provider.family,
        upstream_id: &endpoint.upstream_id,
        quirks: &endpoint.provider.quirks,
        supported_parameters: &endpoint.supported_parameters,
        max_completion_tokens: endpoint.max_completion_tokens,
        output_limit: trip.output_limit(planned),
        stream: trip.is_stream_upstream(),
        reasoning: planned.candidate.model.reasoning.as_ref(),
        service_tier: endpoint.service_tier.as_deref(),
        turns_reasoning_down: trip.routing.families.contains(&planned.candidate.model.id),
        user: user.as_deref(),
    };
    let chat = trip
        .readied
        .request_for(&trip.ask.chat, planned)
        .map_err(|error| AttemptFailure::new(error.kind, FailureClass::Caller, &error.message))?;
    let mut outgoing = dialect::upstream::encode(&chat, &target)
        .map_err(|error| AttemptFailure::new(error.kind, FailureClass::Caller, &error.message))?;
    if let Some(options) = trip.routing.words.options_for(&endpoint.provider.slug, &endpoint.tag) {
        let (body, left_out) = with_options(outgoing.body, options);
        outgoing.body = body;
        outgoing.notes.extend(left_out.into_iter().map(|name| Note {
            field: format!("provider.options.{name}"),
            change: Change::Dropped,
            reason: "already said by the request, or decided by the router".to_owned(),
        }));
    }
    Ok(outgoing)
}

/// The end user's id as a provider sees it: stable per account, and no way back to the caller's own id.
fn hashed_user(trip: &Trip, user: &str) -> String {
    let account = trip.account().map(|account| account.to_string()).unwrap_or_default();
    let digest = Sha256::digest(format!("{account}\n{user}").as_bytes());
    hex::encode(digest.get(..16).unwrap_or_default())
}

fn notes(outgoing: &Outgoing) -> Vec<String> {
    let word = |change| match change {
        Change::Dropped => "dropped",
        Change::Translated => "translated",
        Change::Clamped => "clamped",
        Change::Added => "added",
    };
    outgoing.notes.iter().map(|note| format!("{} {}: {}", note.field, word(note.change), note.reason)).collect()
}

/// The request to send for what the encoder wrote.
pub fn request(
    endpoint: &Endpoint,
    upstream: &Upstream,
    outgoing: Outgoing,
    is_stream: bool,
) -> Result<Request<Full<Bytes>>, AttemptFailure> {
    let unusable = |what: &str| AttemptFailure::new(ErrorKind::ProviderUnavailable, FailureClass::Credential, what);
    let address = providers::address(endpoint.provider.family, &upstream.base_url, &outgoing.path);
    let accept = if is_stream { "text/event-stream" } else { "application/json" };
    let mut request = Request::new(Full::new(outgoing.body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::try_from(address).map_err(|_error| unusable("the provider's address cannot be used"))?;
    let headers = request.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
    // We do not inflate provider bodies, so none may be compressed.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("portolan/", env!("CARGO_PKG_VERSION"))));
    // The catalogue's fixed headers win over the format's defaults; nothing is sent twice.
    let own = outgoing.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let own = own.filter(|(name, _)| !endpoint.provider.headers.iter().any(|(fixed, _)| fixed == name));
    let fixed = endpoint.provider.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in own.chain(fixed) {
        let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) else {
            return Err(unusable("a header of the provider cannot be sent"));
        };
        headers.append(name, value);
    }
    let credential = upstream.auth_header(&endpoint.provider).map_err(|error| unusable(&error.to_string()))?;
    if let Some((name, value)) = credential {
        headers.append(name, value);
    }
    Ok(request)
}

/// A successful head that promises something we cannot read, or that two readers would read in two ways.
fn check_head(response: &Response<Arriving>) -> Result<(), AttemptFailure> {
    let kind = response.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let headers = response.headers();
    let is_coded = headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    let what = if headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>() > HEAD_MAX {
        "the head of the provider's answer is too large"
    } else if headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH) {
        "the provider gave two lengths of its answer"
    } else if kind.starts_with(b"text/html") {
        "the provider answered with a page"
    } else if is_coded {
        "the provider compressed its answer unasked"
    } else {
        return Ok(());
    };
    Err(AttemptFailure::new(ErrorKind::ProviderUnavailable, FailureClass::Unavailable, what))
}

async fn refused(
    gateway: &Gateway,
    endpoint: &Endpoint,
    upstream: &Upstream,
    response: Response<Arriving>,
    deadline: Instant,
) -> AttemptFailure {
    let status = response.status().as_u16();
    let hint_in_head = hint::of_head(response.headers(), gateway.clock.now());
    if (300..400).contains(&status) {
        // Never followed: our credential goes to the configured address and nowhere else.
        return AttemptFailure::new(
            ErrorKind::ProviderUnavailable,
            FailureClass::Unavailable,
            "the provider redirected the call",
        );
    }
    let reading = Limited::new(response.into_body(), gateway.settings.error_max).collect();
    let body = match tokio::time::timeout_at(deadline, reading).await {
        Ok(Ok(collected)) => collected.to_bytes(),
        // An error without a readable body is still an error with a status.
        Ok(Err(_)) | Err(_) => Bytes::new(),
    };
    let retry_after = hint_in_head.or_else(|| hint::of_body(&body));
    let mut error = decode::error(endpoint.provider.family, status, &body);
    error.message = scrub(&error.message, upstream.secret.as_ref());
    error.provider_code = error.provider_code.map(|code| scrub(&code, upstream.secret.as_ref()));
    error.status = error.status.or(Some(status));
    AttemptFailure { error, retry_after, is_stall: false }
}

/// The upstream connection of a planned attempt, if it is still configured.
pub fn upstream_of(gateway: &Gateway, trip: &Trip, at: usize) -> Option<Arc<Upstream>> {
    let planned = trip.planned.get(at)?;
    gateway.upstreams.load().live(&planned.candidate.endpoint.provider.slug).cloned()
}
