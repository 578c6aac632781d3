//! Accept: give the request an id, then read and parse its body once, within limits.
//!
//! Two steps, because a stranger's body is not worth parsing: [`accept`] takes the head, and only a [`Caller`] opens the
//! body. What comes out is an [`Ask`].

mod body;
mod preset;
mod session;

use crate::authenticate::Caller;
use crate::call::Rules;
use crate::reply::Refusal;
use crate::state::Gateway;
use axum::body::Body;
use axum::extract::Request;
use dialect::chat::request::{ChatRequest, Limits};
use dialect::inbound::{self, Dialect};
use domain::id::{GenerationId, PresetId};
use domain::time::Timestamp;
use edge::credential;
use edge::delivery::Delivery;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::sync::Arc;
use std::time::Duration;
use store::lease::Key;

/// How the caller shows who they are.
#[derive(Debug)]
pub enum Credential {
    /// A key in a header.
    Header,
    /// A console session that has already been checked, standing for a key.
    Session(Arc<Key>),
}

/// A request whose head is read and whose body is still on the wire.
#[derive(Debug)]
pub struct Knock {
    head: Head,
    body: Body,
}

/// What is known of a request before its body is read.
#[derive(Debug)]
pub struct Head {
    id: GenerationId,
    dialect: Dialect,
    received_at: Timestamp,
    started: Duration,
    credential: Credential,
    parts: Parts,
}

/// A parsed request.
#[derive(Debug)]
pub struct Ask {
    /// Id of the generation, and of the answer.
    pub id: GenerationId,
    /// What the caller speaks.
    pub dialect: Dialect,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Monotonic time of its arrival.
    pub started: Duration,
    /// The parsed body.
    pub chat: ChatRequest,
    /// What the caller demands of the answer.
    pub rules: Option<Box<Rules>>,
    /// Whether `openrouter_metadata` is wanted.
    pub wants_metadata: bool,
    /// Conversation, from the body, one of the header spellings or the user id in the metadata.
    pub session_id: Option<String>,
    /// The calling application's title.
    pub app_title: Option<String>,
    /// The calling application's address.
    pub app_url: Option<String>,
    /// The client's user agent.
    pub user_agent: Option<String>,
    /// The preset whose fields the request took.
    pub preset: Option<PresetId>,
    /// Makes the plan reproducible: `x-portolan-seed`, a whole number. It picks among endpoints that the caller could have
    /// named.
    pub seed: Option<u64>,
    /// The request's headers without its credentials, for conditions of policies.
    pub headers: HeaderMap,
    /// What its connection has taken; unknown without a listener of ours.
    pub delivery: Option<Taken>,
}

/// What a connection has taken, and how to read it.
#[derive(Debug, Clone)]
pub struct Taken {
    delivery: Delivery,
    /// Flushes after which something that was handed over is surely out.
    ///
    /// HTTP/1 writes in the order of handing over, so the next flush carries it. HTTP/2 may flush frames of other streams
    /// first; when it has asked for more and then flushed twice, ours is among them unless the client's window was closed.
    flushes: u64,
}

impl Taken {
    fn of(parts: &Parts) -> Option<Self> {
        let delivery = parts.extensions.get::<Delivery>()?.clone();
        Some(Self { delivery, flushes: if parts.version == http::Version::HTTP_2 { 2 } else { 1 } })
    }

    /// The moment, for a later [`Taken::since`].
    pub fn now(&self) -> u64 {
        self.delivery.count()
    }

    /// Whether what was handed over at `moment` has been taken.
    pub fn since(&self, moment: u64) -> bool {
        self.delivery.count() >= moment.saturating_add(self.flushes)
    }
}

/// Takes a request's head and names its generation.
pub fn accept(gateway: &Gateway, dialect: Dialect, credential: Credential, request: Request) -> Knock {
    let received_at = gateway.clock.now();
    let (parts, body) = request.into_parts();
    let id = GenerationId::new(received_at, gateway.random.bytes());
    Knock { head: Head { id, dialect, received_at, started: gateway.clock.elapsed(), credential, parts }, body }
}

impl Head {
    /// The request's headers.
    pub const fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// How the caller shows who they are.
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }
}

impl Knock {
    /// Id of the generation.
    pub const fn id(&self) -> GenerationId {
        self.head.id
    }

    /// What is known before the body is read.
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Reads what little of a refused body is on its way, so that the connection can be used again; the rest is not waited for.
    pub async fn discard(self) {
        body::discard(self.body).await;
    }

    /// Reads and parses the body. Needs a caller: bodies of strangers are not read.
    ///
    /// # Errors
    /// [`Refusal`] when this node is at its limit; for a body that is too large, encoded in an unknown way, not JSON, or not a
    /// valid request; 404 for a preset that the key's workspace does not have.
    pub async fn open(mut self, gateway: &Gateway, caller: &Caller) -> Result<Box<Ask>, Refusal> {
        let (settings, seed) = (&gateway.settings, self.head.id.as_bytes().last().copied().map_or(0, u64::from));
        if let Err(refusal) = gateway.pressure.check(gateway.running(), settings.running_max, settings.lag_max, seed) {
            self.discard().await;
            return Err(refusal);
        }
        let bytes =
            body::read(&self.head.parts.headers, self.body, gateway.settings.body_max, gateway.settings.body_wait)
                .await?;
        let (bytes, preset) = preset::apply(bytes, caller, self.head.dialect)?;
        let mut chat = inbound::parse(self.head.dialect, bytes, &Limits::default())?;
        for betas in self.head.parts.headers.get_all(BETA) {
            inbound::add_betas(&mut chat, betas.to_str().unwrap_or_default());
        }
        // What follows outlives the check of the key: nothing of it may carry one.
        credential::strip(&mut self.head.parts.headers);
        let headers = &self.head.parts.headers;
        let text = |name: HeaderName| header_text(headers, &name);
        let says_enabled = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"enabled");
        let wants = headers.get(METADATA).or_else(|| headers.get(METADATA_EXPERIMENTAL));
        Ok(Box::new(Ask {
            id: self.head.id,
            dialect: self.head.dialect,
            received_at: self.head.received_at,
            started: self.head.started,
            rules: Rules::read(&chat)?.map(Box::new),
            wants_metadata: wants.is_some_and(says_enabled),
            session_id: chat
                .session_id()
                .map(str::to_owned)
                .or_else(|| SESSION.into_iter().find_map(text))
                .or_else(|| session::of_metadata(chat.metadata()?)),
            app_title: TITLE.into_iter().find_map(text),
            app_url: APP_URL.into_iter().find_map(text),
            user_agent: text(header::USER_AGENT),
            seed: text(SEED).and_then(|seed| seed.parse().ok()),
            delivery: Taken::of(&self.head.parts),
            preset,
            chat,
            headers: self.head.parts.headers,
        }))
    }
}

/// Whether `openrouter_metadata` is wanted, by its present name and the one from before.
const METADATA: HeaderName = HeaderName::from_static("x-openrouter-metadata");
const METADATA_EXPERIMENTAL: HeaderName = HeaderName::from_static("x-openrouter-experimental-metadata");
/// Where clients name a conversation, first one first.
const SESSION: [HeaderName; 3] = [
    HeaderName::from_static("x-session-id"),
    HeaderName::from_static("session-id"),
    HeaderName::from_static("x-claude-code-session-id"),
];
/// Where applications name themselves, first one first.
const TITLE: [HeaderName; 2] = [HeaderName::from_static("x-openrouter-title"), HeaderName::from_static("x-title")];
/// Where applications say their address, first one first.
const APP_URL: [HeaderName; 2] = [HeaderName::from_static("http-referer"), header::REFERER];
/// Features that a caller of Messages switches on.
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");
const SEED: HeaderName = HeaderName::from_static("x-portolan-seed");

/// Longest header text that is kept, in characters.
const TEXT_MAX: usize = 200;

fn header_text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = String::from_utf8_lossy(headers.get(name)?.as_bytes());
    let clean: String = text.chars().filter(|character| !character.is_control()).take(TEXT_MAX).collect();
    (!clean.is_empty()).then_some(clean)
}
