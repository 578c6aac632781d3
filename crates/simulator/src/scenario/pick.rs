//! Finding the scenario of one request among the three places it may be written in.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::Scenario;

/// A scenario that cannot be understood; the caller sees it as a 400 of its family.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScenarioError {
    /// A knob in the model name has no `=`.
    #[error("simulator: the knob {0:?} in the model name has no value")]
    NoValue(String),
    /// A `SIM:` line is not JSON.
    #[error("simulator: the SIM: line is not JSON: {0}")]
    NotJson(String),
    /// A knob is unknown or has the wrong type.
    #[error("simulator: {0}")]
    Knob(String),
}

/// The scenario of a request for `model` whose last user message is `text`.
pub(crate) fn pick(set: &HashMap<String, Scenario>, model: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let (name, knobs) = model.split_once('~').unwrap_or((model, ""));
    let base = [model, name, "*"].iter().find_map(|id| set.get(*id)).cloned().unwrap_or_default();
    let line = sim_line(text)?;
    if knobs.is_empty() && line.is_none() {
        return Ok(base);
    }
    let mut whole = serde_json::to_value(base).map_err(|error| ScenarioError::Knob(error.to_string()))?;
    for knob in knobs.split('~').filter(|knob| !knob.is_empty()) {
        let (path, value) = knob.split_once('=').ok_or_else(|| ScenarioError::NoValue(knob.to_owned()))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        merge(&mut whole, nest(path, value));
    }
    if let Some(line) = line {
        merge(&mut whole, line);
    }
    serde_json::from_value(whole).map_err(|error| ScenarioError::Knob(error.to_string()))
}

/// The word after the last `TAG:` in `text`, if there is one.
pub(crate) fn tag_in(text: &str) -> Option<String> {
    let (_, rest) = text.rsplit_once("TAG:")?;
    let word: String =
        rest.chars().take_while(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_')).take(128).collect();
    (!word.is_empty()).then_some(word)
}

fn sim_line(text: &str) -> Result<Option<Value>, ScenarioError> {
    let Some(json) = text.lines().find_map(|line| line.trim().strip_prefix("SIM:")) else {
        return Ok(None);
    };
    serde_json::from_str(json).map(Some).map_err(|error| ScenarioError::NotJson(error.to_string()))
}

/// Turns `a.b=1` into `{"a":{"b":1}}`.
fn nest(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |inner, key| Value::Object(Map::from_iter([(key.to_owned(), inner)])))
}

/// Lays `over` on `base`: objects merge, everything else is replaced.
fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_places_override_single_knobs_of_earlier_ones() {
        let mut scenario = Scenario::default();
        scenario.headers.status = Some(500);
        scenario.usage.cached = 7;
        let set = HashMap::from([("m".to_owned(), scenario)]);
        let picked = pick(
            &set,
            "m~headers.status=429~headers.retry_after=2~answer.text=two words",
            "hello\nSIM:{\"headers\":{\"delay_ms\":5}}\nbye",
        )
        .map_err(|error| error.to_string());
        let picked = match picked {
            Ok(picked) => picked,
            Err(error) => unreachable!("{error}"),
        };
        assert_eq!(picked.headers.status, Some(429));
        assert_eq!(picked.headers.retry_after.as_deref(), Some("2"));
        assert_eq!(picked.headers.delay_ms, 5);
        assert_eq!(picked.answer.text.as_deref(), Some("two words"));
        assert_eq!(picked.usage.cached, 7);
    }

    #[test]
    fn unknown_knobs_and_broken_lines_are_refused() {
        let none = HashMap::new();
        assert!(matches!(pick(&none, "m~headers.nonsense=1", ""), Err(ScenarioError::Knob(_))));
        assert!(matches!(pick(&none, "m~headers", ""), Err(ScenarioError::NoValue(_))));
        assert!(matches!(pick(&none, "m", "SIM:{"), Err(ScenarioError::NotJson(_))));
    }

    #[test]
    fn the_last_tag_wins_and_ends_at_the_word() {
        assert_eq!(tag_in("TAG:a and TAG:b-1."), Some("b-1".to_owned()));
        assert_eq!(tag_in("TAG: nothing"), None);
    }
}
