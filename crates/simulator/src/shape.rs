//! A small language for published request schemas, so that each family's rules are a table one can read.
//!
//! The families differ in how they word a refusal; this module only finds what is wrong and where.

use serde_json::{Map, Value};

/// Deepest value looked at; real providers refuse deeper bodies long before.
const DEPTH_MAX: usize = 64;

/// What a value must look like.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Anything.
    Any,
    /// A string.
    Text,
    /// A string, or null.
    MaybeText,
    /// `true` or `false`.
    Bool,
    /// A whole number in a range, both ends included.
    Int(i64, i64),
    /// A number in a range, both ends included.
    Number(f64, f64),
    /// One of some words.
    Word(&'static [&'static str]),
    /// Any object.
    Map,
    /// A list.
    List(&'static Shape),
    /// A list with at least one entry.
    Filled(&'static Shape),
    /// An object with these fields and no others.
    Object(&'static [Field]),
    /// An object whose field named first says which fields it may have.
    Tagged(&'static str, &'static [(&'static str, &'static [Field])]),
    /// The first shape, or the second when the value is no string.
    TextOr(&'static Shape),
    /// The shape, or null.
    Maybe(&'static Shape),
}

/// One field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    name: &'static str,
    shape: &'static Shape,
    required: bool,
}

/// A field that must be there.
pub(crate) const fn must(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, shape, required: true }
}

/// A field that may be there.
pub(crate) const fn may(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, shape, required: false }
}

/// How field names are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// As written.
    Exact,
    /// `snake_case` counts as `camelCase`, as in the JSON form of protocol buffers.
    CamelOrSnake,
}

/// Something a provider would refuse.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Violation {
    /// Where: field names and list positions from the top.
    pub path: Vec<Step>,
    /// What.
    pub problem: Problem,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a field.
    Field(String),
    /// Into a list.
    Index(usize),
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Problem {
    /// A field nobody knows.
    Unknown,
    /// A field that must be there is not.
    Missing,
    /// Another type was expected; the word names it.
    Type(&'static str, &'static str),
    /// Another word was expected.
    Word(String, Vec<&'static str>),
    /// A number (first) outside its range (low and high end).
    Range(f64, f64, f64),
    /// An empty list where an entry is needed.
    Empty,
    /// A rule that concerns several values, in the provider's own words.
    Rule(String),
}

impl Violation {
    /// A rule broken at `path`, where `path` is written like `messages.0.role`.
    pub(crate) fn rule(path: &str, words: impl Into<String>) -> Self {
        let path = path
            .split('.')
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().map_or_else(|_| Step::Field(part.to_owned()), Step::Index))
            .collect();
        Self { path, problem: Problem::Rule(words.into()) }
    }

    /// The path as `a.0.b` or, with brackets, `a[0].b`.
    pub(crate) fn path_text(&self, brackets: bool) -> String {
        let mut text = String::new();
        for step in &self.path {
            let dot = if text.is_empty() { "" } else { "." };
            match step {
                Step::Field(name) => text.push_str(&format!("{dot}{name}")),
                Step::Index(at) if brackets => text.push_str(&format!("[{at}]")),
                Step::Index(at) => text.push_str(&format!("{dot}{at}")),
            }
        }
        text
    }
}

/// Finds the first thing in `value` that `shape` does not allow.
pub(crate) fn check(value: &Value, shape: &Shape, naming: Naming) -> Result<(), Violation> {
    let mut walk = Walk { path: Vec::new(), naming };
    match walk.value(value, shape) {
        Ok(()) => Ok(()),
        Err(problem) => Err(Violation { path: walk.path, problem }),
    }
}

/// The JSON name of a value's type.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "decimal",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

struct Walk {
    /// Where the walk stands; left standing at the culprit on failure.
    path: Vec<Step>,
    naming: Naming,
}

impl Walk {
    fn value(&mut self, value: &Value, shape: &Shape) -> Result<(), Problem> {
        if self.path.len() > DEPTH_MAX {
            return Err(Problem::Rule("the request is nested too deeply".to_owned()));
        }
        let wrong = |expected| Err(Problem::Type(expected, type_name(value)));
        match shape {
            Shape::Any => Ok(()),
            Shape::Text if value.is_string() => Ok(()),
            Shape::MaybeText if value.is_string() || value.is_null() => Ok(()),
            Shape::Text | Shape::MaybeText => wrong("string"),
            Shape::Bool if value.is_boolean() => Ok(()),
            Shape::Bool => wrong("boolean"),
            Shape::Map if value.is_object() => Ok(()),
            Shape::Map => wrong("object"),
            Shape::Int(low, high) => match whole(value, self.naming) {
                Some(number) => in_range(number as f64, *low as f64, *high as f64),
                None => wrong("integer"),
            },
            Shape::Number(low, high) => match value.as_f64() {
                Some(number) => in_range(number, *low, *high),
                None => wrong("number"),
            },
            Shape::Word(words) => match value.as_str() {
                Some(word) if words.contains(&word) => Ok(()),
                Some(word) => Err(Problem::Word(word.to_owned(), words.to_vec())),
                None => wrong("string"),
            },
            Shape::Filled(_) if value.as_array().is_some_and(Vec::is_empty) => Err(Problem::Empty),
            Shape::List(entry) | Shape::Filled(entry) => match value.as_array() {
                Some(entries) => self.entries(entries, entry),
                None => wrong("array"),
            },
            Shape::Object(fields) => match value.as_object() {
                Some(object) => self.object(object, fields, None),
                None => wrong("object"),
            },
            Shape::Tagged(tag, variants) => match value.as_object() {
                Some(object) => self.tagged(object, tag, variants),
                None => wrong("object"),
            },
            Shape::TextOr(_) if value.is_string() => Ok(()),
            Shape::Maybe(_) if value.is_null() => Ok(()),
            Shape::TextOr(other) | Shape::Maybe(other) => self.value(value, other),
        }
    }

    fn entries(&mut self, entries: &[Value], shape: &Shape) -> Result<(), Problem> {
        for (at, entry) in entries.iter().enumerate() {
            self.path.push(Step::Index(at));
            self.value(entry, shape)?;
            self.path.pop();
        }
        Ok(())
    }

    fn tagged(
        &mut self,
        object: &Map<String, Value>,
        tag: &'static str,
        variants: &[(&'static str, &'static [Field])],
    ) -> Result<(), Problem> {
        let Some(word) = object.get(tag) else {
            self.path.push(Step::Field(tag.to_owned()));
            return Err(Problem::Missing);
        };
        match variants.iter().find(|(name, _)| word.as_str() == Some(name)) {
            Some((_, fields)) => self.object(object, fields, Some(tag)),
            None => {
                self.path.push(Step::Field(tag.to_owned()));
                let found = word.as_str().map_or_else(|| word.to_string(), str::to_owned);
                Err(Problem::Word(found, variants.iter().map(|(name, _)| *name).collect()))
            }
        }
    }

    fn object(&mut self, object: &Map<String, Value>, fields: &[Field], tag: Option<&str>) -> Result<(), Problem> {
        let same = |name: &str, field: &Field| match self.naming {
            Naming::Exact => name == field.name,
            Naming::CamelOrSnake => name == field.name || camel(name) == field.name,
        };
        if let Some(unknown) =
            object.keys().find(|name| tag != Some(name.as_str()) && !fields.iter().any(|field| same(name, field)))
        {
            self.path.push(Step::Field(unknown.clone()));
            return Err(Problem::Unknown);
        }
        if let Some(missing) =
            fields.iter().find(|field| field.required && !object.keys().any(|name| same(name, field)))
        {
            self.path.push(Step::Field(missing.name.to_owned()));
            return Err(Problem::Missing);
        }
        for (name, value) in object {
            let found = fields.iter().find(|field| match self.naming {
                Naming::Exact => name == field.name,
                Naming::CamelOrSnake => name == field.name || camel(name) == field.name,
            });
            if let Some(field) = found {
                self.path.push(Step::Field(name.clone()));
                self.value(value, field.shape)?;
                self.path.pop();
            }
        }
        Ok(())
    }
}

/// `snake_case` as `camelCase`.
pub(crate) fn camel(name: &str) -> String {
    let mut upper = false;
    name.chars()
        .filter_map(|letter| match letter {
            '_' => {
                upper = true;
                None
            }
            letter if std::mem::take(&mut upper) => Some(letter.to_ascii_uppercase()),
            letter => Some(letter),
        })
        .collect()
}

fn whole(value: &Value, naming: Naming) -> Option<i64> {
    match value {
        // The JSON form of protocol buffers allows 64-bit numbers as strings and whole decimals.
        Value::String(text) if naming == Naming::CamelOrSnake => text.parse().ok(),
        Value::Number(number) => number.as_i64().or_else(|| {
            let number = number.as_f64()?;
            (naming == Naming::CamelOrSnake && number.fract() == 0.0).then_some(number as i64)
        }),
        _ => None,
    }
}

fn in_range(number: f64, low: f64, high: f64) -> Result<(), Problem> {
    if (low..=high).contains(&number) { Ok(()) } else { Err(Problem::Range(number, low, high)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHAPE: Shape = Shape::Object(&[
        must("name", &Shape::Text),
        may("maxSize", &Shape::Int(1, 5)),
        may("parts", &Shape::Filled(&Shape::Tagged("type", &[("a", &[]), ("b", &[must("x", &Shape::Bool)])]))),
    ]);

    fn found(value: &Value, naming: Naming) -> String {
        match check(value, &SHAPE, naming) {
            Ok(()) => "fine".to_owned(),
            Err(violation) => format!("{} {:?}", violation.path_text(true), violation.problem),
        }
    }

    #[test]
    fn each_problem_is_found_where_it_is() {
        for (value, expected) in [
            (json!({"name": "n"}), "fine"),
            (json!({}), "name Missing"),
            (json!({"name": 1}), "name Type(\"string\", \"integer\")"),
            (json!({"name": "n", "more": 1}), "more Unknown"),
            (json!({"name": "n", "maxSize": 6}), "maxSize Range(6.0, 1.0, 5.0)"),
            (json!({"name": "n", "max_size": 5}), "max_size Unknown"),
            (json!({"name": "n", "parts": []}), "parts Empty"),
            (json!({"name": "n", "parts": [{"type": "a"}, {"type": "b"}]}), "parts[1].x Missing"),
            (json!({"name": "n", "parts": [{"type": "c"}]}), "parts[0].type Word(\"c\", [\"a\", \"b\"])"),
        ] {
            assert_eq!(found(&value, Naming::Exact), expected, "{value}");
        }
        assert_eq!(found(&json!({"name": "n", "max_size": "5"}), Naming::CamelOrSnake), "fine");
    }
}
