//! The catalogue overlay with its history, and settings that are changed at run time.

use super::statement::statements;
use super::value::Row;
use super::{ChangeKind, Store, StoreError};
use domain::time::Timestamp;

statements! {
    CATALOG_PUT = "insert into catalog_models (model_id, version, document, effective_from, recorded_at)
        values ($1, $2, $3, $4, $5)";
    CATALOG_CURRENT = "select c.model_id, c.version, c.document, c.effective_from, c.recorded_at
        from catalog_models c
        where c.effective_from <= $1
            and c.model_id > $2
            and not exists (select 1
                from catalog_models newer
                where newer.model_id = c.model_id
                    and newer.effective_from <= $1
                    and (newer.effective_from > c.effective_from
                        or (newer.effective_from = c.effective_from and newer.recorded_at > c.recorded_at)
                        or (newer.effective_from = c.effective_from and newer.recorded_at = c.recorded_at
                            and newer.version > c.version)))
        order by c.model_id
        limit $3";
    CATALOG_HISTORY = "select model_id, version, document, effective_from, recorded_at
        from catalog_models
        where model_id = $1
        order by effective_from desc, recorded_at desc, version desc
        limit $2";
    SETTING_GET = "select value from settings where name = $1";
    SETTING_PUT = "insert into settings (name, value, updated_at)
        values ($1, $2, $3)
        on conflict (name) do update
        set value = excluded.value, updated_at = excluded.updated_at";
}

/// Rows per read.
const PAGE: i64 = 500;

/// A new version of a catalogue entry.
#[derive(Debug, Clone)]
pub struct NewCatalogEntry {
    /// Model id.
    pub model_id: String,
    /// Price version; unique within the model.
    pub version: String,
    /// The entry as JSON; none withdraws the override.
    pub document: Option<String>,
    /// When it takes effect.
    pub effective_from: Timestamp,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A stored version of a catalogue entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogEntry {
    /// Model id.
    pub model_id: String,
    /// Price version.
    pub version: String,
    /// The entry as JSON; none withdraws the override.
    pub document: Option<String>,
    /// When it takes effect.
    pub effective_from: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

fn from_row(row: &Row) -> Result<CatalogEntry, StoreError> {
    Ok(CatalogEntry {
        model_id: row.text("model_id")?,
        version: row.text("version")?,
        document: row.text_opt("document")?,
        effective_from: row.time("effective_from")?,
        recorded_at: row.time("recorded_at")?,
    })
}

impl Store {
    /// Records versions of catalogue entries, all or none; earlier ones stay.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a version is already recorded for its model.
    pub async fn catalog_put(&self, entries: &[NewCatalogEntry]) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for entry in entries {
            let values = [
                (&entry.model_id).into(),
                (&entry.version).into(),
                (&entry.document).into(),
                entry.effective_from.into(),
                entry.at.into(),
            ];
            tx.execute(&CATALOG_PUT, &values).await?;
            tx.change(ChangeKind::Catalog, entry.model_id.as_bytes(), entry.at).await?;
        }
        tx.commit().await
    }

    /// The version of every overridden model that is in effect, without withdrawn ones, by model id.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn catalog_current(&self, now: Timestamp) -> Result<Vec<CatalogEntry>, StoreError> {
        let mut entries: Vec<CatalogEntry> = Vec::new();
        let mut after = String::new();
        loop {
            let rows = self.rows(&CATALOG_CURRENT, &[now.into(), (&after).into(), PAGE.into()]).await?;
            let Some(last) = rows.last() else {
                break;
            };
            after = last.text("model_id")?;
            for row in &rows {
                entries.push(from_row(row)?);
            }
        }
        entries.retain(|entry| entry.document.is_some());
        Ok(entries)
    }

    /// Versions of one model, latest effect first, at most 500.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn catalog_history(&self, model_id: &str) -> Result<Vec<CatalogEntry>, StoreError> {
        let rows = self.rows(&CATALOG_HISTORY, &[model_id.into(), PAGE.into()]).await?;
        rows.iter().map(from_row).collect()
    }

    /// Reads a setting.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn setting_get(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.row(&SETTING_GET, &[name.into()]).await?.map(|row| row.text("value")).transpose()
    }

    /// Writes a setting.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn setting_put(&self, name: &str, value: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.execute(&SETTING_PUT, &[name.into(), value.into(), at.into()]).await?;
        tx.change(ChangeKind::Setting, name.as_bytes(), at).await?;
        tx.commit().await
    }
}
