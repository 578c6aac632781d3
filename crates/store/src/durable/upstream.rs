//! Provider connections that were added at run time.

use super::statement::statements;
use super::{ChangeKind, Store, StoreError};
use domain::id::UpstreamId;
use domain::time::Timestamp;

statements! {
    UPSTREAM_UPSERT = "insert into upstreams (id, slug, family, base_url, secret, is_sealed, is_disabled, settings_json,
            created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (id) do update
        set slug = excluded.slug, family = excluded.family, base_url = excluded.base_url, secret = excluded.secret,
            is_sealed = excluded.is_sealed, is_disabled = excluded.is_disabled,
            settings_json = excluded.settings_json, updated_at = excluded.updated_at";
    UPSTREAM_LIST = "select id, slug, family, base_url, secret, is_sealed, is_disabled, settings_json, created_at,
            updated_at
        from upstreams
        order by slug, id
        limit $1";
    UPSTREAM_DELETE = "delete from upstreams where id = $1";
}

/// Most connections that a list returns; more cannot be added sensibly by hand.
const LIST_MAX: i64 = 10_000;

/// A provider connection.
#[derive(Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Its id.
    pub id: UpstreamId,
    /// Provider handle; unique.
    pub slug: String,
    /// Wire format family, as configuration spells it.
    pub family: String,
    /// Base address without trailing slash.
    pub base_url: String,
    /// The credential, exactly as the caller gave it.
    pub secret: Option<Vec<u8>>,
    /// Whether the caller sealed the credential.
    pub is_sealed: bool,
    /// Whether it is skipped.
    pub is_disabled: bool,
    /// Anything else, as a JSON object.
    pub settings_json: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Upstream")
            .field("id", &self.id)
            .field("slug", &self.slug)
            .field("family", &self.family)
            .field("base_url", &self.base_url)
            .field("secret", &self.secret.as_ref().map(|_| "redacted"))
            .field("is_disabled", &self.is_disabled)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Adds a connection or replaces the one with the same id.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another connection has the slug.
    pub async fn upstream_upsert(&self, upstream: &Upstream) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let values = [
            upstream.id.into(),
            (&upstream.slug).into(),
            (&upstream.family).into(),
            (&upstream.base_url).into(),
            upstream.secret.as_deref().into(),
            upstream.is_sealed.into(),
            upstream.is_disabled.into(),
            (&upstream.settings_json).into(),
            upstream.created_at.into(),
            upstream.updated_at.into(),
        ];
        tx.execute(&UPSTREAM_UPSERT, &values).await?;
        tx.change(ChangeKind::Upstream, upstream.id.as_bytes(), upstream.updated_at).await?;
        tx.commit().await
    }

    /// Every connection, disabled ones too, by slug.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn upstream_list(&self) -> Result<Vec<Upstream>, StoreError> {
        let rows = self.rows(&UPSTREAM_LIST, &[LIST_MAX.into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Upstream {
                    id: row.id("id", UpstreamId::from_bytes)?,
                    slug: row.text("slug")?,
                    family: row.text("family")?,
                    base_url: row.text("base_url")?,
                    secret: row.blob_opt("secret")?,
                    is_sealed: row.flag("is_sealed")?,
                    is_disabled: row.flag("is_disabled")?,
                    settings_json: row.text("settings_json")?,
                    created_at: row.time("created_at")?,
                    updated_at: row.time("updated_at")?,
                })
            })
            .collect()
    }

    /// Removes a connection; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn upstream_delete(&self, id: UpstreamId, at: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let gone = tx.execute(&UPSTREAM_DELETE, &[id.into()]).await?;
        tx.change(ChangeKind::Upstream, id.as_bytes(), at).await?;
        tx.commit().await?;
        Ok(gone > 0)
    }
}
