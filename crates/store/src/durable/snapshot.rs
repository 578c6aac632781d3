//! What a server keeps in memory: every account and key with its sums.

use super::statement::statements;
use super::value::Row;
use super::{KeyState, Store, StoreError};
use domain::id::{AccountId, WorkspaceId};
use domain::money::Amount;
use domain::time::Timestamp;

statements! {
    SNAPSHOT_ACCOUNTS = "select a.id, a.name, a.is_demo, a.workspace_id, a.granted, a.bought, a.posted, d.free_requests
        from accounts a
        left join account_days d on d.account_id = a.id and d.day = $1
        where a.id > $2
        order by a.id
        limit $3";
    SNAPSHOT_ACCOUNT = "select a.id, a.name, a.is_demo, a.workspace_id, a.granted, a.bought, a.posted, d.free_requests
        from accounts a
        left join account_days d on d.account_id = a.id and d.day = $1
        where a.id = $2";
}

/// Rows per read of a snapshot.
const PAGE: i64 = 1000;

/// What admission needs to know about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountState {
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
    /// Sum of the charges that are posted here; undrained settlements come on top.
    pub posted: Amount,
    /// Settled calls of free models that were admitted on the UTC day of the snapshot.
    pub free_requests_today: u32,
}

/// Every account and key at one position of the change feed.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Everything up to this change is contained; poll for later ones.
    pub seq: i64,
    /// Accounts by id.
    pub accounts: Vec<AccountState>,
    /// Keys by id, without deleted ones.
    pub keys: Vec<KeyState>,
}

fn from_row(row: &Row) -> Result<AccountState, StoreError> {
    Ok(AccountState {
        id: row.id("id", AccountId::from_bytes)?,
        name: row.text("name")?,
        is_demo: row.flag("is_demo")?,
        workspace: row.id("workspace_id", WorkspaceId::from_bytes)?,
        granted: row.amount("granted")?,
        bought: row.amount("bought")?,
        posted: row.amount("posted")?,
        free_requests_today: u32::try_from(row.int_opt("free_requests")?.unwrap_or(0)).unwrap_or(u32::MAX),
    })
}

impl Store {
    /// Loads everything that admission keeps in memory.
    ///
    /// The position is read first: a change that commits while the pages are read is contained or comes again.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn snapshot_load(&self, now: Timestamp) -> Result<Snapshot, StoreError> {
        let seq = self.change_seq().await?;
        let mut accounts: Vec<AccountState> = Vec::new();
        loop {
            let after = accounts.last().map_or_else(Vec::new, |last| last.id.as_bytes().to_vec());
            let values = [now.day_start().into(), after.as_slice().into(), PAGE.into()];
            let rows = self.rows(&SNAPSHOT_ACCOUNTS, &values).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                accounts.push(from_row(row)?);
            }
        }
        let mut keys: Vec<KeyState> = Vec::new();
        loop {
            let after = keys.last().map_or_else(Vec::new, |last| last.id.as_bytes().to_vec());
            let page = self.key_page(&after, PAGE, now).await?;
            if page.is_empty() {
                break;
            }
            keys.extend(page);
        }
        Ok(Snapshot { seq, accounts, keys })
    }

    /// Loads one account as the snapshot has it.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn account_state(&self, id: AccountId, now: Timestamp) -> Result<Option<AccountState>, StoreError> {
        let row = self.row(&SNAPSHOT_ACCOUNT, &[now.day_start().into(), id.into()]).await?;
        row.as_ref().map(from_row).transpose()
    }
}
