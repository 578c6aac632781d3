//! What the data plane keeps in memory of presets and routing settings.

use super::statement::statements;
use super::{Store, StoreError};
use domain::id::{AccountId, PresetId, WorkspaceId};
use std::collections::BTreeMap;

statements! {
    RULES_PRESETS = "select p.id, p.account_id, p.workspace_id, p.slug, v.version, v.system_prompt, v.config_json
        from presets p
        join preset_versions v on v.preset_id = p.id and v.version = p.designated
        where ($1 = 0 or p.account_id = $2) and p.id > $3 and p.status = 'active'
        order by p.id
        limit $4";
    RULES_ROUTING = "select scope_id, account_id, scope, document
        from routing_settings
        where ($1 = 0 or account_id = $2) and scope_id > $3
        order by scope_id
        limit $4";
}

/// Rows per read.
const PAGE: i64 = 500;

/// The version of a preset that requests get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivePreset {
    /// Its id.
    pub id: PresetId,
    /// The workspace in which its slug means it.
    pub workspace: WorkspaceId,
    /// What requests name.
    pub slug: String,
    /// Number of the version.
    pub version: u64,
    /// System prompt.
    pub system_prompt: Option<String>,
    /// Every other field, as a JSON object.
    pub config_json: String,
}

/// An account's presets and routing settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredRules {
    /// Presets that requests can use.
    pub presets: Vec<ActivePreset>,
    /// The account's routing settings, as a JSON object.
    pub account: Option<String>,
    /// The workspaces' routing settings, as JSON objects.
    pub workspaces: Vec<(WorkspaceId, String)>,
}

impl Store {
    /// The rules of one account, or of every account that has any.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn rules_load(&self, only: Option<AccountId>) -> Result<BTreeMap<AccountId, StoredRules>, StoreError> {
        let mut rules: BTreeMap<AccountId, StoredRules> = BTreeMap::new();
        let account = only.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let mut after = Vec::new();
        loop {
            let values = [only.is_some().into(), account.as_slice().into(), after.as_slice().into(), PAGE.into()];
            let rows = self.rows(&RULES_PRESETS, &values).await?;
            let Some(last) = rows.last() else { break };
            after = last.blob("id")?;
            for row in &rows {
                let preset = ActivePreset {
                    id: row.id("id", PresetId::from_bytes)?,
                    workspace: row.id("workspace_id", WorkspaceId::from_bytes)?,
                    slug: row.text("slug")?,
                    version: row.count("version")?,
                    system_prompt: row.text_opt("system_prompt")?,
                    config_json: row.text("config_json")?,
                };
                rules.entry(row.id("account_id", AccountId::from_bytes)?).or_default().presets.push(preset);
            }
        }
        self.routing_load(only, &mut rules).await?;
        Ok(rules)
    }

    async fn routing_load(
        &self,
        only: Option<AccountId>,
        rules: &mut BTreeMap<AccountId, StoredRules>,
    ) -> Result<(), StoreError> {
        let account = only.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let mut after = Vec::new();
        loop {
            let values = [only.is_some().into(), account.as_slice().into(), after.as_slice().into(), PAGE.into()];
            let rows = self.rows(&RULES_ROUTING, &values).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.blob("scope_id")?;
            for row in &rows {
                let document = row.text("document")?;
                let of = rules.entry(row.id("account_id", AccountId::from_bytes)?).or_default();
                match row.text("scope")?.as_str() {
                    "account" => of.account = Some(document),
                    "workspace" => of.workspaces.push((row.id("scope_id", WorkspaceId::from_bytes)?, document)),
                    _ => return Err(row.corrupt("scope")),
                }
            }
        }
    }
}
