//! What accounts and workspaces allow, prefer and share: one JSON document per scope.

use super::statement::statements;
use super::{ChangeKind, Store, StoreError};
use domain::id::{AccountId, WorkspaceId};
use domain::time::Timestamp;

statements! {
    ROUTING_FIND = "select document, updated_at from routing_settings where scope_id = $1";
    ROUTING_PUT = "insert into routing_settings (scope_id, account_id, scope, document, updated_at)
        values ($1, $2, $3, $4, $5)
        on conflict (scope_id) do update
        set document = excluded.document, updated_at = excluded.updated_at";
}

/// Whose routing settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoutingScope {
    /// The whole account's.
    Account,
    /// One workspace's.
    Workspace(WorkspaceId),
}

/// Stored routing settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutingSettings {
    /// The settings, as a JSON object.
    pub document: String,
    /// Last change.
    pub updated_at: Timestamp,
}

impl RoutingScope {
    fn id(self, account: AccountId) -> Vec<u8> {
        match self {
            Self::Account => account.as_bytes().to_vec(),
            Self::Workspace(workspace) => workspace.as_bytes().to_vec(),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Workspace(_) => "workspace",
        }
    }
}

impl Store {
    /// Reads the settings of a scope; `None` when none were ever written.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn routing_find(
        &self,
        account: AccountId,
        scope: RoutingScope,
    ) -> Result<Option<RoutingSettings>, StoreError> {
        let row = self.row(&ROUTING_FIND, &[scope.id(account).as_slice().into()]).await?;
        row.map(|row| Ok(RoutingSettings { document: row.text("document")?, updated_at: row.time("updated_at")? }))
            .transpose()
    }

    /// Writes the settings of a scope.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn routing_put(
        &self,
        account: AccountId,
        scope: RoutingScope,
        document: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = scope.id(account);
        let mut tx = self.write().await?;
        let values = [id.as_slice().into(), account.into(), scope.word().into(), document.into(), at.into()];
        tx.execute(&ROUTING_PUT, &values).await?;
        tx.change(ChangeKind::Rules, account.as_bytes(), at).await?;
        tx.commit().await
    }
}
