//! Presets and their versions, as they are read.

use super::statement::statements;
use super::value::Row;
use super::{Store, StoreError};
use domain::id::{AccountId, PresetId, PresetVersionId, UserId, WorkspaceId};
use domain::time::Timestamp;

statements! {
    PRESET_FIND = "select id, account_id, workspace_id, slug, name, description, status, status_updated_at,
            creator_user_id, designated, created_at, updated_at,
            (select v.id from preset_versions v
                where v.preset_id = presets.id and v.version = presets.designated) as version_id,
            (select count(*) from preset_versions v where v.preset_id = presets.id) as versions
        from presets
        where workspace_id = $1 and slug = $2";
    PRESET_LIST = "select id, account_id, workspace_id, slug, name, description, status, status_updated_at,
            creator_user_id, designated, created_at, updated_at,
            (select v.id from preset_versions v
                where v.preset_id = presets.id and v.version = presets.designated) as version_id,
            (select count(*) from preset_versions v where v.preset_id = presets.id) as versions
        from presets
        where workspace_id = $1
        order by created_at desc, id desc
        limit $2
        offset $3";
    PRESET_TOTAL = "select count(*) as total from presets where workspace_id = $1";
    VERSION_FIND = "select id, preset_id, version, system_prompt, config_json, creator_id, created_at
        from preset_versions
        where preset_id = $1 and version = $2";
    VERSION_LIST = "select id, preset_id, version, system_prompt, config_json, creator_id, created_at
        from preset_versions
        where preset_id = $1
        order by version
        limit $2
        offset $3";
    VERSION_TOTAL = "select count(*) as total from preset_versions where preset_id = $1";
}

/// Whether requests can use a preset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresetStatus {
    /// They can.
    Active,
    /// Switched off for now.
    Disabled,
    /// Put away.
    Archived,
}

impl PresetStatus {
    /// The spelling in the store and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Archived => "archived",
        }
    }

    /// Reads the spelling; `None` for any other word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Disabled, Self::Archived].into_iter().find(|status| status.as_str() == text)
    }
}

/// A preset without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// Its id.
    pub id: PresetId,
    /// The account it belongs to.
    pub account: AccountId,
    /// The workspace in which its slug means it.
    pub workspace: WorkspaceId,
    /// What requests name.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether requests can use it.
    pub status: PresetStatus,
    /// Last change of the status.
    pub status_updated_at: Option<Timestamp>,
    /// Who made it, if a person did.
    pub creator: Option<UserId>,
    /// Number of the version that requests get.
    pub designated: u64,
    /// Id of that version.
    pub designated_id: Option<PresetVersionId>,
    /// How many versions there are.
    pub versions: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

/// What a preset holds, or held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresetVersion {
    /// Its id.
    pub id: PresetVersionId,
    /// The preset it belongs to.
    pub preset: PresetId,
    /// Counts from 1 within the preset.
    pub version: u64,
    /// System prompt.
    pub system_prompt: Option<String>,
    /// Every other field, as a JSON object.
    pub config_json: String,
    /// User or key that made it.
    pub creator: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn preset_from_row(row: &Row) -> Result<Preset, StoreError> {
    Ok(Preset {
        id: row.id("id", PresetId::from_bytes)?,
        account: row.id("account_id", AccountId::from_bytes)?,
        workspace: row.id("workspace_id", WorkspaceId::from_bytes)?,
        slug: row.text("slug")?,
        name: row.text("name")?,
        description: row.text_opt("description")?,
        status: row.word("status")?,
        status_updated_at: row.time_opt("status_updated_at")?,
        creator: row.id_opt("creator_user_id", UserId::from_bytes)?,
        designated: row.count("designated")?,
        designated_id: row.id_opt("version_id", PresetVersionId::from_bytes)?,
        versions: row.count("versions")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn version_from_row(row: &Row) -> Result<PresetVersion, StoreError> {
    Ok(PresetVersion {
        id: row.id("id", PresetVersionId::from_bytes)?,
        preset: row.id("preset_id", PresetId::from_bytes)?,
        version: row.count("version")?,
        system_prompt: row.text_opt("system_prompt")?,
        config_json: row.text("config_json")?,
        creator: row.text("creator_id")?,
        created_at: row.time("created_at")?,
    })
}

impl Store {
    /// Finds a preset by its slug.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn preset_find(&self, workspace: WorkspaceId, slug: &str) -> Result<Option<Preset>, StoreError> {
        self.row(&PRESET_FIND, &[workspace.into(), slug.into()]).await?.as_ref().map(preset_from_row).transpose()
    }

    /// Presets of a workspace, newest first, with the number of all of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn preset_list(
        &self,
        workspace: WorkspaceId,
        offset: u32,
        limit: u32,
    ) -> Result<(Vec<Preset>, u64), StoreError> {
        let page = [workspace.into(), i64::from(limit).into(), i64::from(offset).into()];
        let rows = self.rows(&PRESET_LIST, &page).await?;
        let total = self.row(&PRESET_TOTAL, &[workspace.into()]).await?;
        let total = total.ok_or(StoreError::Missing { what: "preset count" })?.count("total")?;
        Ok((rows.iter().map(preset_from_row).collect::<Result<_, _>>()?, total))
    }

    /// One version of a preset.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn preset_version(&self, preset: PresetId, version: u64) -> Result<Option<PresetVersion>, StoreError> {
        self.row(&VERSION_FIND, &[preset.into(), version.into()]).await?.as_ref().map(version_from_row).transpose()
    }

    /// Versions of a preset, oldest first, with the number of all of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn preset_versions(
        &self,
        preset: PresetId,
        offset: u32,
        limit: u32,
    ) -> Result<(Vec<PresetVersion>, u64), StoreError> {
        let page = [preset.into(), i64::from(limit).into(), i64::from(offset).into()];
        let rows = self.rows(&VERSION_LIST, &page).await?;
        let total = self.row(&VERSION_TOTAL, &[preset.into()]).await?;
        let total = total.ok_or(StoreError::Missing { what: "version count" })?.count("total")?;
        Ok((rows.iter().map(version_from_row).collect::<Result<_, _>>()?, total))
    }
}
