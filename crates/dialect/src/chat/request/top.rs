//! The top level of the body: field names with the raw text of their values.

use super::invalid::{InvalidRequest, Limits, clip, echo, without_values};
use crate::canonical::request::RawObject;
use serde_json::value::RawValue;
use std::collections::HashSet;

/// The fields of the body that are not `null`, in the caller's order.
pub(crate) struct Top<'a>(RawObject<'a>);

impl<'a> Top<'a> {
    /// Reads the top level; checks the syntax of everything below it.
    pub(crate) fn read(text: &'a str, limits: &Limits) -> Result<Self, InvalidRequest> {
        if text.trim_ascii().is_empty() {
            return Err(InvalidRequest::body("The body is empty"));
        }
        let mut object: RawObject<'a> = serde_json::from_str(text).map_err(|error| {
            InvalidRequest::body(format!("The body is not a JSON object: {}", clip(&without_values(&error), 100)))
        })?;
        if object.0.len() > limits.fields {
            return Err(InvalidRequest::body(format!("The body has more than {} fields", limits.fields)));
        }
        let mut seen = HashSet::with_capacity(object.0.len());
        if let Some((name, _)) = object.iter().find(|(name, _)| !seen.insert(*name)) {
            return Err(InvalidRequest::field(&echo(name), "is given twice"));
        }
        drop(seen);
        object.0.retain(|(_, value)| value.get() != "null");
        Ok(Self(object))
    }

    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name)
    }

    /// All fields, in the caller's order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter()
    }
}
