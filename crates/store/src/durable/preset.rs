//! Making, changing and removing presets. Every change bumps the account's rules in the change feed.

use super::connection::Tx;
use super::preset_read::PresetStatus;
use super::statement::statements;
use super::{ChangeKind, Store, StoreError};
use domain::id::{AccountId, PresetId, PresetVersionId, UserId, WorkspaceId};
use domain::time::Timestamp;

statements! {
    PRESET_LOCK = "update presets
        set updated_at = $3
        where workspace_id = $1 and slug = $2
        returning id";
    PRESET_COUNT = "select count(*) as total from presets where workspace_id = $1";
    PRESET_INSERT = "insert into presets (id, account_id, workspace_id, slug, name, description, status,
            status_updated_at, creator_user_id, designated, created_at, updated_at)
        values ($1, $2, $3, $4, $5, null, 'active', null, $6, 1, $7, $7)";
    PRESET_DESIGNATE = "update presets set designated = $2, updated_at = $3 where id = $1";
    PRESET_UPDATE = "update presets
        set name = case when $3 = 1 then $4 else name end,
            description = case when $5 = 1 then $6 else description end,
            status_updated_at = case when $7 = 1 and status <> $8 then $11 else status_updated_at end,
            status = case when $7 = 1 then $8 else status end,
            designated = case when $9 = 1 then $10 else designated end,
            updated_at = $11
        where workspace_id = $1
            and slug = $2
            and ($9 = 0 or exists (select 1 from preset_versions v where v.preset_id = presets.id and v.version = $10))
        returning account_id";
    PRESET_DELETE = "delete from presets where workspace_id = $1 and slug = $2 returning id, account_id";
    VERSIONS_DELETE = "delete from preset_versions where preset_id = $1";
    VERSION_COUNT = "select count(*) as total, coalesce(max(version), 0) as newest
        from preset_versions
        where preset_id = $1";
    VERSION_INSERT = "insert into preset_versions (id, preset_id, version, system_prompt, config_json, creator_id,
            created_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
}

/// A preset, or another version of the one that has the slug.
#[derive(Debug, Clone)]
pub struct NewPresetVersion {
    /// Id of the preset, if it is new.
    pub preset: PresetId,
    /// Id of the version.
    pub version: PresetVersionId,
    /// The account it belongs to.
    pub account: AccountId,
    /// The workspace in which the slug means it.
    pub workspace: WorkspaceId,
    /// What requests name.
    pub slug: String,
    /// System prompt.
    pub system_prompt: Option<String>,
    /// Every other field, as a JSON object.
    pub config_json: String,
    /// Who made it, if a person did.
    pub user: Option<UserId>,
    /// User or key that made the version.
    pub creator: String,
    /// When.
    pub at: Timestamp,
}

/// How many presets and versions there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresetLimits {
    /// Presets of a workspace.
    pub presets: u64,
    /// Versions of a preset.
    pub versions: u64,
}

/// What became of a new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresetPut {
    /// It is stored under this number and is what requests get.
    Stored(u64),
    /// The workspace has as many presets as it may.
    TooManyPresets,
    /// The preset has as many versions as it may.
    TooManyVersions,
}

/// Changes to a preset; `None` leaves as is.
#[derive(Debug, Clone, Default)]
pub struct PresetPatch {
    /// Display name.
    pub name: Option<String>,
    /// What it is for; inner none removes it.
    pub description: Option<Option<String>>,
    /// Whether requests can use it.
    pub status: Option<PresetStatus>,
    /// Number of the version that requests get.
    pub designated: Option<u64>,
}

impl Tx {
    async fn preset_total(&mut self, workspace: WorkspaceId) -> Result<u64, StoreError> {
        let row = self.row(&PRESET_COUNT, &[workspace.into()]).await?;
        row.ok_or(StoreError::Missing { what: "preset count" })?.count("total")
    }

    async fn version_insert(
        &mut self,
        new: &NewPresetVersion,
        preset: PresetId,
        number: u64,
    ) -> Result<(), StoreError> {
        let values = [
            new.version.into(),
            preset.into(),
            number.into(),
            (&new.system_prompt).into(),
            (&new.config_json).into(),
            (&new.creator).into(),
            new.at.into(),
        ];
        self.execute(&VERSION_INSERT, &values).await?;
        Ok(())
    }

    async fn preset_insert(&mut self, new: &NewPresetVersion) -> Result<(), StoreError> {
        let values = [
            new.preset.into(),
            new.account.into(),
            new.workspace.into(),
            (&new.slug).into(),
            (&new.slug).into(),
            new.user.into(),
            new.at.into(),
        ];
        self.execute(&PRESET_INSERT, &values).await?;
        self.version_insert(new, new.preset, 1).await
    }

    /// The number of the stored version; `None` when the preset is full.
    async fn preset_extend(
        &mut self,
        new: &NewPresetVersion,
        preset: PresetId,
        limit: u64,
    ) -> Result<Option<u64>, StoreError> {
        let row = self.row(&VERSION_COUNT, &[preset.into()]).await?;
        let row = row.ok_or(StoreError::Missing { what: "version count" })?;
        if row.count("total")? >= limit {
            return Ok(None);
        }
        let number = row.count("newest")?.saturating_add(1);
        self.version_insert(new, preset, number).await?;
        self.execute(&PRESET_DESIGNATE, &[preset.into(), number.into(), new.at.into()]).await?;
        Ok(Some(number))
    }
}

impl Store {
    /// Makes a preset, or a further version of the one that has the slug; that version is what requests get from now on.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else makes the same slug at the same moment.
    pub async fn preset_put(&self, new: &NewPresetVersion, limits: PresetLimits) -> Result<PresetPut, StoreError> {
        let mut tx = self.write().await?;
        // Taking the row first keeps two writers of one preset from taking the same number.
        let row = tx.row(&PRESET_LOCK, &[new.workspace.into(), (&new.slug).into(), new.at.into()]).await?;
        let number = match row.map(|row| row.id("id", PresetId::from_bytes)).transpose()? {
            Some(preset) => match tx.preset_extend(new, preset, limits.versions).await? {
                Some(number) => number,
                None => return Ok(PresetPut::TooManyVersions),
            },
            None if tx.preset_total(new.workspace).await? >= limits.presets => return Ok(PresetPut::TooManyPresets),
            None => {
                tx.preset_insert(new).await?;
                1
            }
        };
        tx.change(ChangeKind::Rules, new.account.as_bytes(), new.at).await?;
        tx.commit().await?;
        Ok(PresetPut::Stored(number))
    }

    /// Changes a preset; whether there was one, with the version that the patch names.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn preset_update(
        &self,
        workspace: WorkspaceId,
        slug: &str,
        patch: &PresetPatch,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = [
            workspace.into(),
            slug.into(),
            patch.name.is_some().into(),
            patch.name.as_deref().unwrap_or_default().into(),
            patch.description.is_some().into(),
            patch.description.as_ref().and_then(Option::as_deref).into(),
            patch.status.is_some().into(),
            patch.status.map_or("", PresetStatus::as_str).into(),
            patch.designated.is_some().into(),
            patch.designated.unwrap_or(0).into(),
            at.into(),
        ];
        let mut tx = self.write().await?;
        let Some(row) = tx.row(&PRESET_UPDATE, &values).await? else { return Ok(false) };
        tx.change(ChangeKind::Rules, &row.blob("account_id")?, at).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Removes a preset with all its versions; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn preset_delete(&self, workspace: WorkspaceId, slug: &str, at: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let Some(row) = tx.row(&PRESET_DELETE, &[workspace.into(), slug.into()]).await? else { return Ok(false) };
        tx.execute(&VERSIONS_DELETE, &[row.blob("id")?.as_slice().into()]).await?;
        tx.change(ChangeKind::Rules, &row.blob("account_id")?, at).await?;
        tx.commit().await?;
        Ok(true)
    }
}
