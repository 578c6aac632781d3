//! What is kept for later requests is read the way theirs will be, so that nobody stores what makes every request fail.

use crate::call::Rules;
use crate::plan::wishes;
use crate::reply::Refusal;
use dialect::chat::request::{Limits, parse};
use domain::error_kind::ErrorKind;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The fields that this router reads itself; they have one form whatever dialect a request is in.
const OURS: &[&str] = &["provider", "pin", "max_cost", "plugins", "validate"];
/// Stands for the answer format that the request may bring; `validate` may refer to it.
const ANY_FORMAT: &str = r#"{"type":"json_schema","json_schema":{"name":"any","schema":{}}}"#;

/// Reads the router's own fields of a preset's configuration, a JSON object.
///
/// # Errors
/// The [`Refusal`] that a request with the same field would get.
pub fn vet(config: &str) -> Result<(), Refusal> {
    let fields: BTreeMap<&str, &RawValue> = serde_json::from_str(config)
        .map_err(|_error| Refusal::new(ErrorKind::InvalidRequest, "The configuration is not a JSON object"))?;
    let mut probe = String::from(r#"{"messages":[{"role":"user","content":"x"}]"#);
    for (name, value) in fields.iter().filter(|(name, _)| OURS.contains(name)) {
        probe.push_str(&format!(",\"{name}\":{}", value.get()));
    }
    let format = fields.get("response_format").map_or(ANY_FORMAT, |format| format.get());
    probe.push_str(&format!(",\"response_format\":{format}}}"));
    let chat = parse(probe.into(), &Limits::default())?;
    wishes::routing(&chat)?;
    Rules::read(&chat).map(drop)
}

#[cfg(test)]
mod tests {
    use super::vet;

    #[test]
    fn the_routers_own_fields_are_read_and_others_are_left_to_the_request() {
        for sound in [
            "{}",
            r#"{"provider":{"order":["a"],"zzz":1},"pin":{"provider":"a"},"max_cost":"0.5","temperature":9}"#,
            r#"{"validate":{"non_empty":true,"json_schema":true}}"#,
            r#"{"validate":{"json_schema":true},"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{}}}}"#,
        ] {
            assert!(vet(sound).is_ok(), "{sound}: {:?}", vet(sound).err());
        }
        for (field, broken) in [
            ("provider", r#"{"provider":5}"#),
            ("provider.order", r#"{"provider":{"order":5}}"#),
            ("pin", r#"{"pin":{"zzz":1}}"#),
            ("max_cost", r#"{"max_cost":"zzz"}"#),
            ("plugins", r#"{"plugins":[{"id":"auto-router","cost_tier":"zzz"}]}"#),
            ("validate", r#"{"validate":{"zzz":true}}"#),
            ("validate.regex", r#"{"validate":{"regex":"("}}"#),
            ("validate.json_schema", r#"{"validate":{"json_schema":true},"response_format":{"type":"text"}}"#),
        ] {
            let refusal = vet(broken).unwrap_err();
            assert_eq!(refusal.kind.status(), 400, "{broken}");
            assert!(refusal.message.starts_with(&format!("{field}: ")), "{broken}: {}", refusal.message);
        }
    }
}
