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
    let mut walk = Walk { root: schema, open: vec!["#"] };
    walk.build(schema)
}

/// A walk through a schema that knows which references it is inside of.
struct Walk<'a> {
    root: &'a Value,
    open: Vec<&'a str>,
}

/// The reference of a schema, if it is one.
fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref").or_else(|| schema.get("ref")).and_then(Value::as_str)
}

impl<'a> Walk<'a> {
    /// Whether following this schema would only come back to where the walk already is.
    fn is_circular(&self, schema: &Value) -> bool {
        reference(schema).is_some_and(|target| self.open.contains(&target))
    }

    fn build(&mut self, schema: &'a Value) -> Value {
        if self.open.len() > DEPTH_MAX {
            return Value::Null;
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|words| words.first()) {
            return first.clone();
        }
        if let Some(target) = reference(schema) {
            let found = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            self.open.push(target);
            let value = found.map_or(Value::Null, |found| self.build(found));
            self.open.pop();
            return value;
        }
        for word in ["anyOf", "any_of", "oneOf"] {
            if let Some(options) = schema.get(word).and_then(Value::as_array) {
                let chosen = options.iter().find(|option| !self.is_circular(option)).or(options.first());
                return chosen.map_or(Value::Null, |option| self.build(option));
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.all_of(parts);
        }
        match type_of(schema).as_str() {
            "object" => self.object(schema),
            "array" => self.array(schema),
            "string" => Value::String(text(schema)),
            "integer" => whole(schema),
            "number" => number(schema),
            "boolean" => Value::Bool(true),
            _ => Value::Null,
        }
    }

    fn object(&mut self, schema: &'a Value) -> Value {
        let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut object = Map::new();
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if !self.is_circular(property) || required.iter().any(|one| one == name.as_str()) {
                object.insert(name.clone(), self.build(property));
            }
        }
        Value::Object(object)
    }

    fn array(&mut self, schema: &'a Value) -> Value {
        let items = schema.get("items").unwrap_or(&Value::Null);
        // One entry unless the schema says otherwise; never more than 64, however many it demands.
        let usual = i64::from(!self.is_circular(items));
        let least = bound(schema, &["minItems", "min_items"]).unwrap_or(usual).clamp(usual, 64);
        let most = bound(schema, &["maxItems", "max_items"]).unwrap_or(64);
        let length = usize::try_from(least.min(most)).unwrap_or(0);
        if length == 0 { json!([]) } else { Value::Array(vec![self.build(items); length]) }
    }

    /// Instances of all parts laid over each other: good enough for objects, which is what `allOf` is used for.
    fn all_of(&mut self, parts: &'a [Value]) -> Value {
        let mut whole = Map::new();
        for part in parts {
            match self.build(part) {
                Value::Object(fields) => whole.extend(fields),
                other => return other,
            }
        }
        Value::Object(whole)
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
    let low =
        bound(schema, &["minimum"]).or_else(|| bound(schema, &["exclusiveMinimum"]).map(|low| low.saturating_add(1)));
    let high =
        bound(schema, &["maximum"]).or_else(|| bound(schema, &["exclusiveMaximum"]).map(|high| high.saturating_sub(1)));
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
    fn a_schema_that_contains_itself_ends_where_it_may() {
        let next = json!({"anyOf": [{"$ref": "#"}, {"type": "null"}]});
        let list = json!({"type": "array", "items": {"$ref": "#"}});
        let schema = json!({"type": "object", "properties": {"next": next, "list": list, "more": {"$ref": "#"}}});
        assert_eq!(instance(&schema), json!({"next": null, "list": []}));
        let endless = json!({"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]});
        assert!(instance(&endless).pointer("/next/next").is_some());
    }
}
