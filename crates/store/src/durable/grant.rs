//! Credit given and corrected: entries, lots and the cached sums, in one idempotent transaction.

use super::connection::Tx;
use super::settle::lots;
use super::statement::statements;
use super::{ChangeKind, Store, StoreError};
use domain::id::{AccountId, EntryId};
use domain::ledger::{Entry, EntryKey, EntryKind, grant_entries};
use domain::money::{Amount, Overflow};
use domain::time::Timestamp;

statements! {
    GRANT_INSERT = "insert into grants (id, account_id, kind, amount, note, posted_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (id) do nothing";
    GRANT_LIST = "select id, kind, amount, note, posted_at
        from grants
        where account_id = $1
        order by posted_at desc, id desc
        limit $2";
    ENTRY_INSERT = "insert into entries (source_id, attempt, line, book, account_id, kind, amount, posted_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    ACCOUNT_GRANT = "update accounts
        set granted = granted + $2, bought = bought + $3
        where id = $1
        returning granted, posted";
    LOT_INSERT = "insert into lots (id, account_id, is_promotion, amount, remainder, expires_at, created_at)
        values ($1, $2, $3, $4, $5, null, $6)";
}

/// Whether a posting was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantOutcome {
    /// It was posted now.
    Posted,
    /// The same id had been posted before; nothing was changed.
    AlreadyPosted,
}

/// A posting of credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The initiator's id; posting it twice changes nothing.
    pub id: EntryId,
    /// Whose credit.
    pub account: AccountId,
    /// [`EntryKind::Grant`], [`EntryKind::Promotion`] or [`EntryKind::Adjustment`].
    pub kind: EntryKind,
    /// How much; negative only for an adjustment.
    pub amount: Amount,
    /// Why, in the operator's words.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// The unique key of an entry as columns: source, attempt, line.
pub(super) fn key_columns(key: EntryKey) -> (Vec<u8>, i64, i64) {
    match key {
        EntryKey::Generation { id, attempt, line } => (id.as_bytes().to_vec(), i64::from(attempt), i64::from(line)),
        EntryKey::Other { id } => (id.as_bytes().to_vec(), 0, 0),
    }
}

impl Store {
    /// Posts credit: both entries, a lot for what may be spent, and the account's sums.
    ///
    /// Idempotent by [`Grant::id`]; an unknown outcome is resolved by posting again.
    ///
    /// # Errors
    /// [`StoreError::Range`] for an amount out of range or a negative grant, [`StoreError::Missing`] for an unknown account.
    pub async fn grant_post(&self, grant: &Grant) -> Result<GrantOutcome, StoreError> {
        if matches!(grant.kind, EntryKind::Usage | EntryKind::Interrupted) {
            return Err(StoreError::Range);
        }
        let entries = grant_entries(grant.id, grant.account, grant.kind, grant.amount, grant.at)
            .map_err(|Overflow| StoreError::Range)?;
        let mut tx = self.write().await?;
        let row = [
            grant.id.into(),
            grant.account.into(),
            grant.kind.as_str().into(),
            grant.amount.into(),
            (&grant.note).into(),
            grant.at.into(),
        ];
        if tx.execute(&GRANT_INSERT, &row).await? == 0 {
            return Ok(GrantOutcome::AlreadyPosted);
        }
        for entry in &entries {
            insert(&mut tx, entry).await?;
        }
        apply(&mut tx, grant).await?;
        tx.change(ChangeKind::Account, grant.account.as_bytes(), grant.at).await?;
        tx.commit().await?;
        Ok(GrantOutcome::Posted)
    }

    /// Postings of credit of one account, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn grant_list(&self, account: AccountId, limit: u32) -> Result<Vec<Grant>, StoreError> {
        let rows = self.rows(&GRANT_LIST, &[account.into(), i64::from(limit).into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Grant {
                    id: row.id("id", EntryId::from_bytes)?,
                    account,
                    kind: row.word("kind")?,
                    amount: row.amount("amount")?,
                    note: row.text("note")?,
                    at: row.time("posted_at")?,
                })
            })
            .collect()
    }
}

async fn insert(tx: &mut Tx, entry: &Entry) -> Result<(), StoreError> {
    let (source, attempt, line) = key_columns(entry.key);
    let values = [
        source.as_slice().into(),
        attempt.into(),
        line.into(),
        entry.book.as_str().into(),
        entry.account.into(),
        entry.kind.as_str().into(),
        entry.amount.into(),
        entry.at.into(),
    ];
    tx.execute(&ENTRY_INSERT, &values).await?;
    Ok(())
}

/// Changes the account's sums and its lots so that the lots hold exactly what may be spent: max(granted − posted, 0).
async fn apply(tx: &mut Tx, grant: &Grant) -> Result<(), StoreError> {
    let bought = if grant.kind == EntryKind::Grant { grant.amount } else { Amount::ZERO };
    // The update takes the row lock under which lots are changed.
    let sums = tx.row(&ACCOUNT_GRANT, &[grant.account.into(), grant.amount.into(), bought.into()]).await?;
    let sums = sums.ok_or(StoreError::Missing { what: "account" })?;
    if grant.amount.is_negative() {
        let taken = grant.amount.negated().map_err(|Overflow| StoreError::Range)?;
        return lots::consume(tx, grant.account, taken).await;
    }
    let balance = sums.amount("granted")?.saturating_sub(sums.amount("posted")?);
    // A debt swallows the first part of new credit.
    let remainder = balance.clamp(Amount::ZERO, grant.amount);
    let values = [
        grant.id.into(),
        grant.account.into(),
        (grant.kind == EntryKind::Promotion).into(),
        grant.amount.into(),
        remainder.into(),
        grant.at.into(),
    ];
    tx.execute(&LOT_INSERT, &values).await?;
    Ok(())
}
