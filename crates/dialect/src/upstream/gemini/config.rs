//! Tools and `generationConfig`.

use super::Body;
use crate::canonical::request::Tool;
use crate::chat::request::{AnswerFormat, ToolChoice, stop_texts};
use crate::upstream::Change;

/// Fields of the chat request that this format reads, beside those that every format reads.
pub(super) const READ: &[&str] =
    &["top_k", "frequency_penalty", "presence_penalty", "seed", "logprobs", "top_logprobs", "n", "stop", "modalities"];

/// Numbers that only change their name.
const NUMBERS: &[(&str, &str)] = &[
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("top_k", "topK"),
    ("frequency_penalty", "frequencyPenalty"),
    ("presence_penalty", "presencePenalty"),
];

/// Output limit that effort is measured against when none is known, in tokens: the largest of the 2.5 models.
const LIMIT_DEFAULT: u64 = 65_535;
/// Largest thinking budget that every 2.5 model takes, in tokens.
const BUDGET_MAX: u64 = 24_576;
/// Smallest thinking budget that every 2.5 model takes, in tokens.
const BUDGET_MIN: u64 = 512;

impl Body<'_> {
    pub(super) fn tools(&mut self, tools: &[Tool<'_>]) {
        let functions: Vec<_> = tools.iter().filter_map(|tool| tool.function.as_ref()).collect();
        if functions.len() < tools.len() {
            self.notes.dropped("tools", "some run on a server that this provider does not offer");
        }
        if functions.is_empty() {
            return;
        }
        if !self.target.takes("tools") {
            self.notes.dropped("tools", "the endpoint takes no tools");
            return;
        }
        self.out.field_list("tools");
        self.out.begin_object();
        self.out.field_list("functionDeclarations");
        for function in functions {
            self.out.begin_object();
            self.out.field_text("name", self.names.sent(&function.name));
            if let Some(description) = &function.description {
                self.out.field_text("description", description);
            }
            if let Some(schema) = function.parameters {
                self.out.field_raw("parametersJsonSchema", schema.get());
            }
            self.out.end_object();
        }
        self.out.end_list();
        self.out.end_object();
        self.out.end_list();
        self.choice();
    }

    fn choice(&mut self) {
        let (mode, name) = match self.request.tool_choice() {
            None | Some(ToolChoice::Other) => return,
            Some(ToolChoice::None) => ("NONE", None),
            Some(ToolChoice::Auto) => ("AUTO", None),
            Some(ToolChoice::Required) => ("ANY", None),
            Some(ToolChoice::Function(name)) => ("ANY", Some(name)),
        };
        self.out.field_object("toolConfig");
        self.out.field_object("functionCallingConfig");
        self.out.field_text("mode", mode);
        if let Some(name) = &name {
            self.out.field_list("allowedFunctionNames");
            self.out.text(self.names.sent(name));
            self.out.end_list();
        }
        self.out.end_object();
        self.out.end_object();
    }

    pub(super) fn generation_config(&mut self) {
        let before = self.out.len();
        self.out.field_object("generationConfig");
        let empty = self.out.len();
        let limit = self.target.limit_for(self.request, &mut self.notes);
        self.sampling();
        if let Some(limit) = limit {
            self.out.field_plain("maxOutputTokens", limit);
        }
        self.stop();
        self.answer();
        self.thinking(limit);
        if self.out.len() == empty {
            self.out.truncate(before);
        } else {
            self.out.end_object();
        }
    }

    /// The caller's JSON of a field that the endpoint takes; a note otherwise.
    fn taken(&mut self, name: &str) -> Option<&'_ str> {
        self.request.field(name)?;
        if !self.target.takes(name) {
            self.notes.dropped(name, "the endpoint does not support it");
            return None;
        }
        self.request.field(name)
    }

    fn sampling(&mut self) {
        for (name, theirs) in NUMBERS {
            let Some(json) = self.taken(name).map(str::to_owned) else { continue };
            // A top_k of 0 means off, which is said by silence.
            if !(*name == "top_k" && json == "0") {
                self.out.field_raw(theirs, &json);
            }
        }
        if self.request.choices() > 1 {
            self.out.field_plain("candidateCount", self.request.choices());
        }
        if let Some(seed) = self.taken("seed").and_then(|json| json.parse::<i64>().ok()) {
            match i32::try_from(seed) {
                Ok(seed) => self.out.field_plain("seed", seed),
                Err(_) => self.notes.dropped("seed", "outside 32 bits"),
            }
        }
        if self.taken("logprobs") == Some("true") {
            self.out.field_raw("responseLogprobs", "true");
            if let Some(count) = self.taken("top_logprobs").map(str::to_owned) {
                self.out.field_raw("logprobs", &count);
            }
        }
    }

    fn stop(&mut self) {
        let Some(texts) = self.taken("stop").and_then(stop_texts) else { return };
        self.out.field_list("stopSequences");
        for text in &texts {
            self.out.text(text);
        }
        self.out.end_list();
    }

    fn answer(&mut self) {
        let request = self.request;
        match request.answer_format() {
            AnswerFormat::Text => {}
            AnswerFormat::JsonObject => self.out.field_text("responseMimeType", "application/json"),
            AnswerFormat::JsonSchema(schema) => {
                self.out.field_text("responseMimeType", "application/json");
                if let Some(schema) = schema.schema {
                    self.out.field_raw("responseJsonSchema", schema.get());
                }
            }
            AnswerFormat::Other => self.notes.dropped("response_format", "this wire format has no counterpart"),
        }
        let modalities = request.field("modalities").and_then(|json| serde_json::from_str::<Vec<String>>(json).ok());
        if let Some(modalities) = modalities {
            self.out.field_list("responseModalities");
            for modality in &modalities {
                self.out.text(&modality.to_ascii_uppercase());
            }
            self.out.end_list();
        }
    }

    fn thinking(&mut self, limit: Option<u64>) {
        let reasoning = self.request.reasoning();
        if !(reasoning.is_on() || reasoning.is_off()) {
            return;
        }
        if !(self.target.takes("reasoning") || self.target.takes("reasoning_effort")) {
            self.notes.dropped("reasoning", "the endpoint does not support it");
            return;
        }
        self.out.field_object("thinkingConfig");
        let room = limit.or(self.target.max_completion_tokens).unwrap_or(LIMIT_DEFAULT);
        match reasoning.budget(room) {
            None if self.uses_levels() => self.out.field_text("thinkingLevel", "MINIMAL"),
            None => self.out.field_raw("thinkingBudget", "0"),
            Some(budget) => {
                if !self.request.wants_reasoning_hidden() {
                    self.out.field_raw("includeThoughts", "true");
                }
                self.amount(budget, room);
            }
        }
        self.out.end_object();
    }

    /// Whether the amount of thinking is said as a level: what the catalogue says, else since Gemini 3.
    fn uses_levels(&self) -> bool {
        self.target.takes_budget().map_or_else(|| self.generation() >= 3, |takes_budget| !takes_budget)
    }

    fn amount(&mut self, budget: u64, room: u64) {
        let reasoning = self.request.reasoning();
        if self.uses_levels() {
            self.notes.add("reasoning", Change::Translated, "sent as a thinking level");
            let level = match self.target.nearest_effort(reasoning.effort(Some(room)).unwrap_or("medium")) {
                "minimal" => "MINIMAL",
                "low" => "LOW",
                "medium" => "MEDIUM",
                _ => "HIGH",
            };
            self.out.field_text("thinkingLevel", level);
        } else if reasoning.max_tokens.is_some() {
            self.out.field_plain("thinkingBudget", budget);
        } else {
            self.notes.add("reasoning", Change::Translated, "sent as a thinking budget");
            self.out.field_plain("thinkingBudget", budget.clamp(BUDGET_MIN, BUDGET_MAX));
        }
    }
}
