//! OpenAI chat completions: the caller's own bytes, with as few changes as the endpoint needs.

mod messages;

use super::json::Writer;
use super::names::{ToolNames, is_plain};
use super::{Change, EncodeError, Notes, Outgoing, Target};
use crate::canonical::request::RawObject;
use crate::chat::request::{ChatRequest, LIMIT_FIELDS};

/// Fields that are meant for this router and never leave it.
pub(super) const OURS: &[&str] = &[
    "models",
    "route",
    "preset",
    "provider",
    "plugins",
    "transforms",
    "usage",
    "session_id",
    "trace",
    "debug",
    "validate",
    "pin",
    "max_cost",
    "explain",
    "metadata",
    "include_reasoning",
    "cache_control",
    "stop_server_tools_when",
    "deferred_tools",
    "max_tool_calls",
    "image_config",
    "speed",
    "x_search_filter",
    "prompt",
];

/// Names that other gateways read as addresses or credentials: never sent, whatever the quirks say.
pub(super) const INERT: &[&str] =
    &["api_base", "base_url", "api_key", "headers", "extra_headers", "custom_llm_provider", "extra_body"];

/// Fields of the published request schema that are sent when the endpoint takes them.
const KNOWN: &[&str] = &[
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "top_a",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "prediction",
    "seed",
    "response_format",
    "stop",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "web_search_options",
    "verbosity",
];

/// Fields that OpenAI knows and the catalogue's vocabulary does not name.
const UNLISTED: &[&str] = &["n", "modalities", "audio", "service_tier", "prompt_cache_key", "prompt_cache_options"];

pub(super) fn encode(request: &ChatRequest, target: &Target<'_>) -> Result<Outgoing, EncodeError> {
    let names = ToolNames::choose(&request.traits().tool_names, is_plain);
    let size = request.fields().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
    let mut body = Body {
        request,
        target,
        names: &names,
        out: Writer::with_capacity(size + 128),
        notes: Notes::default(),
        limit: None,
        has_tools: false,
    };
    body.limit = target.limit_for(request, &mut body.notes);
    body.has_tools = body.sends_tools();
    body.write()?;
    let Body { out, notes, .. } = body;
    Ok(Outgoing {
        path: "/chat/completions".to_owned(),
        headers: Vec::new(),
        body: out.finish().into(),
        notes: notes.0,
        names,
    })
}

/// Whether a tier has prices of its own: sent to an endpoint of the ordinary tier it would be billed above its price.
pub(super) fn is_dear_tier(json: &str) -> bool {
    matches!(json.trim_matches('"'), "flex" | "priority" | "fast" | "ultrafast" | "scale")
}

struct Body<'a> {
    request: &'a ChatRequest,
    target: &'a Target<'a>,
    names: &'a ToolNames,
    out: Writer,
    notes: Notes,
    /// Written at the place of the caller's first alias, then `None`.
    limit: Option<u64>,
    has_tools: bool,
}

impl Body<'_> {
    fn write(&mut self) -> Result<(), EncodeError> {
        let request = self.request;
        self.out.begin_object();
        if request.model().is_none() {
            self.out.field_text("model", self.target.upstream_id);
        }
        for (name, value) in request.fields() {
            self.field(name, value)?;
        }
        self.limit();
        if request.field("reasoning").is_some() && request.field("reasoning_effort").is_none() {
            self.effort(None);
        }
        self.stream();
        if let Some(tier) = self.target.service_tier {
            self.out.field_text("service_tier", tier);
        }
        if let Some(user) = self.target.user.filter(|_| !self.drops("user")) {
            self.out.field_text("user", user);
        }
        self.out.end_object();
        Ok(())
    }

    fn field(&mut self, name: &str, value: &str) -> Result<(), EncodeError> {
        match name {
            "model" => self.out.field_text(name, self.target.upstream_id),
            "messages" => self.messages(value)?,
            "tools" if self.has_tools => self.tools(value)?,
            "tools" => self.notes.dropped(name, "the endpoint takes no tools"),
            "tool_choice" | "parallel_tool_calls" if !self.has_tools && self.request.field("tools").is_some() => {
                self.notes.dropped(name, "the tools were dropped");
            }
            "tool_choice" if self.target.takes(name) => self.tool_choice(value),
            "reasoning_effort" => self.effort(Some(value)),
            "verbosity" if self.target.takes(name) => self.verbosity(value),
            "service_tier" if self.target.service_tier.is_some() => {}
            "service_tier" if is_dear_tier(value) => {
                self.notes.dropped(name, "the endpoint that serves is of another tier");
            }
            // These have their place at the end.
            "stream" | "stream_options" | "user" | "reasoning" => {}
            _ if LIMIT_FIELDS.contains(&name) => self.limit(),
            _ if OURS.contains(&name) => {}
            _ => self.other(name, value),
        }
        Ok(())
    }

    fn other(&mut self, name: &str, value: &str) {
        let is_inert = INERT.iter().any(|inert| name.eq_ignore_ascii_case(inert));
        let is_known = KNOWN.contains(&name);
        let is_dropped = self.target.quirks.drop.iter().any(|dropped| dropped == name);
        if is_inert {
            self.notes.dropped(name, "never sent to a provider");
        } else if is_dropped || (is_known && !self.takes_known(name)) {
            self.notes.dropped(name, "the endpoint does not support it");
        } else if is_known || UNLISTED.contains(&name) || self.target.quirks.forward_unknown {
            self.out.field_raw(name, value);
        } else {
            self.notes.dropped(name, "unknown to the provider");
        }
    }

    fn takes_known(&self, name: &str) -> bool {
        let by_schema = name == "response_format"
            && self.request.shape().has_json_schema
            && self.target.takes("structured_outputs");
        by_schema || self.target.takes(name)
    }

    /// Writes the output limit once, under the provider's name for it.
    fn limit(&mut self) {
        if let Some(limit) = self.limit.take() {
            self.out.field_plain(&self.target.quirks.max_tokens_field, limit);
        }
    }

    fn effort(&mut self, own: Option<&str>) {
        let name = if own.is_some() { "reasoning_effort" } else { "reasoning" };
        let limit = self.target.output_limit.or(self.request.output_limit());
        let Some(effort) = self.request.reasoning().effort(limit) else { return };
        if !(self.target.takes("reasoning_effort") || self.target.takes("reasoning") && !self.drops("reasoning_effort"))
        {
            self.notes.dropped(name, "the endpoint does not support it");
            return;
        }
        let nearest = self.target.nearest_effort(effort);
        let is_listed = self.target.reasoning.is_some_and(|reasoning| reasoning.supported_efforts.is_some());
        let sent = if nearest == "max" && !is_listed { "xhigh" } else { nearest };
        if own.is_none() || sent != effort {
            self.notes.add(name, Change::Translated, "sent as reasoning_effort");
        }
        self.out.field_text("reasoning_effort", sent);
    }

    fn drops(&self, name: &str) -> bool {
        self.target.quirks.drop.iter().any(|dropped| dropped == name)
    }

    fn verbosity(&mut self, value: &str) {
        match value {
            "\"xhigh\"" | "\"max\"" => {
                self.notes.add("verbosity", Change::Clamped, "the highest level is high");
                self.out.field_text("verbosity", "high");
            }
            _ => self.out.field_raw("verbosity", value),
        }
    }

    fn stream(&mut self) {
        if !self.target.stream {
            if self.request.field("stream") == Some("false") {
                self.out.field_raw("stream", "false");
            }
            return;
        }
        self.out.field_raw("stream", "true");
        if self.target.quirks.stream_usage != "stream_options" {
            return;
        }
        self.out.field_object("stream_options");
        self.out.field_raw("include_usage", "true");
        let own: RawObject<'_> =
            self.request.field("stream_options").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        for (name, value) in own.iter().filter(|(name, _)| *name != "include_usage") {
            self.out.field_raw(name, value.get());
        }
        self.out.end_object();
    }
}
