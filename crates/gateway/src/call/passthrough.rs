//! `provider.options`: fields that go to one provider as they are.

use bytes::Bytes;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Fields that decide where a request goes, what it costs or how its answer is read: never taken from options.
const OURS: &[&str] = &[
    "model",
    "messages",
    "contents",
    "system",
    "stream",
    "stream_options",
    "n",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "service_tier",
    "tools",
    "user",
    "api_base",
    "base_url",
    "api_key",
    "headers",
    "extra_headers",
    "extra_body",
];

/// The body with the fields of `options` that it does not have yet, and the names of those that were left out.
///
/// Both are JSON objects; a body that is none stays as it is. What the caller said in the request itself wins.
pub(super) fn with_options(body: Bytes, options: &str) -> (Bytes, Vec<String>) {
    let has = serde_json::from_slice::<BTreeMap<&str, &RawValue>>(&body);
    let wants = serde_json::from_str::<BTreeMap<&str, &RawValue>>(options);
    let (Ok(has), Ok(wants)) = (has, wants) else { return (body, Vec::new()) };
    let Some(open) = body.trim_ascii_end().strip_suffix(b"}") else { return (body, Vec::new()) };
    let mut out = Vec::with_capacity(body.len() + options.len());
    out.extend_from_slice(open);
    let mut is_empty = has.is_empty();
    let mut left_out = Vec::new();
    for (name, value) in wants {
        if has.contains_key(name) || OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name)) {
            left_out.push(name.chars().take(64).collect());
            continue;
        }
        if !is_empty {
            out.push(b',');
        }
        is_empty = false;
        out.extend_from_slice(serde_json::Value::from(name).to_string().as_bytes());
        out.push(b':');
        out.extend_from_slice(value.get().as_bytes());
    }
    out.push(b'}');
    (out.into(), left_out)
}

#[cfg(test)]
mod tests {
    use super::with_options;
    use bytes::Bytes;
    use serde_json::json;

    #[test]
    fn adds_what_is_missing_and_never_what_is_ours() {
        for (body, options, expected, left_out) in [
            (
                json!({"model": "m", "seed": 1}),
                json!({"a": {"b": [1]}}),
                json!({"model": "m", "seed": 1, "a": {"b": [1]}}),
                0,
            ),
            (json!({"seed": 1}), json!({"seed": 2, "a": 1}), json!({"seed": 1, "a": 1}), 1),
            (json!({"seed": 1}), json!({"Model": "x", "n": 9, "max_tokens": 1, "stream": true}), json!({"seed": 1}), 4),
            (json!({}), json!({"a": 1, "b": 2}), json!({"a": 1, "b": 2}), 0),
        ] {
            let (out, names) = with_options(Bytes::from(body.to_string()), &options.to_string());
            assert_eq!(serde_json::from_slice::<serde_json::Value>(&out).expect("json"), expected);
            assert_eq!(names.len(), left_out, "{names:?}");
        }
    }
}
