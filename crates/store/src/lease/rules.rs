//! An account's presets and routing settings in memory.

use crate::StoreError;
use crate::durable::{ActivePreset, StoredRules};
use domain::id::WorkspaceId;
use domain::rules::RoutingRules;
use std::collections::HashMap;
use std::sync::Arc;

/// What an account and its workspaces set for all their calls. Immutable; a change swaps the whole.
#[derive(Debug, Default)]
pub struct Rules {
    presets: HashMap<(WorkspaceId, String), Arc<ActivePreset>>,
    account: Option<Arc<RoutingRules>>,
    workspaces: HashMap<WorkspaceId, Arc<RoutingRules>>,
}

fn read(document: &str) -> Result<Arc<RoutingRules>, StoreError> {
    let corrupt = |_shape| StoreError::Corrupt { statement: "rules_load", column: "document" };
    serde_json::from_str(document).map(Arc::new).map_err(corrupt)
}

impl Rules {
    /// Reads what the store holds.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for settings that this version does not understand.
    pub(super) fn new(stored: StoredRules) -> Result<Self, StoreError> {
        let keyed = |preset: ActivePreset| ((preset.workspace, preset.slug.clone()), Arc::new(preset));
        let workspaces = stored.workspaces.iter().map(|(id, document)| Ok((*id, read(document)?)));
        Ok(Self {
            account: stored.account.as_deref().map(read).transpose()?,
            workspaces: workspaces.collect::<Result<_, StoreError>>()?,
            presets: stored.presets.into_iter().map(keyed).collect(),
        })
    }

    /// The preset that a slug means in a workspace, if requests can use it.
    #[must_use]
    pub fn preset(&self, workspace: WorkspaceId, slug: &str) -> Option<&Arc<ActivePreset>> {
        self.presets.get(&(workspace, slug.to_owned()))
    }

    /// The account's own routing settings.
    #[must_use]
    pub const fn account(&self) -> Option<&Arc<RoutingRules>> {
        self.account.as_ref()
    }

    /// A workspace's routing settings.
    #[must_use]
    pub fn workspace(&self, workspace: WorkspaceId) -> Option<&Arc<RoutingRules>> {
        self.workspaces.get(&workspace)
    }
}
