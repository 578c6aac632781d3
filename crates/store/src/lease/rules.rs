//! An account's presets and routing settings in memory.

use crate::StoreError;
use crate::durable::{ActivePreset, StoredRules};
use domain::id::WorkspaceId;
use domain::route::policy::{Layer, Scope};
use domain::rules::RoutingRules;
use std::collections::HashMap;
use std::sync::Arc;

/// What an account and its workspaces set for all their calls. Immutable; a change swaps the whole.
#[derive(Debug, Default)]
pub struct Rules {
    presets: HashMap<(WorkspaceId, String), Arc<ActivePreset>>,
    account: Option<Arc<Layer>>,
    workspaces: HashMap<WorkspaceId, Arc<Layer>>,
}

fn read(document: &str, scope: Scope) -> Result<Arc<Layer>, StoreError> {
    let corrupt = |_shape| StoreError::Corrupt { statement: "rules_load", column: "document" };
    let settings: RoutingRules = serde_json::from_str(document).map_err(corrupt)?;
    Ok(Arc::new(settings.layer(scope)))
}

impl Rules {
    /// Reads what the store holds.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for settings that this version does not understand.
    pub(super) fn new(stored: StoredRules) -> Result<Self, StoreError> {
        let keyed = |preset: ActivePreset| ((preset.workspace, preset.slug.clone()), Arc::new(preset));
        let workspaces = stored.workspaces.iter().map(|(id, document)| Ok((*id, read(document, Scope::Workspace)?)));
        Ok(Self {
            account: stored.account.as_deref().map(|document| read(document, Scope::Account)).transpose()?,
            workspaces: workspaces.collect::<Result<_, StoreError>>()?,
            presets: stored.presets.into_iter().map(keyed).collect(),
        })
    }

    /// The preset that a slug means in a workspace, if requests can use it.
    #[must_use]
    pub fn preset(&self, workspace: WorkspaceId, slug: &str) -> Option<&Arc<ActivePreset>> {
        self.presets.get(&(workspace, slug.to_owned()))
    }

    /// The layers of policy for calls of a key in `workspace`, outermost first: the account's, then the workspace's.
    #[must_use]
    pub fn layers(&self, workspace: Option<WorkspaceId>) -> Vec<Arc<Layer>> {
        let inner = workspace.and_then(|workspace| self.workspaces.get(&workspace));
        self.account.iter().chain(inner).cloned().collect()
    }
}
