//! Presets: named sets of model, parameters and system prompt that requests can build on.
//!
//! A preset is made by sending what a request would send; each further one of the same slug is a new version, and requests
//! get the newest unless an older one is designated.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod update;
pub(crate) mod version;
pub(crate) mod versions;

use crate::caller::Caller;
use crate::error::ControlError;
use crate::memory;
use crate::query::Params;
use crate::state::Control;
use domain::id::WorkspaceId;
use serde::Serialize;
use serde_json::value::RawValue;
use store::durable::{Preset, PresetVersion};
use utoipa::ToSchema;

const NOT_FOUND: ControlError = ControlError::NotFound("Preset");

/// A preset without its content.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Preset)]
pub(crate) struct PresetData {
    /// Its id.
    id: String,
    /// What requests name.
    slug: String,
    /// Display name; the slug until it is changed.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// `active`, `disabled` or `archived`; requests can use active ones.
    status: &'static str,
    /// Last change of the status.
    status_updated_at: Option<String>,
    /// Its workspace.
    workspace_id: Option<String>,
    /// Who made it, if a person did.
    creator_user_id: Option<String>,
    /// The version that requests get.
    designated_version_id: Option<String>,
    /// Its number; an extension.
    designated_version_number: u64,
    /// How many versions there are; an extension.
    versions: u64,
    /// When it was made.
    created_at: String,
    /// Last change.
    updated_at: String,
}

/// A version of a preset; it never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PresetVersion)]
pub(crate) struct VersionData {
    /// Its id.
    id: String,
    /// Its preset.
    preset_id: String,
    /// Counts from 1.
    version: u64,
    /// System prompt; comes first in requests that have none of their own.
    system_prompt: Option<String>,
    /// Every other field, as requests have them.
    #[schema(value_type = Object)]
    config: Box<RawValue>,
    /// User or key that made it.
    creator_id: String,
    /// When it was made.
    created_at: String,
    /// The same: versions never change.
    updated_at: String,
}

/// A preset with the version that requests get.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PresetWithVersion)]
pub(crate) struct FullPresetData {
    #[serde(flatten)]
    preset: PresetData,
    /// What requests get.
    designated_version: Option<VersionData>,
}

/// One preset.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresetReply {
    data: FullPresetData,
}

impl From<Preset> for PresetData {
    fn from(preset: Preset) -> Self {
        Self {
            id: preset.id.to_string(),
            slug: preset.slug,
            name: preset.name,
            description: preset.description,
            status: preset.status.as_str(),
            status_updated_at: preset.status_updated_at.map(|at| at.to_rfc3339()),
            workspace_id: Some(preset.workspace.to_string()),
            creator_user_id: preset.creator.map(|user| user.to_string()),
            designated_version_id: preset.designated_id.map(|id| id.to_string()),
            designated_version_number: preset.designated,
            versions: preset.versions,
            created_at: preset.created_at.to_rfc3339(),
            updated_at: preset.updated_at.to_rfc3339(),
        }
    }
}

impl TryFrom<PresetVersion> for VersionData {
    type Error = ControlError;

    fn try_from(version: PresetVersion) -> Result<Self, ControlError> {
        let created_at = version.created_at.to_rfc3339();
        Ok(Self {
            id: version.id.to_string(),
            preset_id: version.preset.to_string(),
            version: version.version,
            system_prompt: version.system_prompt,
            config: RawValue::from_string(version.config_json)?,
            creator_id: version.creator,
            updated_at: created_at.clone(),
            created_at,
        })
    }
}

/// The preset that a slug means in the caller's workspace. Somebody else's is as absent as one that never was.
async fn find(control: &Control, caller: &Caller, slug: &str) -> Result<(WorkspaceId, Preset), ControlError> {
    let workspace = memory::workspace(control, &caller.account).await?;
    let preset = control.store.preset_find(workspace, slug).await?.ok_or(NOT_FOUND)?;
    Ok((workspace, preset))
}

/// The answer about one preset, with the version that requests get.
async fn reply(control: &Control, workspace: WorkspaceId, slug: &str) -> Result<PresetReply, ControlError> {
    let preset = control.store.preset_find(workspace, slug).await?.ok_or(NOT_FOUND)?;
    let version = control.store.preset_version(preset.id, preset.designated).await?;
    let designated_version = version.map(VersionData::try_from).transpose()?;
    Ok(PresetReply { data: FullPresetData { preset: preset.into(), designated_version } })
}

/// Reads `offset` and `limit`: 0 and 50 unless given, at most 100 rows.
fn page(params: &Params) -> Result<(u32, u32), ControlError> {
    let number =
        |value: Option<u64>, otherwise: u32| value.map_or(otherwise, |value| u32::try_from(value).unwrap_or(0));
    let offset = number(params.number("offset", 0, 1_000_000)?, 0);
    Ok((offset, number(params.number("limit", 1, 100)?, 50)))
}
