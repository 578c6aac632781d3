//! [`Rules`]: what the caller demands of an answer, read once per request.

use super::language::Language;
use crate::reply::Refusal;
use dialect::chat::request::{AnswerFormat, ChatRequest, ToolChoice};
use domain::error_kind::ErrorKind;
use jsonschema::{PatternOptions, Validator};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// Largest JSON Schema, in bytes.
const SCHEMA_MAX: usize = 256 << 10;
/// Longest regular expression, in bytes.
const PATTERN_MAX: usize = 4 << 10;
/// Largest compiled regular expression, in bytes; its running time is linear in the answer whatever it says.
const PROGRAM_MAX: usize = 1 << 20;

/// What the caller demands of an answer.
#[derive(Debug)]
pub struct Rules {
    pub(super) schema: Option<Validator>,
    pub(super) pattern: Option<Regex>,
    pub(super) is_non_empty: bool,
    pub(super) is_not_truncated: bool,
    pub(super) is_not_refusal: bool,
    pub(super) calls: Option<Calls>,
    pub(super) language: Option<Language>,
}

/// What tool calls are held against.
#[derive(Debug)]
pub(super) struct Calls {
    /// The tools of the request; one whose schema cannot be used is known by name only.
    pub tools: HashMap<String, Option<Validator>>,
    pub choice: ToolChoice,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    #[serde(borrow)]
    json_schema: Option<&'a RawValue>,
    regex: Option<String>,
    #[serde(default)]
    non_empty: bool,
    #[serde(default)]
    not_truncated: bool,
    #[serde(default)]
    not_refusal: bool,
    #[serde(default)]
    tool_calls: bool,
    language: Option<String>,
}

impl Rules {
    /// Reads the `validate` object of a request; `None` when there is none or it demands nothing.
    ///
    /// # Errors
    /// [`Refusal`] 400 for an unknown rule, a schema or an expression that cannot be used, or a language that cannot be told.
    /// An unknown rule is refused although unknown request fields are not: a rule that is silently not applied is worse than none.
    pub fn read(request: &ChatRequest) -> Result<Option<Self>, Refusal> {
        let Some(json) = request.field("validate") else { return Ok(None) };
        let written: Written<'_> = serde_json::from_str(json).map_err(|_error| {
            invalid(
                "validate",
                "expected an object of the rules json_schema, regex, non_empty, not_truncated, not_refusal, tool_calls, language",
            )
        })?;
        let rules = Self {
            schema: written.json_schema.map(|schema| read_schema(schema.get(), request)).transpose()?.flatten(),
            pattern: written.regex.map(|pattern| read_pattern(&pattern)).transpose()?,
            is_non_empty: written.non_empty,
            is_not_truncated: written.not_truncated,
            is_not_refusal: written.not_refusal,
            calls: written.tool_calls.then(|| Calls::of(request)),
            language: written.language.map(|code| read_language(&code)).transpose()?,
        };
        Ok((!rules.is_empty()).then_some(rules))
    }

    const fn is_empty(&self) -> bool {
        self.schema.is_none()
            && self.pattern.is_none()
            && !self.is_non_empty
            && !self.is_not_truncated
            && !self.is_not_refusal
            && self.calls.is_none()
            && self.language.is_none()
    }
}

impl Calls {
    fn of(request: &ChatRequest) -> Self {
        let tools = request.tools();
        let functions = tools.iter().filter_map(|tool| tool.function.as_ref());
        let tools = functions
            .map(|function| {
                let schema = function.parameters.and_then(|schema| serde_json::from_str(schema.get()).ok());
                (function.name.to_string(), schema.and_then(|schema| compile(&schema).ok()))
            })
            .collect();
        Self { tools, choice: request.tool_choice().unwrap_or(ToolChoice::Auto) }
    }
}

/// `true` means the schema of `response_format`.
fn read_schema(json: &str, request: &ChatRequest) -> Result<Option<Validator>, Refusal> {
    let name = "validate.json_schema";
    let text = match json {
        "false" | "null" => return Ok(None),
        "true" => match request.answer_format() {
            AnswerFormat::JsonSchema(format) => format.schema.map(RawValue::get).unwrap_or("{}"),
            _ => return Err(invalid(name, "true needs a response_format with a schema")),
        },
        text => text,
    };
    if text.len() > SCHEMA_MAX {
        return Err(invalid(name, &format!("larger than {SCHEMA_MAX} bytes")));
    }
    let schema: Value = serde_json::from_str(text).map_err(|_error| invalid(name, "expected a JSON Schema"))?;
    if !schema.is_object() {
        return Err(invalid(name, "expected a JSON Schema or true"));
    }
    compile(&schema).map(Some).map_err(|_error| invalid(name, "is no usable JSON Schema; references must be inside it"))
}

fn compile(schema: &Value) -> Result<Validator, jsonschema::ValidationError<'static>> {
    // Patterns run on the linear engine: a schema of a stranger must not decide how long a match takes.
    jsonschema::options().with_pattern_options(PatternOptions::regex()).build(schema)
}

fn read_pattern(pattern: &str) -> Result<Regex, Refusal> {
    if pattern.len() > PATTERN_MAX {
        return Err(invalid("validate.regex", &format!("longer than {PATTERN_MAX} bytes")));
    }
    RegexBuilder::new(pattern)
        .size_limit(PROGRAM_MAX)
        .dfa_size_limit(PROGRAM_MAX)
        .build()
        .map_err(|_error| invalid("validate.regex", "is no usable regular expression (syntax of the regex crate)"))
}

fn read_language(code: &str) -> Result<Language, Refusal> {
    Language::parse(code).ok_or_else(|| {
        invalid(
            "validate.language",
            "expected the ISO 639 code, of two or three letters, of a language that can be told",
        )
    })
}

fn invalid(field: &str, problem: &str) -> Refusal {
    Refusal::new(ErrorKind::InvalidRequest, format!("{field}: {problem}")).meta("param", field)
}
