//! A minimal instance of a JSON schema: what a model that follows its schema would at least answer.

use serde_json::{Map, Number, Value, json};

/// Deepest nesting followed; a recursive schema ends there with null.
const DEPTH_MAX: usize = 24;

/// An instance of `schema`, with every listed property filled in.
///
/// Understands types in both cases (Gemini writes them in capitals), `enum`, `const`, `$ref` into the same
/// document, `anyOf`, `oneOf`, `allOf`, `nullable`, and the usual bounds and formats.
#[must_use]
pub fn instance(schema: &Value) -> Value {
    build(schema, schema, 0)
}

fn build(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|words| words.first()) {
        return first.clone();
    }
    if let Some(target) = schema.get("$ref").or_else(|| schema.get("ref")).and_then(Value::as_str) {
        let found = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return found.map_or(Value::Null, |found| build(found, root, depth + 1));
    }
    for word in ["anyOf", "any_of", "oneOf"] {
        if let Some(first) = schema.get(word).and_then(Value::as_array).and_then(|options| options.first()) {
            return build(first, root, depth + 1);
        }
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        return build(&joined(parts, root), root, depth + 1);
    }
    match type_of(schema).as_str() {
        "object" => object(schema, root, depth),
        "array" => array(schema, root, depth),
        "string" => Value::String(text(schema)),
        "integer" => whole(schema),
        "number" => number(schema),
        "boolean" => Value::Bool(true),
        _ => Value::Null,
    }
}

fn type_of(schema: &Value) -> String {
    let named = match schema.get("type") {
        Some(Value::String(name)) => Some(name.as_str()),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    };
    match named {
        Some(name) => name.to_ascii_lowercase(),
        None if schema.get("properties").is_some() => "object".to_owned(),
        None if schema.get("items").is_some() => "array".to_owned(),
        None => "string".to_owned(),
    }
}

fn object(schema: &Value, root: &Value, depth: usize) -> Value {
    let mut object = Map::new();
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            object.insert(name.clone(), build(property, root, depth + 1));
        }
    }
    Value::Object(object)
}

fn array(schema: &Value, root: &Value, depth: usize) -> Value {
    // One entry unless the schema forbids it; never more than 64, however many it demands.
    let least = bound(schema, &["minItems", "min_items"]).unwrap_or(1).clamp(1, 64);
    let most = bound(schema, &["maxItems", "max_items"]).unwrap_or(64);
    let entry = schema.get("items").map_or(Value::Null, |items| build(items, root, depth + 1));
    let length = usize::try_from(least.min(most)).unwrap_or(0);
    Value::Array(vec![entry; length])
}

fn text(schema: &Value) -> String {
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => "2026-01-01T00:00:00Z",
        Some("date") => "2026-01-01",
        Some("time") => "00:00:00Z",
        Some("email") => "someone@example.com",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        Some("uri" | "url") => "https://example.com/",
        Some("ipv4") => "192.0.2.1",
        _ => "text",
    };
    let least = usize::try_from(bound(schema, &["minLength", "min_length"]).unwrap_or(0).clamp(0, 4096)).unwrap_or(0);
    let most = usize::try_from(bound(schema, &["maxLength", "max_length"]).unwrap_or(4096)).unwrap_or(0);
    let padded = format!("{text:x<least$}");
    padded.chars().take(most).collect()
}

fn whole(schema: &Value) -> Value {
    let low = bound(schema, &["minimum"])
        .or_else(|| bound(schema, &["exclusiveMinimum"]).map(|low| low.saturating_add(1)));
    let high = bound(schema, &["maximum"])
        .or_else(|| bound(schema, &["exclusiveMaximum"]).map(|high| high.saturating_sub(1)));
    let step = bound(schema, &["multipleOf"]).unwrap_or(1).max(1);
    let wanted = low.unwrap_or(1).min(high.unwrap_or(i64::MAX));
    json!(wanted.checked_add(step - 1).map_or(wanted, |up| up - up.rem_euclid(step)))
}

fn number(schema: &Value) -> Value {
    let low = schema.get("minimum").and_then(Value::as_f64);
    let high = schema.get("maximum").and_then(Value::as_f64);
    let wanted = low.unwrap_or(1.5).min(high.unwrap_or(f64::MAX));
    Number::from_f64(wanted).map_or(json!(1), Value::Number)
}

fn bound(schema: &Value, names: &[&str]) -> Option<i64> {
    let found = names.iter().find_map(|name| schema.get(*name))?;
    // Gemini writes 64-bit bounds as strings.
    found.as_i64().or_else(|| found.as_f64().map(|number| number as i64)).or_else(|| found.as_str()?.parse().ok())
}

fn joined(parts: &[Value], root: &Value) -> Value {
    let mut whole = Map::new();
    for part in parts {
        let target = part.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        let part = target.and_then(|pointer| root.pointer(pointer)).unwrap_or(part);
        for (name, value) in part.as_object().into_iter().flatten() {
            match (whole.get_mut(name), value) {
                (Some(Value::Object(before)), Value::Object(more)) => before.extend(more.clone()),
                _ => drop(whole.insert(name.clone(), value.clone())),
            }
        }
    }
    Value::Object(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_obey_their_schema() {
        for (schema, expected) in [
            (json!({"type": "string", "minLength": 6}), json!("textxx")),
            (json!({"type": ["null", "integer"], "minimum": 7}), json!(7)),
            (json!({"type": "integer", "exclusiveMinimum": 3, "multipleOf": 5}), json!(5)),
            (json!({"type": "STRING", "format": "date"}), json!("2026-01-01")),
            (json!({"enum": ["b", "a"]}), json!("b")),
            (json!({"anyOf": [{"type": "boolean"}, {"type": "null"}]}), json!(true)),
            (json!({"type": "array", "items": {"type": "number"}, "minItems": 2}), json!([1.5, 1.5])),
            (
                json!({"$defs": {"x": {"type": "object", "properties": {"n": {"const": 9}}}}, "$ref": "#/$defs/x"}),
                json!({"n": 9}),
            ),
            (
                json!({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}),
                json!({"a": 1, "b": 2}),
            ),
        ] {
            assert_eq!(instance(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let schema = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
        assert!(instance(&schema).get("next").is_some());
    }
}
