//! Request bodies: read within a limit, then field by field with messages that name the field and echo nothing.

use crate::dollars::plain_decimal;
use crate::error::ControlError;
use crate::state::Mount;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use domain::money::{Amount, DecimalError};
use domain::time::Timestamp;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Most fields of a body; more is no request of ours.
const FIELDS_MAX: usize = 256;

/// Largest request body of a route unless the settings say otherwise, in bytes.
pub(crate) const BODY_MAX: usize = 256 << 10;

/// A JSON body within the limit of the settings, and of `MOST` bytes where strangers are read from. Put it after the caller
/// in a handler's arguments: nobody unknown is read from elsewhere.
pub(crate) struct Body<const MOST: usize = { usize::MAX }>(Bytes);

impl<const MOST: usize> FromRequest<Mount> for Body<MOST> {
    type Rejection = ControlError;

    async fn from_request(request: Request, mount: &Mount) -> Result<Self, ControlError> {
        check_type(request.headers())?;
        let max = mount.control.settings.body_max.min(MOST);
        let too_large = || ControlError::TooLarge { max };
        let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        if declared
            .and_then(|text| text.parse::<u64>().ok())
            .is_some_and(|length| length > u64::try_from(max).unwrap_or(u64::MAX))
        {
            return Err(too_large());
        }
        match Limited::new(request.into_body(), max).collect().await {
            Ok(collected) => Ok(Self(collected.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
            Err(_cut) => Err(ControlError::Request("The request body ended early".into())),
        }
    }
}

impl<const MOST: usize> Body<MOST> {
    /// The bytes as they came.
    pub(crate) const fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// The fields of the object that the body must be.
    pub(crate) fn fields(&self) -> Result<Fields<'_>, ControlError> {
        Fields::parse(&self.0)
    }
}

/// Whether the headers promise JSON in UTF-8 without encoding.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let mut parts = value.split(';').map(str::trim);
    let is_type = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|part| {
        part.split_once('=').is_none_or(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    });
    is_type && is_utf8
}

fn check_type(headers: &HeaderMap) -> Result<(), ControlError> {
    let is_plain = headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|value| value.to_str().is_ok_and(|text| text.eq_ignore_ascii_case("identity")));
    if !is_plain {
        return Err(ControlError::MediaType("Encoded request bodies are not accepted here"));
    }
    if is_json(headers) {
        Ok(())
    } else {
        Err(ControlError::MediaType("The request body must be application/json in UTF-8"))
    }
}

/// The fields of a JSON object, unread. A name that is given twice is refused.
pub(crate) struct Fields<'a>(Vec<(String, &'a RawValue)>);

struct FieldsVisitor;

impl<'a> Visitor<'a> for FieldsVisitor {
    type Value = Vec<(String, &'a RawValue)>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields: Self::Value = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &'a RawValue>()? {
            if fields.len() >= FIELDS_MAX || fields.iter().any(|(other, _)| *other == name) {
                return Err(serde::de::Error::custom("duplicate or too many fields"));
            }
            fields.push((name, value));
        }
        Ok(fields)
    }
}

impl<'a> Fields<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, ControlError> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let fields = reader.deserialize_map(FieldsVisitor);
        match fields.and_then(|fields| reader.end().map(|()| fields)) {
            Ok(fields) => Ok(Self(fields)),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let text = format!(
                    "The request body is not one JSON object with distinct fields (line {line}, column {column})"
                );
                Err(ControlError::Request(text.into()))
            }
        }
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.get())
    }

    /// Whether the field is there, null included.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Reads a field: absent is `None`, null is `Some(None)`.
    fn read<T>(
        &self,
        name: &'static str,
        convert: impl FnOnce(&'a str) -> Result<T, ControlError>,
    ) -> Result<Option<Option<T>>, ControlError> {
        match self.raw(name) {
            None => Ok(None),
            Some("null") => Ok(Some(None)),
            Some(raw) => convert(raw).map(|value| Some(Some(value))),
        }
    }

    /// A text of any content up to `max` characters.
    pub(crate) fn text(&self, name: &'static str, max: usize) -> Result<Option<Option<String>>, ControlError> {
        self.read(name, |raw| {
            let text: String =
                serde_json::from_str(raw).map_err(|_shape| ControlError::invalid(name, "must be a text"))?;
            if text.chars().count() > max {
                return Err(ControlError::invalid(name, format!("must have at most {max} characters")));
            }
            Ok(text)
        })
    }

    /// A display name: not blank, without control characters, at most 200 characters.
    pub(crate) fn name(&self, name: &'static str) -> Result<Option<String>, ControlError> {
        let Some(text) = self.text(name, 200)? else { return Ok(None) };
        let text = text.ok_or_else(|| ControlError::invalid(name, "must be a text"))?;
        if text.trim().is_empty() {
            return Err(ControlError::invalid(name, "must not be empty"));
        }
        if text.chars().any(char::is_control) {
            return Err(ControlError::invalid(name, "must not contain control characters"));
        }
        Ok(Some(text))
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &'static str) -> Result<Option<bool>, ControlError> {
        let wrong = || ControlError::invalid(name, "must be true or false");
        let value = self.read(name, |raw| match raw {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(wrong()),
        })?;
        value.map(|value| value.ok_or_else(wrong)).transpose()
    }

    /// A whole number from 1.
    pub(crate) fn count(&self, name: &'static str) -> Result<Option<u64>, ControlError> {
        let wrong = || ControlError::invalid(name, "must be a whole number from 1");
        let value = self.read(name, |raw| raw.parse::<u64>().ok().filter(|number| *number > 0).ok_or_else(wrong))?;
        value.map(|value| value.ok_or_else(wrong)).transpose()
    }

    /// US dollars as a JSON number, not negative, at most nine decimals.
    pub(crate) fn dollars(&self, name: &'static str) -> Result<Option<Option<Amount>>, ControlError> {
        self.read(name, |raw| {
            let wrong = || ControlError::invalid(name, "must be a number of US dollars");
            if !raw.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
                return Err(wrong());
            }
            let plain = plain_decimal(raw).ok_or_else(|| ControlError::invalid(name, "is out of range"))?;
            let amount = Amount::parse_usd(&plain).map_err(|error| match error {
                DecimalError::Syntax => wrong(),
                DecimalError::TooPrecise(_) => ControlError::invalid(name, "must have at most nine decimal places"),
                DecimalError::Range => ControlError::invalid(name, "is out of range"),
            })?;
            if amount.is_negative() { Err(ControlError::invalid(name, "must not be negative")) } else { Ok(amount) }
        })
    }

    /// A moment in the future, with seconds, at most a hundred years ahead.
    pub(crate) fn future(&self, name: &'static str, now: Timestamp) -> Result<Option<Option<Timestamp>>, ControlError> {
        const CENTURY: std::time::Duration = std::time::Duration::from_secs(100 * 366 * 86_400);
        self.read(name, |raw| {
            let text: Option<String> = serde_json::from_str(raw).ok();
            let moment = text.as_deref().and_then(Timestamp::parse_rfc3339);
            let moment =
                moment.ok_or_else(|| ControlError::invalid(name, "must be a moment like 2027-01-31T00:00:00Z"))?;
            if moment <= now {
                return Err(ControlError::invalid(name, "must be in the future"));
            }
            if moment > now.plus(CENTURY) {
                return Err(ControlError::invalid(name, "is too far in the future"));
            }
            Ok(moment)
        })
    }
}
