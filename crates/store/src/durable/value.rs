//! The narrow waist between Rust and SQL: three kinds of values, nullable or not, and rows that give them back.

use super::StoreError;
use domain::id::{AccountId, EntryId, GenerationId, KeyId, PresetId, PresetVersionId, UpstreamId, UserId, WorkspaceId};
use domain::key::KeyHash;
use domain::money::{Amount, UnitPrice};
use domain::time::Timestamp;
use sqlx::Row as _;
use std::borrow::Cow;

/// A value that is bound to a placeholder.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Int(Option<i64>),
    Text(Option<Cow<'a, str>>),
    Blob(Option<Cow<'a, [u8]>>),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

/// Counts are clamped to the range of a column, which no real count reaches.
impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<u16> for Value<'_> {
    fn from(value: u16) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(Cow::Borrowed(value)))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Self::Text(Some(Cow::Owned(value)))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Some(Cow::Borrowed(value)))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value.map(Cow::Borrowed))
    }
}

impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(value: &'a Option<String>) -> Self {
        Self::Text(value.as_deref().map(Cow::Borrowed))
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Blob(Some(Cow::Borrowed(value)))
    }
}

impl<'a> From<Option<&'a [u8]>> for Value<'a> {
    fn from(value: Option<&'a [u8]>) -> Self {
        Self::Blob(value.map(Cow::Borrowed))
    }
}

macro_rules! integers {
    ($($type:ty => $get:ident),*) => {$(
        impl From<$type> for Value<'_> {
            fn from(value: $type) -> Self {
                Self::Int(Some(value.$get()))
            }
        }

        impl From<Option<$type>> for Value<'_> {
            fn from(value: Option<$type>) -> Self {
                Self::Int(value.map(<$type>::$get))
            }
        }
    )*};
}

integers!(Amount => nanos, UnitPrice => femtos, Timestamp => micros);

macro_rules! bytes {
    ($($type:ty),*) => {$(
        impl From<$type> for Value<'_> {
            fn from(value: $type) -> Self {
                Self::Blob(Some(Cow::Owned(value.as_bytes().to_vec())))
            }
        }

        impl From<Option<$type>> for Value<'_> {
            fn from(value: Option<$type>) -> Self {
                Self::Blob(value.map(|value| Cow::Owned(value.as_bytes().to_vec())))
            }
        }
    )*};
}

bytes!(AccountId, WorkspaceId, KeyId, UserId, EntryId, GenerationId, UpstreamId, PresetId, PresetVersionId, KeyHash);

/// A row of either engine. Remembers its statement so that a bad value can be named.
pub(crate) struct Row {
    pub(super) statement: &'static str,
    pub(super) cells: Cells,
}

pub(super) enum Cells {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
}

macro_rules! cell {
    ($self:ident, $type:ty, $column:ident) => {
        match &$self.cells {
            Cells::Sqlite(row) => row.try_get::<Option<$type>, _>($column),
            Cells::Postgres(row) => row.try_get::<Option<$type>, _>($column),
        }
        .map_err(|source| $self.unreadable($column, &source))
    };
}

impl Row {
    fn unreadable(&self, column: &'static str, source: &sqlx::Error) -> StoreError {
        tracing::error!(statement = self.statement, column, error = %source, "a stored value cannot be read");
        self.corrupt(column)
    }

    /// The error for a value that no conversion accepts.
    pub(crate) const fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt { statement: self.statement, column }
    }

    pub(crate) fn int_opt(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        cell!(self, i64, column)
    }

    pub(crate) fn text_opt(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        cell!(self, String, column)
    }

    pub(crate) fn blob_opt(&self, column: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        cell!(self, Vec<u8>, column)
    }

    pub(crate) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.int_opt(column)?.ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.text_opt(column)?.ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn blob(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.blob_opt(column)?.ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.corrupt(column)),
        }
    }

    pub(crate) fn count(&self, column: &'static str) -> Result<u64, StoreError> {
        u64::try_from(self.int(column)?).ok().ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn amount(&self, column: &'static str) -> Result<Amount, StoreError> {
        self.int(column).map(Amount::from_nanos)
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.int(column).map(Timestamp::from_micros)
    }

    pub(crate) fn time_opt(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.int_opt(column)?.map(Timestamp::from_micros))
    }

    /// Reads bytes and converts them, e.g. into an id.
    pub(crate) fn id<T, E>(
        &self,
        column: &'static str,
        convert: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<T, StoreError> {
        convert(&self.blob(column)?).ok().ok_or_else(|| self.corrupt(column))
    }

    /// Reads nullable bytes and converts them.
    pub(crate) fn id_opt<T, E>(
        &self,
        column: &'static str,
        convert: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<Option<T>, StoreError> {
        let bytes = self.blob_opt(column)?;
        bytes.map(|bytes| convert(&bytes).ok().ok_or_else(|| self.corrupt(column))).transpose()
    }

    /// Reads a word of a closed vocabulary or a JSON document.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).ok().ok_or_else(|| self.corrupt(column))
    }

    /// Reads a word that a type spells in its serialised form.
    pub(crate) fn word<T: serde::de::DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        let word = serde_json::Value::String(self.text(column)?);
        serde_json::from_value(word).ok().ok_or_else(|| self.corrupt(column))
    }
}

/// The word under which a plain enum variant is stored.
pub(crate) fn word_text<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(StoreError::Corrupt { statement: "serialise", column: "word" }),
    }
}
