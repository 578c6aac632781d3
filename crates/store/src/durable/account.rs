//! Accounts and their default workspaces.

use super::statement::statements;
use super::value::Row;
use super::{ChangeKind, Store, StoreError};
use domain::id::{AccountId, WorkspaceId};
use domain::money::Amount;
use domain::time::Timestamp;

statements! {
    ACCOUNT_INSERT = "insert into accounts (id, name, is_demo, workspace_id, granted, bought, posted, created_at)
        values ($1, $2, $3, $4, 0, 0, 0, $5)";
    WORKSPACE_INSERT = "insert into workspaces (id, account_id, name, created_at) values ($1, $2, $3, $4)";
    ACCOUNT_FIND = "select id, name, is_demo, workspace_id, granted, bought, posted, created_at
        from accounts
        where id = $1";
    ACCOUNT_LIST = "select id, name, is_demo, workspace_id, granted, bought, posted, created_at
        from accounts
        where id > $1
        order by id
        limit $2";
    ACCOUNT_FIRST = "select id, name, is_demo, workspace_id, granted, bought, posted, created_at
        from accounts
        where is_demo = 0
        order by id
        limit 1";
}

/// A new account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its id.
    pub id: AccountId,
    /// Display name.
    pub name: String,
    /// Whether it only pays for the demonstration models.
    pub is_demo: bool,
    /// Its default workspace, which is made with it.
    pub workspace: WorkspaceId,
    /// When.
    pub created_at: Timestamp,
}

/// An account with the cached sums of its ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Display name.
    pub name: String,
    /// Whether it only pays for the demonstration models.
    pub is_demo: bool,
    /// Its default workspace.
    pub workspace: WorkspaceId,
    /// Sum of grants, promotions and adjustments.
    pub granted: Amount,
    /// Sum of grants alone: credit ever bought.
    pub bought: Amount,
    /// Sum of settled charges.
    pub posted: Amount,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Account {
    /// Granted minus posted; negative when answers cost more than was there.
    #[must_use]
    pub const fn balance(&self) -> Amount {
        self.granted.saturating_sub(self.posted)
    }
}

pub(super) fn from_row(row: &Row) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.id("id", AccountId::from_bytes)?,
        name: row.text("name")?,
        is_demo: row.flag("is_demo")?,
        workspace: row.id("workspace_id", WorkspaceId::from_bytes)?,
        granted: row.amount("granted")?,
        bought: row.amount("bought")?,
        posted: row.amount("posted")?,
        created_at: row.time("created_at")?,
    })
}

impl Store {
    /// Makes an account and its default workspace, without credit.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id is taken.
    pub async fn account_insert(&self, new: &NewAccount) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let account =
            [new.id.into(), (&new.name).into(), new.is_demo.into(), new.workspace.into(), new.created_at.into()];
        tx.execute(&ACCOUNT_INSERT, &account).await?;
        let workspace = [new.workspace.into(), new.id.into(), "Default".into(), new.created_at.into()];
        tx.execute(&WORKSPACE_INSERT, &workspace).await?;
        tx.change(ChangeKind::Account, new.id.as_bytes(), new.created_at).await?;
        tx.commit().await
    }

    /// Finds an account.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn account_find(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.row(&ACCOUNT_FIND, &[id.into()]).await?.as_ref().map(from_row).transpose()
    }

    /// Accounts in order of creation, after an id.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn account_list(&self, limit: u32, after: Option<AccountId>) -> Result<Vec<Account>, StoreError> {
        let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let rows = self.rows(&ACCOUNT_LIST, &[after.as_slice().into(), i64::from(limit).into()]).await?;
        rows.iter().map(from_row).collect()
    }

    /// The oldest account that is not the demonstration account.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn account_first(&self) -> Result<Option<Account>, StoreError> {
        self.row(&ACCOUNT_FIRST, &[]).await?.as_ref().map(from_row).transpose()
    }
}
