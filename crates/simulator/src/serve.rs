//! The life of one request: read, recognise, judge, bend, answer.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Request, Uri};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Value, json};

use crate::answer::{Answer, answer, prompt_tokens};
use crate::ask::Ask;
use crate::content::{bend_events, bend_plain, chars_of, foreign};
use crate::family::{Family, Incoming, Meta, Operation, Refusal};
use crate::head::{Instead, instead, respond, set_length};
use crate::observe::{Recording, observed};
use crate::options::BODY_BYTES_MAX;
use crate::scenario::{PlainFault, Scenario};
use crate::state::State;
use crate::wire::Switch;
use crate::{anthropic, bench, delivery, gemini, openai};

/// What a route knows about its requests.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// Family.
    pub family: Family,
    /// What is asked.
    pub operation: Operation,
    /// Model named in the path.
    pub model: Option<String>,
    /// Whether the path itself asks for a stream.
    pub stream: bool,
}

/// One request, from its body on.
struct Exchange {
    state: State,
    route: Route,
    meta: Meta,
    switch: Option<Switch>,
    credential: Option<String>,
    /// Whether a Gemini stream is to come as events.
    events: bool,
}

/// Answers one request.
pub(crate) async fn serve(state: State, route: Route, request: Request<Body>) -> Response {
    let meta = state.meta(route.operation);
    let (parts, body) = request.into_parts();
    let exchange = Exchange {
        meta,
        switch: parts.extensions.get::<Switch>().cloned(),
        credential: credential(route.family, &parts.headers, &parts.uri),
        events: route.family != Family::Gemini || query(&parts.uri, "alt") == Some("sse"),
        state,
        route,
    };
    let bytes = match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return exchange.refuse(&Refusal::status(413), None, None),
        Err(error) => {
            tracing::debug!(%error, "request body broke off");
            return exchange.refuse(&Refusal::bad("The request body could not be read."), None, None);
        }
    };
    if let Some(response) = exchange.bench(&bytes) {
        return response;
    }
    let record =
        observed(exchange.route.family, parts.uri.path(), &parts.headers, &bytes, exchange.credential.as_deref());
    let recording = exchange.state.ring().begin(record);
    exchange.answer(&parts.headers, &bytes, recording).await
}

/// Refuses a request without a body unless its credential is right.
pub(crate) fn allow(state: &State, family: Family, headers: &HeaderMap, uri: &Uri) -> Result<(), Box<Response>> {
    let credential = credential(family, headers, uri);
    if is_allowed(state, credential.as_deref()) {
        return Ok(());
    }
    let meta = state.meta(Operation::Generate);
    let body = family.error(&Refusal::status(401), &meta).to_string();
    Err(Box::new(respond(family, &meta, None, 401, "application/json", Body::from(body))))
}

fn is_allowed(state: &State, credential: Option<&str>) -> bool {
    state.options().api_key.as_deref().is_none_or(|key| credential == Some(key))
}

/// The credential in the place where the family expects it.
fn credential(family: Family, headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = || header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let found = match family {
        Family::OpenAi => bearer(),
        Family::Anthropic => header("x-api-key").or_else(bearer),
        Family::Gemini => header("x-goog-api-key").or_else(|| query(uri, "key")).or_else(bearer),
    };
    found.map(str::to_owned)
}

/// The value of a query parameter, as written.
fn query<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

impl Exchange {
    /// The fast path of benchmarks.
    fn bench(&self, body: &[u8]) -> Option<Response> {
        let (model, stream) = match &self.route.model {
            Some(model) => (model.as_str(), self.route.stream),
            None => (bench::model_in(body)?, bench::streams(body)),
        };
        if self.route.operation != Operation::Generate || !bench::is_bench(model) {
            return None;
        }
        self.state.bench().respond(self.route.family, model, stream, &self.meta)
    }

    async fn answer(&self, headers: &HeaderMap, bytes: &Bytes, recording: Recording) -> Response {
        let refuse = |refusal: &Refusal, recording| self.refuse(refusal, None, Some(recording));
        if !is_allowed(&self.state, self.credential.as_deref()) {
            return refuse(&Refusal::status(401), recording);
        }
        let body: Value = match serde_json::from_slice(bytes) {
            Ok(body @ Value::Object(_)) => body,
            Ok(_) => return refuse(&Refusal::bad("The request body must be a JSON object."), recording),
            Err(error) => {
                let words = format!("We could not parse the JSON body of your request: {error}");
                return refuse(&Refusal::bad(words), recording);
            }
        };
        let incoming = Incoming {
            operation: self.route.operation,
            path_model: self.route.model.as_deref(),
            stream: self.route.stream,
            headers,
            body: &body,
        };
        let family = self.route.family;
        if self.state.options().strict
            && let Err(refusal) = family.validate(&incoming)
        {
            return refuse(&refusal, recording);
        }
        let ask = family.read(&incoming);
        recording.note(|entry| {
            entry.model.clone_from(&ask.model);
            entry.stream = ask.stream;
            entry.tag.clone_from(&ask.tag);
        });
        let scenario = match self.state.scenario(&ask.model, &ask.user_text) {
            Ok(scenario) => scenario,
            Err(error) => return refuse(&Refusal::bad(error.to_string()), recording),
        };
        if scenario != Scenario::default() {
            recording.note(|entry| entry.scenario = Some(scenario.clone()));
        }
        self.play(&ask, &body, &scenario, recording).await
    }

    /// Performs the scenario.
    async fn play(&self, ask: &Ask, body: &Value, scenario: &Scenario, recording: Recording) -> Response {
        let count_as = format!("{}/{}", ask.model, ask.tag.as_deref().unwrap_or_default());
        match instead(&self.state, scenario, &self.meta, count_as, self.switch.as_ref()).await {
            Some(Instead::Refuse(refusal)) => self.refuse(&refusal, Some(scenario), Some(recording)),
            Some(Instead::Redirect) => {
                let status = scenario.headers.redirect_status.unwrap_or(307);
                self.send(status, "text/plain; charset=utf-8", Bytes::new(), 0, scenario, recording)
            }
            Some(Instead::Break) => {
                let mut recording = recording;
                recording.break_off();
                // Never sent: the switch has been thrown and the next write fails.
                Response::new(Body::from("broken"))
            }
            None => match foreign(scenario) {
                Some(foreign) => self.send(200, foreign.kind, foreign.body, 0, scenario, recording),
                None => self.content(ask, body, scenario, recording),
            },
        }
    }

    fn content(&self, ask: &Ask, body: &Value, scenario: &Scenario, recording: Recording) -> Response {
        let document = match (self.route.family, self.route.operation) {
            (_, operation) if operation.is_generation() => {
                let answer = answer(ask, scenario, self.meta.seed);
                let mut response = self.generated(&answer, ask, scenario, recording);
                if self.route.family == Family::Gemini {
                    gemini::name_tier(response.headers_mut(), &answer);
                }
                return response;
            }
            (Family::Gemini, Operation::Count) => json!({"totalTokens": prompt_tokens(ask, scenario)}),
            (_, Operation::Count) => json!({"input_tokens": prompt_tokens(ask, scenario)}),
            (Family::Gemini, _) => gemini::embeddings(body).0,
            (_, _) => openai::embed(body, &ask.model).0,
        };
        let bytes = Bytes::from(document.to_string());
        self.send(200, "application/json", bytes, 0, scenario, recording)
    }

    fn generated(&self, answer: &Answer, ask: &Ask, scenario: &Scenario, recording: Recording) -> Response {
        let family = self.route.family;
        let whole = family.plain(answer, &self.meta, scenario);
        recording.note(|entry| {
            entry.usage = whole.get("usage").or_else(|| whole.get("usageMetadata")).cloned();
            entry.counts = Some(answer.counts);
        });
        if !ask.stream {
            let (bytes, length) = bend_plain(whole.to_string(), &answer.text, family, &self.meta, scenario);
            let mut response = self.send(200, "application/json", bytes, chars_of(answer), scenario, recording);
            set_length(&mut response, length);
            return response;
        }
        recording.note(|entry| entry.status = 200);
        let mut scenario = scenario.clone();
        if scenario.body.fault == Some(PlainFault::InvalidUtf8) {
            scenario.framing.invalid_utf8_at = Some(1);
        }
        let scenario = &scenario;
        let mut events = family.stream(answer, ask, &self.meta, scenario);
        bend_events(&mut events, family, &self.meta, scenario);
        if family == Family::OpenAi && self.route.operation != Operation::Respond && !ask.include_usage {
            recording.note(|entry| entry.usage = None);
        }
        let style = bench::style(family, self.events);
        let kind = if self.events { "text/event-stream; charset=utf-8" } else { "application/json" };
        let script = delivery::stream(&events, style, family, &self.meta, scenario);
        let body = script.perform(Some(recording), self.switch.clone());
        respond(family, &self.meta, Some(scenario), 200, kind, body)
    }

    fn send(
        &self,
        status: u16,
        kind: &'static str,
        bytes: Bytes,
        chars: u64,
        scenario: &Scenario,
        recording: Recording,
    ) -> Response {
        recording.note(|entry| entry.status = status);
        let length = bytes.len();
        let body = delivery::plain(bytes, chars, scenario).perform(Some(recording), self.switch.clone());
        let mut response = respond(self.route.family, &self.meta, Some(scenario), status, kind, body);
        set_length(&mut response, length);
        response
    }

    /// Answers with an error, in the family's envelope.
    fn refuse(&self, refusal: &Refusal, scenario: Option<&Scenario>, recording: Option<Recording>) -> Response {
        let mut refusal = refusal.clone();
        if let (true, Some(key)) = (scenario.is_some_and(|one| one.headers.echo_credential), &self.credential) {
            let before = refusal.message.take().unwrap_or_else(|| "Incorrect API key provided".to_owned());
            refusal.message = Some(format!("{before}: {key}."));
        }
        let body = self.route.family.error(&refusal, &self.meta).to_string();
        if let Some(mut recording) = recording {
            recording.note(|entry| entry.status = refusal.status);
            recording.finish();
        }
        respond(self.route.family, &self.meta, scenario, refusal.status, "application/json", Body::from(body))
    }
}

/// Models on offer when asked; any other name is accepted just as well.
const MODELS: [&str; 3] = ["echo-1", "embed-1", "bench"];

/// The model list of a family, or one entry of it.
pub(crate) fn model_document(family: Family, id: Option<&str>) -> Value {
    let one = |id: &str| match family {
        Family::OpenAi => openai::model(id),
        Family::Anthropic => anthropic::model(id),
        Family::Gemini => gemini::model(id),
    };
    if let Some(id) = id {
        return one(id);
    }
    let all: Vec<Value> = MODELS.iter().map(|id| one(id)).collect();
    match family {
        Family::OpenAi => json!({"object": "list", "data": all}),
        Family::Anthropic => json!({
            "data": all,
            "has_more": false,
            "first_id": MODELS.first(),
            "last_id": MODELS.last(),
        }),
        Family::Gemini => json!({"models": all}),
    }
}
