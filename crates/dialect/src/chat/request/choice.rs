//! Small structured fields that several wire formats need: tool choice, reasoning, answer format.

use super::fields::{EFFORTS, SAFE_INTEGER, read};
use super::invalid::InvalidRequest;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Which tool the model must call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// None at all.
    None,
    /// The model decides.
    Auto,
    /// At least one.
    Required,
    /// This function.
    Function(String),
    /// Something that only the OpenAI format can say.
    Other,
}

#[derive(Deserialize)]
struct NamedChoice {
    #[serde(rename = "type")]
    kind: String,
    function: Option<NamedFunction>,
}

#[derive(Deserialize)]
struct NamedFunction {
    name: String,
}

impl ToolChoice {
    pub(super) fn read(json: &str) -> Result<Self, InvalidRequest> {
        let name = "tool_choice";
        if json.starts_with('{') {
            let choice: NamedChoice = read(name, json, "an object with a type")?;
            return match (choice.kind.as_str(), choice.function) {
                ("function", Some(function)) => Ok(Self::Function(function.name)),
                ("function", None) => Err(InvalidRequest::field("tool_choice.function", "is missing")),
                _ => Ok(Self::Other),
            };
        }
        match read::<String>(name, json, "none, auto, required or an object")?.as_str() {
            "none" => Ok(Self::None),
            "auto" => Ok(Self::Auto),
            "required" => Ok(Self::Required),
            _ => Err(InvalidRequest::field(name, "expected none, auto, required or an object")),
        }
    }
}

/// How much the model shall think, and whether the caller sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Reasoning {
    /// `max` to `none`.
    pub effort: Option<String>,
    /// Budget in tokens.
    pub max_tokens: Option<u64>,
    /// The answer shall not show the reasoning.
    pub exclude: Option<bool>,
    /// `true` asks for medium effort, `false` for none.
    pub enabled: Option<bool>,
    /// How detailed the provider's summary shall be.
    pub summary: Option<String>,
}

/// Ratio of the output limit that an effort level may spend, in percent.
///
/// Source: the router's documented ratios (2026-08-22).
fn percent(effort: &str) -> u64 {
    match effort {
        "max" | "xhigh" => 95,
        "high" => 80,
        "low" => 20,
        "minimal" => 10,
        "none" => 0,
        _ => 50,
    }
}

impl Reasoning {
    pub(super) fn read(
        object: Option<&str>,
        shorthand: Option<&str>,
        include: Option<bool>,
    ) -> Result<Self, InvalidRequest> {
        let mut reasoning: Self = match object {
            Some(json) => read("reasoning", json, "an object: effort or max_tokens, exclude, enabled")?,
            None => Self { exclude: include.map(|include| !include), ..Self::default() },
        };
        if let Some(effort) = &reasoning.effort
            && !EFFORTS.contains(&effort.as_str())
        {
            return Err(InvalidRequest::field("reasoning.effort", format!("expected one of {}", EFFORTS.join(", "))));
        }
        let in_range = |tokens: u64| tokens >= 1 && i64::try_from(tokens).is_ok_and(|tokens| tokens <= SAFE_INTEGER);
        if reasoning.max_tokens.is_some_and(|tokens| !in_range(tokens)) {
            return Err(InvalidRequest::field("reasoning.max_tokens", "expected an integer of at least 1"));
        }
        if reasoning.effort.is_some() && reasoning.max_tokens.is_some() {
            return Err(InvalidRequest::field("reasoning", "give effort or max_tokens, not both"));
        }
        if let Some(json) = shorthand {
            let short: String = read("reasoning_effort", json, "a string")?;
            if reasoning.effort.as_ref().is_some_and(|effort| *effort != short) {
                return Err(InvalidRequest::field("reasoning_effort", "contradicts reasoning.effort"));
            }
            reasoning.effort = Some(short);
        }
        Ok(reasoning)
    }

    /// Whether the model shall think.
    #[must_use]
    pub fn is_on(&self) -> bool {
        let effort_on = self.effort.as_deref().is_some_and(|effort| effort != "none");
        self.enabled != Some(false)
            && (effort_on || self.max_tokens.is_some() || self.enabled == Some(true))
            && self.effort.as_deref() != Some("none")
    }

    /// Whether the caller asked for no thinking at all.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.enabled == Some(false) || self.effort.as_deref() == Some("none")
    }

    /// The effort level, translated from a budget when only that is given; `None` when nothing was said.
    #[must_use]
    pub fn effort(&self, output_limit: Option<u64>) -> Option<&str> {
        if self.is_off() {
            return Some("none");
        }
        if let Some(effort) = self.effort.as_deref() {
            return Some(effort);
        }
        let budget = match (self.max_tokens, self.enabled) {
            (Some(budget), _) => budget,
            (None, Some(true)) => return Some("medium"),
            (None, _) => return None,
        };
        // Without an output limit the thresholds are those of a 16 000 token answer.
        let share = budget.saturating_mul(100) / output_limit.unwrap_or(16_000).max(1);
        Some(match share {
            0..=14 => "minimal",
            15..=34 => "low",
            35..=64 => "medium",
            65..=87 => "high",
            _ => "xhigh",
        })
    }

    /// The budget in tokens for an answer of `output_limit` tokens; `None` when the model shall not think.
    #[must_use]
    pub fn budget(&self, output_limit: u64) -> Option<u64> {
        if !self.is_on() {
            return None;
        }
        let share = percent(self.effort.as_deref().unwrap_or("medium"));
        Some(self.max_tokens.unwrap_or_else(|| output_limit.saturating_mul(share) / 100))
    }
}

/// The form that the answer must have.
#[derive(Debug, Clone)]
pub enum AnswerFormat<'a> {
    /// Free text.
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON after a schema.
    JsonSchema(JsonSchema<'a>),
    /// Something that only the OpenAI format can say.
    Other,
}

/// A named JSON Schema for the answer.
#[derive(Debug, Clone, Deserialize)]
pub struct JsonSchema<'a> {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// The schema.
    #[serde(borrow, default)]
    pub schema: Option<&'a RawValue>,
    /// Whether the provider shall enforce it.
    #[serde(default)]
    pub strict: Option<bool>,
}

#[derive(Deserialize)]
struct FormatText<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow, default)]
    json_schema: Option<JsonSchema<'a>>,
}

impl<'a> AnswerFormat<'a> {
    pub(super) fn read(json: &'a str) -> Result<Self, InvalidRequest> {
        let format: FormatText<'a> = read("response_format", json, "an object; json_schema needs a name")?;
        match (format.kind.as_str(), format.json_schema) {
            ("text", _) => Ok(Self::Text),
            ("json_object", _) => Ok(Self::JsonObject),
            ("json_schema", Some(schema)) if schema.schema.is_none_or(|text| text.get().starts_with('{')) => {
                Ok(Self::JsonSchema(schema))
            }
            ("json_schema", Some(_)) => {
                Err(InvalidRequest::field("response_format.json_schema.schema", "expected an object"))
            }
            ("json_schema", None) => Err(InvalidRequest::field("response_format.json_schema", "is missing")),
            _ => Ok(Self::Other),
        }
    }
}
