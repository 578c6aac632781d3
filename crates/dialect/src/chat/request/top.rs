//! The top level of the body: field names with the text of their values.

use super::invalid::{InvalidRequest, Limits, clip, echo, without_values};
use crate::canonical::request::{Raw, RawObject};
use crate::json::{Checked, Fault, Reader, Rules, check, unescaped};
use domain::error_kind::ErrorKind;
use std::borrow::Cow;

/// The fields of the body that are not `null`, in the caller's order.
pub(crate) struct Top<'a> {
    text: &'a str,
    fields: Vec<(Cow<'a, str>, Raw<'a>)>,
    checked: Checked,
}

impl<'a> Top<'a> {
    /// Checks the whole text in one pass and reads its top level.
    ///
    /// # Errors
    /// When the text is no JSON object, breaks a limit, holds half a character, or names a field twice.
    pub(crate) fn read(text: &'a str, limits: &Limits) -> Result<Self, InvalidRequest> {
        let checked = check(text, &limits.rules()).map_err(|fault| broken(fault, limits))?;
        if text.trim_ascii().is_empty() {
            return Err(InvalidRequest::body("The body is empty"));
        }
        if !checked.is_json || !text.trim_ascii_start().starts_with('{') {
            return Err(no_object(text));
        }
        if checked.field_count > limits.fields {
            return Err(InvalidRequest::body(format!("The body has more than {} fields", limits.fields)));
        }
        let fields = named(text, &checked);
        let is_repeated = |place: usize, name: &str| fields.iter().take(place).any(|(earlier, _)| earlier == name);
        if let Some((_, (name, _))) = fields.iter().enumerate().find(|(place, (name, _))| is_repeated(*place, name)) {
            return Err(InvalidRequest::field(&echo(name), "is given twice"));
        }
        let mut top = Self { text, fields, checked };
        top.fields.retain(|(_, value)| value.get() != "null");
        Ok(top)
    }

    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<Raw<'a>> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| *value)
    }

    /// All fields, in the caller's order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Raw<'a>)> {
        self.fields.iter().map(|(name, value)| (&**name, *value))
    }

    /// Reads a value that lies in the text.
    pub(crate) fn reader(&self, value: Raw<'a>) -> Reader<'a, '_> {
        self.checked.reader(self.text, value.get())
    }
}

fn named<'a>(text: &'a str, checked: &Checked) -> Vec<(Cow<'a, str>, Raw<'a>)> {
    let field = |place: &crate::json::FieldPlace| {
        let name = text.get(place.name.clone())?;
        let name = if place.has_escapes { Cow::Owned(unescaped(name)?) } else { Cow::Borrowed(name) };
        Some((name, Raw::of_checked(text.get(place.value.clone())?)))
    };
    checked.fields.iter().filter_map(field).collect()
}

/// What the parser says of a text that is no object.
fn no_object(text: &str) -> InvalidRequest {
    let reason = match serde_json::from_str::<RawObject<'_>>(text) {
        Err(error) => clip(&without_values(&error), 100),
        Ok(_) => "malformed JSON".to_owned(),
    };
    InvalidRequest::body(format!("The body is not a JSON object: {reason}"))
}

fn broken(fault: Fault, limits: &Limits) -> InvalidRequest {
    match fault {
        Fault::Depth => InvalidRequest::body(format!("The body is nested deeper than {} levels", limits.depth)),
        Fault::Nodes => {
            let message = format!("The body holds more than {} values", limits.nodes);
            InvalidRequest { kind: ErrorKind::PayloadTooLarge, ..InvalidRequest::body(message) }
        }
        Fault::Key => InvalidRequest::body(format!("A key is longer than {} bytes", limits.key_bytes)),
        Fault::Half | Fault::EndlessNumber => {
            InvalidRequest::body("The body holds an escape that is half a character (lone surrogate)")
        }
    }
}

impl Limits {
    /// What the one pass over the body looks at.
    const fn rules(&self) -> Rules {
        Rules {
            depth: self.depth,
            nodes: self.nodes,
            key_bytes: self.key_bytes,
            fields: self.fields,
            refuses_halves: true,
            refuses_endless_numbers: false,
        }
    }
}
