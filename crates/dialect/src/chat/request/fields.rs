//! The top-level fields of a chat request: what each may hold.
//!
//! Source: the published chat request schema, names and ranges as of 2026-08-22.

use super::invalid::{InvalidRequest, echo};
use crate::canonical::request::Raw;
use serde_json::value::RawValue;

/// The largest integer that every JSON reader keeps exact, 2⁵³.
pub(super) const SAFE_INTEGER: i64 = 1 << 53;

/// What a field may hold.
enum Rule {
    /// `true` or `false`.
    Bool,
    /// An integer in the range.
    Integer(i64, i64),
    /// A number in the range.
    Number(f64, f64),
    /// Text of at most so many characters.
    Text(usize),
    /// One of the words.
    Word(&'static [&'static str]),
    /// A list of the words.
    Words(&'static [&'static str]),
    /// Any object.
    Object,
    /// An object of which the named field must be one of the words, when it is there or when it is required.
    Tagged { field: &'static str, words: &'static [&'static str] },
    /// A list of objects.
    Objects,
    /// A list of strings.
    Texts,
    /// Text, or a list of up to four, none of them empty.
    Stop,
    /// Token ids with a number from −100 to 100.
    LogitBias,
    /// Up to 16 pairs of text.
    Metadata,
    /// Checked where it is read.
    Elsewhere,
}

/// Words of `reasoning_effort` and `reasoning.effort`.
pub(crate) const EFFORTS: &[&str] = &["max", "xhigh", "high", "medium", "low", "minimal", "none"];
pub(crate) const TIERS: &[&str] = &["auto", "default", "fast", "flex", "priority", "scale", "ultrafast"];
const VERBOSITIES: &[&str] = &["low", "medium", "high", "xhigh", "max"];
const FORMATS: &[&str] = &["text", "json_object", "json_schema", "grammar", "python"];
/// More entries than this in `logit_bias` are refused.
const LOGIT_BIAS_MAX: usize = 1024;

/// Every field that we know.
const FIELDS: &[(&str, Rule)] = &[
    ("messages", Rule::Elsewhere),
    ("prompt", Rule::Elsewhere),
    ("model", Rule::Elsewhere),
    ("models", Rule::Elsewhere),
    ("tools", Rule::Elsewhere),
    ("tool_choice", Rule::Elsewhere),
    ("reasoning", Rule::Elsewhere),
    ("response_format", Rule::Tagged { field: "type", words: FORMATS }),
    ("route", Rule::Text(64)),
    ("preset", Rule::Text(256)),
    ("provider", Rule::Object),
    ("plugins", Rule::Objects),
    ("transforms", Rule::Texts),
    ("parallel_tool_calls", Rule::Bool),
    ("temperature", Rule::Number(0.0, 2.0)),
    ("top_p", Rule::Number(0.0, 1.0)),
    ("top_k", Rule::Integer(0, SAFE_INTEGER)),
    ("top_a", Rule::Number(0.0, 1.0)),
    ("min_p", Rule::Number(0.0, 1.0)),
    ("frequency_penalty", Rule::Number(-2.0, 2.0)),
    ("presence_penalty", Rule::Number(-2.0, 2.0)),
    ("repetition_penalty", Rule::Number(0.0, 2.0)),
    ("seed", Rule::Integer(i64::MIN, i64::MAX)),
    ("logit_bias", Rule::LogitBias),
    ("logprobs", Rule::Bool),
    ("top_logprobs", Rule::Integer(0, 20)),
    ("max_tokens", Rule::Integer(1, SAFE_INTEGER)),
    ("max_completion_tokens", Rule::Integer(1, SAFE_INTEGER)),
    ("max_output_tokens", Rule::Integer(1, SAFE_INTEGER)),
    ("n", Rule::Integer(1, 128)),
    ("stop", Rule::Stop),
    ("stream", Rule::Bool),
    ("stream_options", Rule::Object),
    ("usage", Rule::Object),
    ("reasoning_effort", Rule::Word(EFFORTS)),
    ("include_reasoning", Rule::Bool),
    ("verbosity", Rule::Word(VERBOSITIES)),
    ("service_tier", Rule::Word(TIERS)),
    ("speed", Rule::Word(&["fast", "standard"])),
    ("prediction", Rule::Tagged { field: "type", words: &["content"] }),
    ("modalities", Rule::Words(&["text", "image", "audio"])),
    ("audio", Rule::Object),
    ("image_config", Rule::Object),
    ("cache_control", Rule::Tagged { field: "type", words: &["ephemeral"] }),
    ("prompt_cache_key", Rule::Text(1024)),
    ("prompt_cache_options", Rule::Object),
    ("user", Rule::Text(256)),
    ("session_id", Rule::Text(256)),
    ("metadata", Rule::Metadata),
    ("trace", Rule::Object),
    ("debug", Rule::Object),
    ("max_tool_calls", Rule::Integer(1, 30)),
    ("stop_server_tools_when", Rule::Objects),
    ("deferred_tools", Rule::Object),
    ("web_search_options", Rule::Object),
    ("x_search_filter", Rule::Object),
];

/// Checks the fields that we know. Of several mistakes the one is told whose field comes first in the table.
pub(super) fn check<'a>(given: impl Iterator<Item = (&'a str, Raw<'a>)>) -> Result<(), InvalidRequest> {
    let mut first = (FIELDS.len(), Ok(()));
    for (name, value) in given {
        let Some(place) = FIELDS.iter().position(|(known, _)| *known == name) else { continue };
        let Some((_, rule)) = FIELDS.get(..first.0).and_then(|earlier| earlier.get(place)) else { continue };
        if let Err(invalid) = rule.check(name, value.get()) {
            first = (place, Err(invalid));
        }
    }
    first.1
}

impl Rule {
    /// Checks one value.
    fn check(&self, name: &str, json: &str) -> Result<(), InvalidRequest> {
        match self {
            Self::Bool => read::<bool>(name, json, "true or false").map(drop),
            Self::Integer(least, most) => integer(name, json, *least, *most),
            Self::Number(least, most) => number(name, json, *least, *most),
            Self::Text(most) => text(name, json, *most),
            Self::Word(words) => word(name, &read::<String>(name, json, "a string")?, words),
            Self::Words(words) => {
                let list = read::<Vec<String>>(name, json, "a list of strings")?;
                list.iter().try_for_each(|item| word(name, item, words))
            }
            Self::Object if json.starts_with('{') => Ok(()),
            Self::Object => Err(expected(name, "an object")),
            Self::Tagged { field, words } => tagged(name, json, field, words),
            Self::Objects => objects(name, json),
            Self::Texts => read::<Vec<String>>(name, json, "a list of strings").map(drop),
            Self::Stop => stop(name, json),
            Self::LogitBias => logit_bias(name, json),
            Self::Metadata => metadata(name, json),
            Self::Elsewhere => Ok(()),
        }
    }
}

fn expected(name: &str, what: &str) -> InvalidRequest {
    InvalidRequest::field(name, format!("expected {what}"))
}

/// Reads a small value, or says what was expected.
pub(super) fn read<'a, T: serde::Deserialize<'a>>(name: &str, json: &'a str, what: &str) -> Result<T, InvalidRequest> {
    serde_json::from_str(json).map_err(|_ignored| expected(name, what))
}

fn integer(name: &str, json: &str, least: i64, most: i64) -> Result<(), InvalidRequest> {
    let what = || match (least, most) {
        (i64::MIN, _) => "expected an integer of 64 bits".to_owned(),
        (least, SAFE_INTEGER) => format!("expected an integer of at least {least}"),
        (least, most) => format!("expected an integer from {least} to {most}"),
    };
    match serde_json::from_str::<i64>(json) {
        Ok(value) if (least..=most).contains(&value) => Ok(()),
        _ => Err(InvalidRequest::field(name, what())),
    }
}

fn number(name: &str, json: &str, least: f64, most: f64) -> Result<(), InvalidRequest> {
    match serde_json::from_str::<f64>(json) {
        Ok(value) if (least..=most).contains(&value) => Ok(()),
        _ => Err(InvalidRequest::field(name, format!("expected a number from {least} to {most}"))),
    }
}

fn text(name: &str, json: &str, most: usize) -> Result<(), InvalidRequest> {
    let value = read::<String>(name, json, "a string")?;
    if value.chars().count() <= most {
        return Ok(());
    }
    Err(InvalidRequest::field(name, format!("longer than {most} characters")))
}

fn word(name: &str, value: &str, words: &[&str]) -> Result<(), InvalidRequest> {
    if words.contains(&value) {
        return Ok(());
    }
    Err(InvalidRequest::field(name, format!("'{}' is not one of {}", clip_word(value), words.join(", "))))
}

fn clip_word(value: &str) -> String {
    echo(value).chars().take(40).collect()
}

fn tagged(name: &str, json: &str, field: &str, words: &[&str]) -> Result<(), InvalidRequest> {
    let object = read::<std::collections::HashMap<String, &RawValue>>(name, json, "an object")?;
    let path = format!("{name}.{field}");
    let value = object.get(field).ok_or_else(|| InvalidRequest::field(&path, "is missing"))?;
    word(&path, &read::<String>(&path, value.get(), "a string")?, words)
}

fn objects(name: &str, json: &str) -> Result<(), InvalidRequest> {
    let list = read::<Vec<&RawValue>>(name, json, "a list of objects")?;
    if list.iter().all(|item| item.get().starts_with('{')) { Ok(()) } else { Err(expected(name, "a list of objects")) }
}

/// Reads `stop`: one text, or a list.
pub(crate) fn stop_texts(json: &str) -> Option<Vec<String>> {
    if json.starts_with('"') {
        return serde_json::from_str(json).ok().map(|one| vec![one]);
    }
    serde_json::from_str(json).ok()
}

fn stop(name: &str, json: &str) -> Result<(), InvalidRequest> {
    let texts = stop_texts(json).ok_or_else(|| expected(name, "a string or a list of strings"))?;
    let fits = (1..=4).contains(&texts.len()) && texts.iter().all(|text| !text.is_empty());
    if fits { Ok(()) } else { Err(expected(name, "one to four strings, none of them empty")) }
}

fn logit_bias(name: &str, json: &str) -> Result<(), InvalidRequest> {
    let map = read::<std::collections::HashMap<String, f64>>(name, json, "an object of numbers")?;
    if map.len() > LOGIT_BIAS_MAX {
        return Err(InvalidRequest::field(name, format!("more than {LOGIT_BIAS_MAX} entries")));
    }
    let fits = map.values().all(|bias| (-100.0..=100.0).contains(bias));
    if fits { Ok(()) } else { Err(expected(name, "numbers from -100 to 100")) }
}

fn metadata(name: &str, json: &str) -> Result<(), InvalidRequest> {
    let map = read::<std::collections::HashMap<String, String>>(name, json, "an object of strings")?;
    let fits =
        map.len() <= 16 && map.iter().all(|(key, value)| key.chars().count() <= 64 && value.chars().count() <= 512);
    if fits {
        return Ok(());
    }
    Err(expected(name, "at most 16 pairs, keys up to 64 and values up to 512 characters"))
}
