//! Query strings: unknown parameters are ignored, malformed known ones refused.

use crate::error::ControlError;
use crate::state::Mount;
use axum::extract::{FromRequestParts, Query};
use http::request::Parts;

/// Most parameters that are looked at.
const PARAMETERS_MAX: usize = 64;

/// The decoded pairs of a query string.
#[derive(Debug)]
pub(crate) struct Params(Vec<(String, String)>);

impl FromRequestParts<Mount> for Params {
    type Rejection = ControlError;

    async fn from_request_parts(parts: &mut Parts, _mount: &Mount) -> Result<Self, ControlError> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_shape| ControlError::Request("The query string cannot be read".into()))?;
        if pairs.0.len() > PARAMETERS_MAX {
            return Err(ControlError::Request("The query string has too many parameters".into()));
        }
        Ok(Self(pairs.0))
    }
}

impl Params {
    /// The only value of a parameter.
    pub(crate) fn one(&self, name: &'static str) -> Result<Option<&str>, ControlError> {
        let mut values = self.0.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(ControlError::invalid(name, "is given twice"));
        }
        Ok(first)
    }

    /// The comma-separated words of a parameter, lower-cased; `None` when it is absent or blank.
    pub(crate) fn words(&self, name: &'static str) -> Option<Vec<String>> {
        let values = self.0.iter().filter(|(other, _)| other == name).flat_map(|(_, value)| value.split(','));
        let words: Vec<String> =
            values.map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect();
        (!words.is_empty()).then_some(words)
    }

    /// A whole number within a range.
    pub(crate) fn number(&self, name: &'static str, min: u64, max: u64) -> Result<Option<u64>, ControlError> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<u64>().ok().filter(|number| is_plain && (min..=max).contains(number));
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(ControlError::invalid(name, format!("must be a whole number from {min} to {max}"))),
        }
    }

    /// `true` or `false`; absent is false.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, ControlError> {
        match self.one(name)? {
            None | Some("false" | "0") => Ok(false),
            Some("" | "true" | "1") => Ok(true),
            Some(_) => Err(ControlError::invalid(name, "must be true or false")),
        }
    }
}
